"""Where a model, or a whole team, is called: what `resolve` and the SDK wrapper ask for. Answered from the snapshot."""

from msgspec import Struct

from gateway.api.permissions import Permission
from gateway.api.principal import Principal
from gateway.registry.farewell import find_retired, model_retired
from gateway.registry.names import model_not_found
from gateway.registry.registry import Registry
from gateway.registry.service.lookup import choose_team
from gateway.registry.snapshot import ModelRoute


class Address(Struct, frozen=True):
    """What is published for a team, or for one of its models under the `name` that was asked for.

    `gateways` lists every gateway's URL: a key may be sent there.
    """

    team: str
    base_url: str
    gateways: tuple[str, ...]
    model: ModelRoute | None = None
    name: str = ""


class AddressService:
    """Looks addresses up. Never touches the database: clients ask before their first call and again every minute."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def find(self, principal: Principal, *, model: str | None, team: str | None) -> Address:
        """Return the address of a model by name or alias, or the team's own.

        Raises:
            NotFound: no such team or model for this caller, with the names that were probably meant, or with the
                successor of a model that left.
            Unprocessable: nothing says which of several teams is meant.
        """
        snapshot = self._registry.snapshot
        name = choose_team(principal, team, snapshot.teams)
        gateways = tuple(gateway.url for gateway in snapshot.gateways)
        if model is None:
            return Address(name, snapshot.teams[name].base_url, gateways)
        found = snapshot.find(name, model)
        if found is None or not _granted(principal, model, found):
            if (retired := find_retired(principal, name, model, snapshot)) is not None:
                raise model_retired(principal, model, retired, snapshot)
            visible = [one for one, route in snapshot.teams[name].by_name.items() if _granted(principal, one, route)]
            raise model_not_found(model, visible, team=name)
        return Address(name, found.base_url, gateways, found, model)


def _granted(principal: Principal, name: str, route: ModelRoute) -> bool:
    """A key may name the model or the alias; either is enough, here as on the data plane."""
    if route.state == "draft" and not principal.may(Permission.REGISTRY_WRITE):
        return False
    return principal.may_call(name) or principal.may_call(route.name)
