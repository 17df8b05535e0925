"""Gateways over HTTP."""

from aiohttp import web

from gateway.api.etag import parse_if_match
from gateway.api.idempotency import once_of
from gateway.api.operation import answer, operation
from gateway.api.page import Page
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL
from gateway.registry.inputs import GatewayCreate, GatewayPatch, GatewayQuery
from gateway.registry.record import GatewayRecord
from gateway.registry.render import deletion_view, gateway_view
from gateway.registry.routes.paging import after, following
from gateway.registry.service.gateways import GatewayService
from gateway.registry.views import DeletionView, GatewayView


class GatewayRoutes:
    """`/api/v1/gateways`."""

    def __init__(self, service: GatewayService) -> None:
        self._service = service

    @operation(
        "POST",
        "/gateways",
        permission=Permission.GATEWAYS_WRITE,
        body=GatewayCreate,
        answers={201: GatewayView},
        errors=(403, 409, 422),
        idempotent=True,
        tag="gateways",
        summary="Make a gateway",
    )
    async def create_gateway(self, request: web.Request, body: GatewayCreate) -> web.StreamResponse:
        """A named public entry point. At most one is the default; a new default takes the flag from the old one."""

        def render(state: GatewayRecord) -> web.Response:
            view = gateway_view(state)
            return answer(view, status=201, etag=view.etag, headers={"Location": f"gateways/{view.id}"})

        once = once_of(request, render)
        return render(await self._service.create(request[PRINCIPAL], body, once=once))

    @operation(
        "GET",
        "/gateways",
        permission=Permission.REGISTRY_READ,
        query=GatewayQuery,
        answers={200: Page[GatewayView]},
        errors=(400, 422),
        tag="gateways",
        summary="List gateways",
    )
    async def list_gateways(
        self,
        request: web.Request,  # noqa: ARG002 - every operation has it; gateways are the same for everybody
        query: GatewayQuery,
    ) -> web.StreamResponse:
        """By name."""
        found = await self._service.list(query, after=after(query, str))
        items = tuple(gateway_view(state) for state in found.items)
        return answer(Page[GatewayView](items=items, next_cursor=following(found.after)))

    @operation(
        "GET",
        "/gateways/{id}",
        permission=Permission.REGISTRY_READ,
        answers={200: GatewayView},
        errors=(404,),
        tag="gateways",
        summary="Show a gateway",
    )
    async def show_gateway(self, request: web.Request) -> web.StreamResponse:
        """Its `url` is what is published for models that go through it."""
        state = await self._service.get(request.match_info["id"])
        view = gateway_view(state)
        return answer(view, etag=view.etag)

    @operation(
        "PATCH",
        "/gateways/{id}",
        permission=Permission.GATEWAYS_WRITE,
        body=GatewayPatch,
        answers={200: GatewayView},
        errors=(403, 404, 409, 412, 422),
        if_match="optional",
        tag="gateways",
        summary="Change a gateway",
    )
    async def change_gateway(self, request: web.Request, body: GatewayPatch) -> web.StreamResponse:
        """Only the given fields change. A new `url` is published from the next read on."""
        state = await self._service.patch(request[PRINCIPAL], request.match_info["id"], body, parse_if_match(request))
        view = gateway_view(state)
        return answer(view, etag=view.etag)

    @operation(
        "DELETE",
        "/gateways/{id}",
        permission=Permission.GATEWAYS_WRITE,
        answers={200: DeletionView},
        errors=(403, 404, 409, 412),
        if_match="optional",
        tag="gateways",
        summary="Delete a gateway",
    )
    async def delete_gateway(self, request: web.Request) -> web.StreamResponse:
        """Only when nothing is published through it; what is, is listed in a 409."""
        gone = await self._service.delete(request[PRINCIPAL], request.match_info["id"], parse_if_match(request))
        return answer(deletion_view(gone))
