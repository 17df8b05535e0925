"""Models over HTTP."""

from functools import partial

from aiohttp import web

from gateway.api.etag import parse_if_match
from gateway.api.idempotency import once_of
from gateway.api.operation import answer, operation
from gateway.api.page import Page
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL
from gateway.registry.inputs import ModelCreate, ModelPatch, ModelQuery, NamedQuery, PublishQuery
from gateway.registry.offer import fill_in
from gateway.registry.render import model_view, tag_of
from gateway.registry.routes.entrance import Entrance, candidate, failed
from gateway.registry.routes.paging import after, following
from gateway.registry.service.models import ModelService
from gateway.registry.state import ModelState
from gateway.registry.verdict import PreflightView
from gateway.registry.views import ModelView


class ModelRoutes:
    """`/api/v1/models`."""

    def __init__(self, service: ModelService, entrance: Entrance) -> None:
        self._service = service
        self._entrance = entrance

    @operation(
        "POST",
        "/models",
        permission=Permission.REGISTRY_WRITE,
        query=PublishQuery,
        body=ModelCreate,
        answers={200: PreflightView, 201: ModelView},
        errors=(403, 404, 409, 422, 429),
        idempotent=True,
        tag="models",
        summary="Publish a model",
    )
    async def create_model(self, request: web.Request, body: ModelCreate, query: PublishQuery) -> web.StreamResponse:
        """With `endpoints` the model can be called as soon as the answer is here; all is written or nothing.

        Each endpoint is checked first, down to a call of a few tokens: when that fails nothing is made, and the 422's
        `preflight` holds the stages.
        """

        def render(state: ModelState) -> web.Response:
            view = self._view(request, state)
            return answer(view, status=201, etag=view.etag, headers={"Location": f"models/{view.uid}"})

        server = self._entrance.origin_of(request)
        body = await fill_in(self._entrance.offers, request[PRINCIPAL], body, server=server)
        create = partial(self._service.create, request[PRINCIPAL], server=server, reuse_name=query.reuse_name)
        once = once_of(request, render)
        wanted = [candidate(one, model=body.name, team=body.team, task=body.task) for one in body.endpoints]
        found, only = await self._entrance.admit(
            request, wanted, query, create=lambda trial: create(body, once=trial), once=once
        )
        if only is not None:
            return only
        endpoints = tuple(
            one.model_copy(update={"enabled": False}) if failed(found, number) else one
            for number, one in enumerate(body.endpoints)
        )
        state = await create(body.model_copy(update={"endpoints": endpoints}), once=once)
        self._entrance.note(found, state.endpoints, now_ms=state.record.created_at)
        return render(state)

    @operation(
        "GET",
        "/models",
        permission=Permission.REGISTRY_READ,
        query=ModelQuery,
        answers={200: Page[ModelView]},
        errors=(400, 404, 422),
        tag="models",
        summary="List models",
    )
    async def list_models(self, request: web.Request, query: ModelQuery) -> web.StreamResponse:
        """By name. `base_url` is as published, `url` the same resolved for the origin that you used."""
        found = await self._service.list(request[PRINCIPAL], query, after=after(query, str, str))
        items = tuple(self._view(request, state) for state in found.items)
        return answer(Page[ModelView](items=items, next_cursor=following(found.after)))

    @operation(
        "GET",
        "/models/{uid}",
        permission=Permission.REGISTRY_READ,
        query=NamedQuery,
        answers={200: ModelView},
        errors=(404, 410, 422),
        tag="models",
        summary="Show a model",
    )
    async def show_model(self, request: web.Request, query: NamedQuery) -> web.StreamResponse:
        """With its address, endpoints and aliases; a deleted one by its uid, and of a purged one what is left (410).

        The uid may be a name, too.
        """
        state = await self._service.get(request[PRINCIPAL], request.match_info["uid"], within=query.team)
        view = self._view(request, state)
        return answer(view, etag=tag_of(view))

    @operation(
        "PATCH",
        "/models/{uid}",
        permission=Permission.REGISTRY_WRITE,
        query=NamedQuery,
        body=ModelPatch,
        answers={200: ModelView},
        errors=(403, 404, 409, 412, 422),
        if_match="optional",
        tag="models",
        summary="Change a model",
    )
    async def change_model(self, request: web.Request, body: ModelPatch, query: NamedQuery) -> web.StreamResponse:
        """Only the given fields change; null goes back to the default. A new state needs models.operate."""
        state = await self._service.patch(
            request[PRINCIPAL], request.match_info["uid"], body, parse_if_match(request), within=query.team
        )
        view = self._view(request, state)
        return answer(view, etag=tag_of(view))

    def _view(self, request: web.Request, state: ModelState) -> ModelView:
        return model_view(state, self._entrance.origin_of(request), self._entrance.told(request))
