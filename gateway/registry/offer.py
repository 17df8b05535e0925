"""A model that is made of what the catalogue says: the registry knows this interface, the catalogue is behind it."""

from typing import Protocol

from gateway.api.principal import Principal
from gateway.registry.inputs import ModelCreate


class Offers(Protocol):
    """What the catalogue has."""

    async def fill_in(self, principal: Principal, body: ModelCreate, *, server: str) -> ModelCreate:
        """Return the model with what its entry says about everything that the caller left open.

        Its addresses are whole, those on this server too (CAT-21); no key comes from an entry (CAT-22).

        Raises:
            Unprocessable: there is no such entry, it is nothing that can be called, or the team does not want it.
        """
        ...


async def fill_in(offers: Offers | None, principal: Principal, body: ModelCreate, *, server: str) -> ModelCreate:
    """Return what is to be made; a model that names no entry as it came."""
    if body.catalogue_id is None or offers is None:
        return body
    return await offers.fill_in(principal, body, server=server)
