"""`GET /api/v1/resolve`: where a model is called. The SDK wrapper and `modelport resolve` ask here."""

from aiohttp import web

from gateway.api.operation import answer, operation
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL
from gateway.registry.inputs import ResolveQuery
from gateway.registry.render import address_view
from gateway.registry.routes.origin import OriginOf
from gateway.registry.service.addresses import AddressService
from gateway.registry.views import ModelAddress, TeamAddress


class AddressRoutes:
    """`/api/v1/resolve`."""

    def __init__(self, service: AddressService, origin_of: OriginOf) -> None:
        self._service = service
        self._origin_of = origin_of

    @operation(
        "GET",
        "/resolve",
        permission=Permission.REGISTRY_READ,
        query=ResolveQuery,
        answers={200: ModelAddress | TeamAddress},
        errors=(404, 422),
        tag="addresses",
        summary="Say where a model is called",
    )
    async def resolve_address(self, request: web.Request, query: ResolveQuery) -> web.StreamResponse:
        """Of a model by name or alias; without `model`, the team's own address."""
        address = self._service.find(request[PRINCIPAL], model=query.model, team=query.team)
        return answer(address_view(address, self._origin_of(request)))
