"""The registry over HTTP: one class of operations per noun, and `resolve`. `registry_routes` makes them all."""

from gateway.registry.routes.addresses import AddressRoutes
from gateway.registry.routes.aliases import AliasRoutes
from gateway.registry.routes.endpoints import EndpointRoutes
from gateway.registry.routes.gateways import GatewayRoutes
from gateway.registry.routes.models import ModelRoutes
from gateway.registry.routes.origin import OriginOf
from gateway.registry.routes.teams import TeamRoutes
from gateway.registry.service.registry_service import RegistryService

__all__ = ["OriginOf", "registry_routes"]


def registry_routes(service: RegistryService, origin_of: OriginOf) -> tuple[object, ...]:
    """Return every routes object of the registry, for `register`."""
    return (
        ModelRoutes(service.models, origin_of),
        EndpointRoutes(service.endpoints, origin_of),
        AliasRoutes(service.aliases),
        TeamRoutes(service.teams, origin_of),
        GatewayRoutes(service.gateways),
        AddressRoutes(service.addresses, origin_of),
    )
