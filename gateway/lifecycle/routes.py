"""A model's life over HTTP: `/api/v1/models/{uid}` and what hangs on it. The uid may be a name, too, with `?team=`."""

from aiohttp import web

from gateway.api.etag import parse_if_match
from gateway.api.idempotency import once_of
from gateway.api.operation import answer, operation
from gateway.api.page import decode_cursor, encode_cursor
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL
from gateway.errors import NotFound
from gateway.lifecycle.case import Wanted
from gateway.lifecycle.inputs import Deprecate, Protect, ReferenceQuery, RetireQuery, TeamQuery, Undelete, seconds_of
from gateway.lifecycle.purge import Purged
from gateway.lifecycle.restore import Restored
from gateway.lifecycle.retire import Retired
from gateway.lifecycle.service import LifecycleService
from gateway.lifecycle.states import State
from gateway.lifecycle.views import (
    EffectView,
    ReferencePage,
    RestoredView,
    RetiredView,
    effect_views,
    etag_of,
    reference_view,
    times_of,
)
from gateway.registry.health import HealthBook
from gateway.registry.render import Told, model_view, tag_of
from gateway.registry.routes.origin import OriginOf
from gateway.registry.state import ModelState
from gateway.registry.views import ModelView
from gateway.storage.clock import rfc3339

_RETRY = {"Retry-After": "1"}


class LifecycleRoutes:
    """How models leave and come back."""

    def __init__(self, service: LifecycleService, origin_of: OriginOf, book: HealthBook) -> None:
        self._service = service
        self._origin_of = origin_of
        self._book = book

    @operation(
        "DELETE",
        "/models/{uid}",
        permission=Permission.MODELS_DELETE,
        query=RetireQuery,
        answers={200: RetiredView, 202: RetiredView},
        errors=(400, 403, 404, 409, 412, 422, 428),
        if_match="optional",
        idempotent=True,
        tag="models",
        summary="Delete a model",
    )
    async def delete_model(self, request: web.Request, query: RetireQuery) -> web.StreamResponse:
        """It takes no new call from then on, and can be restored until `purge_time`.

        200: nothing waits for it. 202: calls under way may end first; `Location` is the operation that waits for them.
        What points at it is in a 409, unless `references` says what becomes of that.
        """
        if query.purge:
            return await self._purge(request, query)
        wanted = Wanted(
            references=query.references,
            successor=query.successor,
            drain_s=None if query.drain is None else seconds_of(query.drain),
            suppress=query.suppress,
            team=query.team,
            dry_run=query.dry_run,
            allow_missing=query.allow_missing,
            if_match=parse_if_match(request),
        )
        once = once_of(request, _retired)
        named = request.match_info["uid"]
        return _retired(await self._service.retirement.retire(request[PRINCIPAL], named, wanted, once=once))

    @operation(
        "GET",
        "/models/{uid}/references",
        permission=Permission.REGISTRY_READ,
        query=ReferenceQuery,
        answers={200: ReferencePage},
        errors=(400, 404),
        tag="models",
        summary="List what points at a model",
    )
    async def list_model_references(self, request: web.Request, query: ReferenceQuery) -> web.StreamResponse:
        """By kind and name. Keys and unfinished jobs are counted, and listed for who may delete the model."""
        after = None
        if query.cursor is not None:
            kind, name, key = (str(part) for part in decode_cursor(query.cursor, str, str, str))
            after = (kind, name, key)
        found = await self._service.references.list(
            request[PRINCIPAL],
            request.match_info["uid"],
            team=query.team,
            kind=query.kind,
            after=after,
            limit=query.limit,
        )
        page = ReferencePage(
            items=tuple(map(reference_view, found.items)),
            next_cursor=None if found.after is None else encode_cursor(found.after),
            counts=found.counts,
            total=sum(found.counts.values()),
        )
        return answer(page)

    @operation(
        "POST",
        "/models/{uid}/undelete",
        permission=Permission.MODELS_DELETE,
        query=TeamQuery,
        body=Undelete,
        answers={200: RestoredView},
        errors=(403, 404, 409, 410, 412, 422),
        if_match="optional",
        idempotent=True,
        tag="models",
        summary="Restore a deleted model",
    )
    async def undelete_model(self, request: web.Request, body: Undelete, query: TeamQuery) -> web.StreamResponse:
        """With its endpoints, unproved, and with what pointed at it as far as there is still a place for that."""
        server, told = self._origin_of(request), Told(self._book, request[PRINCIPAL])

        def render(restored: Restored) -> web.Response:
            view = model_view(restored.state, server, told)
            effects = tuple(
                EffectView(
                    kind=one.kind, id=one.id, name=one.name, action="left" if one.why else "restored", detail=one.why
                )
                for one in restored.references
            )
            return answer(RestoredView(**view.model_dump(), effects=effects), etag=tag_of(view))

        once = once_of(request, render)
        restored = await self._service.restoration.undelete(
            request[PRINCIPAL],
            request.match_info["uid"],
            team=query.team,
            rename_to=body.rename_to,
            activate=body.activate,
            if_match=parse_if_match(request),
            once=once,
        )
        return render(restored)

    @operation(
        "POST",
        "/models/{uid}/protection",
        permission=Permission.MODELS_OPERATE,
        query=TeamQuery,
        body=Protect,
        answers={200: ModelView},
        errors=(403, 404, 409, 412),
        if_match="optional",
        tag="models",
        summary="Protect a model from deletion",
    )
    async def protect_model(self, request: web.Request, body: Protect, query: TeamQuery) -> web.StreamResponse:
        """A protected model is not deleted by anybody. Taking the protection off needs models.unprotect."""
        guard, named = parse_if_match(request), request.match_info["uid"]
        state = await self._service.transitions.protect(request[PRINCIPAL], named, body, guard, team=query.team)
        return self._shown(request, state)

    @operation(
        "POST",
        "/models/{uid}/deprecation",
        permission=Permission.MODELS_DEPRECATE,
        query=TeamQuery,
        body=Deprecate,
        answers={200: ModelView},
        errors=(403, 404, 409, 412, 422),
        if_match="optional",
        tag="models",
        summary="Deprecate a model",
    )
    async def deprecate_model(self, request: web.Request, body: Deprecate, query: TeamQuery) -> web.StreamResponse:
        """It goes on answering, and every answer says so: `Deprecation`, `Sunset`, `Link` to the successor."""
        guard, named = parse_if_match(request), request.match_info["uid"]
        state = await self._service.transitions.deprecate(request[PRINCIPAL], named, body, guard, team=query.team)
        return self._shown(request, state)

    @operation(
        "DELETE",
        "/models/{uid}/deprecation",
        permission=Permission.MODELS_DEPRECATE,
        query=TeamQuery,
        answers={200: ModelView},
        errors=(403, 404, 409, 412),
        if_match="optional",
        tag="models",
        summary="Reactivate a deprecated model",
    )
    async def reactivate_model(self, request: web.Request, query: TeamQuery) -> web.StreamResponse:
        """Nothing is announced any more."""
        guard, named = parse_if_match(request), request.match_info["uid"]
        state = await self._service.transitions.reactivate(request[PRINCIPAL], named, guard, team=query.team)
        return self._shown(request, state)

    async def _purge(self, request: web.Request, query: RetireQuery) -> web.StreamResponse:
        guard, named = parse_if_match(request), request.match_info["uid"]
        once = once_of(request, _purged)
        try:
            purged = await self._service.purging.purge(
                request[PRINCIPAL], named, team=query.team, if_match=guard, dry_run=query.dry_run, once=once
            )
        except NotFound as error:
            if query.allow_missing and error.code == "model_not_found":
                return _retired(Retired(named, dry_run=query.dry_run))
            raise
        return _purged(purged)

    def _shown(self, request: web.Request, state: ModelState) -> web.StreamResponse:
        view = model_view(state, self._origin_of(request), Told(self._book, request[PRINCIPAL]))
        return answer(view, etag=tag_of(view))


def _purged(purged: Purged) -> web.Response:
    model = purged.model
    return answer(
        RetiredView(
            uid=model.uid,
            name=model.name,
            team=purged.team,
            state=State.PURGED,
            delete_time=times_of(model)["delete_time"],
            purge_time=rfc3339(purged.purged_at),
            reason=model.retire_reason,
            successor=purged.successor,
            rev=None,
            etag=None,
            effects=(),
            dry_run=purged.dry_run,
        )
    )


def _retired(retired: Retired) -> web.Response:
    model = retired.model
    view = RetiredView(
        uid=model.uid if model else None,
        name=model.name if model else retired.named,
        team=retired.team,
        state=model.state if model else "absent",
        **(times_of(model) if model else {"delete_time": None, "purge_time": None}),
        reason=model.retire_reason if model else "",
        successor=retired.successor,
        rev=model.rev if model else None,
        etag=etag_of(model) if model else None,
        effects=effect_views(retired.effects),
        operation=retired.operation,
        dry_run=retired.dry_run,
        traffic_24h=retired.traffic.calls_24h if retired.traffic else None,
        inflight=retired.running.calls if retired.running else None,
        last_used=retired.traffic.last_used if retired.traffic else None,
        confirmation=retired.confirmation,
    )
    headers = {}
    if retired.drains:
        headers = dict(_RETRY)
        if retired.operation is not None:
            headers["Location"] = f"../operations/{retired.operation}"  # right below any mount
    return answer(view, status=202 if retired.drains else 200, etag=view.etag, headers=headers)
