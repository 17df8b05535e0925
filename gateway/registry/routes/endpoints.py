"""Endpoints over HTTP."""

from functools import partial

from aiohttp import web

from gateway.api.etag import parse_if_match
from gateway.api.idempotency import once_of
from gateway.api.operation import answer, operation
from gateway.api.page import Page
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL
from gateway.registry.inputs import ChangeQuery, EndpointCreate, EndpointPatch, EndpointQuery, RegisterQuery
from gateway.registry.render import deletion_view, endpoint_view, tag_of
from gateway.registry.routes.entrance import Entrance, candidate, failed
from gateway.registry.routes.paging import after, following
from gateway.registry.service.endpoints import EndpointService
from gateway.registry.state import EndpointState
from gateway.registry.verdict import PreflightView
from gateway.registry.views import DeletionView, EndpointView


class EndpointRoutes:
    """`/api/v1/endpoints`."""

    def __init__(self, service: EndpointService, entrance: Entrance) -> None:
        self._service = service
        self._entrance = entrance

    @operation(
        "POST",
        "/endpoints",
        permission=Permission.REGISTRY_WRITE,
        query=RegisterQuery,
        body=EndpointCreate,
        answers={200: PreflightView, 201: EndpointView},
        errors=(403, 404, 409, 422, 429),
        idempotent=True,
        tag="endpoints",
        summary="Add an endpoint to a model",
    )
    async def create_endpoint(
        self, request: web.Request, body: EndpointCreate, query: RegisterQuery
    ) -> web.StreamResponse:
        """`api_key` is stored encrypted and never shown again.

        The endpoint is checked first, down to a call of a few tokens: when that fails nothing is made, and the 422's
        `preflight` holds the stages.
        """

        def render(state: EndpointState) -> web.Response:
            view = endpoint_view(state, self._entrance.told(request))
            return answer(view, status=201, etag=view.etag, headers={"Location": f"endpoints/{view.id}"})

        create = partial(self._service.create, request[PRINCIPAL], server=self._entrance.origin_of(request))
        once = once_of(request, render)
        wanted = [candidate(body, model=body.model, team=body.team)]
        found, only = await self._entrance.admit(
            request, wanted, query, create=lambda trial: create(body, once=trial), once=once
        )
        if only is not None:
            return only
        wish = body.model_copy(update={"enabled": False}) if failed(found) else body
        state = await create(wish, once=once)
        self._entrance.note(found, [state.record], now_ms=state.record.created_at)
        return render(state)

    @operation(
        "GET",
        "/endpoints",
        permission=Permission.REGISTRY_READ,
        query=EndpointQuery,
        answers={200: Page[EndpointView]},
        errors=(400, 404, 422),
        tag="endpoints",
        summary="List endpoints",
    )
    async def list_endpoints(self, request: web.Request, query: EndpointQuery) -> web.StreamResponse:
        """Of one model, one team, or all that exist for the key."""
        found = await self._service.list(request[PRINCIPAL], query, after=after(query, str))
        items = tuple(endpoint_view(state, self._entrance.told(request)) for state in found.items)
        return answer(Page[EndpointView](items=items, next_cursor=following(found.after)))

    @operation(
        "GET",
        "/endpoints/{id}",
        permission=Permission.REGISTRY_READ,
        answers={200: EndpointView},
        errors=(404,),
        tag="endpoints",
        summary="Show an endpoint",
    )
    async def show_endpoint(self, request: web.Request) -> web.StreamResponse:
        """Of its key only whether it is set, and how it ends."""
        state = await self._service.get(request[PRINCIPAL], request.match_info["id"])
        view = endpoint_view(state, self._entrance.told(request))
        return answer(view, etag=tag_of(view))

    @operation(
        "PATCH",
        "/endpoints/{id}",
        permission=Permission.REGISTRY_WRITE,
        query=ChangeQuery,
        body=EndpointPatch,
        answers={200: EndpointView},
        errors=(403, 404, 409, 412, 422, 429),
        if_match="optional",
        tag="endpoints",
        summary="Change an endpoint",
    )
    async def change_endpoint(
        self, request: web.Request, body: EndpointPatch, query: ChangeQuery
    ) -> web.StreamResponse:
        """Only the given fields change. Another origin takes the key away, and `warnings` says so.

        Another address, key or upstream model is checked first, as on creation.
        """
        endpoint_id, guard = request.match_info["id"], parse_if_match(request)
        found = await self._entrance.admit_change(request, endpoint_id, body, query)
        if failed(found):
            body = EndpointPatch.model_validate({**body.given(), "enabled": False})
        server = self._entrance.origin_of(request)
        state = await self._service.patch(request[PRINCIPAL], endpoint_id, body, guard, server=server)
        self._entrance.note(found, [state.record], now_ms=state.record.updated_at)
        view = endpoint_view(state, self._entrance.told(request))
        return answer(view, etag=tag_of(view))

    @operation(
        "DELETE",
        "/endpoints/{id}",
        permission=Permission.REGISTRY_WRITE,
        answers={200: DeletionView},
        errors=(404, 409, 412),
        if_match="optional",
        tag="endpoints",
        summary="Delete an endpoint",
    )
    async def delete_endpoint(self, request: web.Request) -> web.StreamResponse:
        """With its stored key. A team's default endpoint is refused with 409."""
        gone = await self._service.delete(request[PRINCIPAL], request.match_info["id"], parse_if_match(request))
        return answer(deletion_view(gone))
