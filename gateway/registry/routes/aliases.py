"""Aliases over HTTP."""

from aiohttp import web

from gateway.api.etag import parse_if_match
from gateway.api.idempotency import once_of
from gateway.api.operation import answer, operation
from gateway.api.page import Page
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL
from gateway.registry.inputs import AliasCreate, AliasPatch, AliasQuery, ReuseQuery
from gateway.registry.render import alias_view, deletion_view
from gateway.registry.routes.paging import after, following
from gateway.registry.service.aliases import AliasService
from gateway.registry.state import AliasState
from gateway.registry.views import AliasView, DeletionView


class AliasRoutes:
    """`/api/v1/aliases`."""

    def __init__(self, service: AliasService) -> None:
        self._service = service

    @operation(
        "POST",
        "/aliases",
        permission=Permission.REGISTRY_WRITE,
        query=ReuseQuery,
        body=AliasCreate,
        answers={201: AliasView},
        errors=(404, 409, 422),
        idempotent=True,
        tag="aliases",
        summary="Give a model another name",
    )
    async def create_alias(self, request: web.Request, body: AliasCreate, query: ReuseQuery) -> web.StreamResponse:
        """Models and aliases of a team share one namespace."""

        def render(state: AliasState) -> web.Response:
            view = alias_view(state)
            return answer(view, status=201, etag=view.etag, headers={"Location": f"aliases/{view.id}"})

        once = once_of(request, render)
        create = self._service.create(request[PRINCIPAL], body, once=once, reuse_name=query.reuse_name)
        return render(await create)

    @operation(
        "GET",
        "/aliases",
        permission=Permission.REGISTRY_READ,
        query=AliasQuery,
        answers={200: Page[AliasView]},
        errors=(400, 404, 422),
        tag="aliases",
        summary="List aliases",
    )
    async def list_aliases(self, request: web.Request, query: AliasQuery) -> web.StreamResponse:
        """By name."""
        found = await self._service.list(request[PRINCIPAL], query, after=after(query, str, str))
        items = tuple(alias_view(state) for state in found.items)
        return answer(Page[AliasView](items=items, next_cursor=following(found.after)))

    @operation(
        "GET",
        "/aliases/{id}",
        permission=Permission.REGISTRY_READ,
        answers={200: AliasView},
        errors=(404,),
        tag="aliases",
        summary="Show an alias",
    )
    async def show_alias(self, request: web.Request) -> web.StreamResponse:
        """With the model that it stands for."""
        state = await self._service.get(request[PRINCIPAL], request.match_info["id"])
        view = alias_view(state)
        return answer(view, etag=view.etag)

    @operation(
        "PATCH",
        "/aliases/{id}",
        permission=Permission.REGISTRY_WRITE,
        body=AliasPatch,
        answers={200: AliasView},
        errors=(404, 409, 412, 422),
        if_match="optional",
        tag="aliases",
        summary="Change an alias",
    )
    async def change_alias(self, request: web.Request, body: AliasPatch) -> web.StreamResponse:
        """Only the given fields change; `model` points it at another model of its team."""
        state = await self._service.patch(request[PRINCIPAL], request.match_info["id"], body, parse_if_match(request))
        view = alias_view(state)
        return answer(view, etag=view.etag)

    @operation(
        "DELETE",
        "/aliases/{id}",
        permission=Permission.REGISTRY_WRITE,
        answers={200: DeletionView},
        errors=(404, 409, 412),
        if_match="optional",
        tag="aliases",
        summary="Delete an alias",
    )
    async def delete_alias(self, request: web.Request) -> web.StreamResponse:
        """Calls by this name are answered with 404 from now on."""
        gone = await self._service.delete(request[PRINCIPAL], request.match_info["id"], parse_if_match(request))
        return answer(deletion_view(gone))
