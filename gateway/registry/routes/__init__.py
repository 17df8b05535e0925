"""The registry over HTTP: one class of operations per noun, and `resolve`. `registry_routes` makes them all."""

from gateway.registry.gate import Gate
from gateway.registry.health import HealthBook
from gateway.registry.offer import Offers
from gateway.registry.routes.addresses import AddressRoutes
from gateway.registry.routes.aliases import AliasRoutes
from gateway.registry.routes.endpoints import EndpointRoutes
from gateway.registry.routes.entrance import Entrance
from gateway.registry.routes.gateways import GatewayRoutes
from gateway.registry.routes.models import ModelRoutes
from gateway.registry.routes.origin import OriginOf
from gateway.registry.routes.teams import TeamRoutes
from gateway.registry.service.registry_service import RegistryService

__all__ = ["OriginOf", "registry_routes"]


def registry_routes(
    service: RegistryService,
    origin_of: OriginOf,
    *,
    gate: Gate | None = None,
    book: HealthBook | None = None,
    offers: Offers | None = None,
) -> tuple[object, ...]:
    """Return every routes object of the registry, for `register`; without a gate nothing is checked on the way in.

    Without offers a model's `catalogue_id` is only noted.
    """
    entrance = Entrance(gate, book or HealthBook(), origin_of, offers=offers)
    return (
        ModelRoutes(service.models, entrance),
        EndpointRoutes(service.endpoints, entrance),
        AliasRoutes(service.aliases),
        TeamRoutes(service.teams, origin_of),
        GatewayRoutes(service.gateways),
        AddressRoutes(service.addresses, origin_of),
    )
