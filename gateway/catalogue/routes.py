"""`/api/v1/catalogue`: what exists, how fresh that is known, and what this installation says about it."""

from collections.abc import AsyncIterator
from typing import Final

from aiohttp import hdrs, web

from gateway.api.operation import Content, Later, answer, operation
from gateway.api.page import Page, PageQuery, decode_cursor, page_of, take_page
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL
from gateway.api.request import dress
from gateway.catalogue.inputs import ChangesQuery, EntryQuery, TeamsQuery
from gateway.catalogue.service import CatalogueService
from gateway.catalogue.syncing import Syncing
from gateway.registry.routes.origin import OriginOf

CACHING: Final = "max-age=60, stale-while-revalidate=600, stale-if-error=86400"
"""Fresh as long as our own memory holds it (RFC 5861); each caller has a list of its own, which `Vary` says."""
_VIEWS: Final = "gateway.catalogue.views"
_NDJSON: Final = "application/x-ndjson"


class CatalogueRoutes:
    """The catalogue for its readers."""

    def __init__(self, service: CatalogueService, syncing: Syncing, origin_of: OriginOf) -> None:
        self._service = service
        self._syncing = syncing
        self._origin_of = origin_of

    @operation(
        "GET",
        "/catalogue/models",
        permission=Permission.REGISTRY_READ,
        query=EntryQuery,
        answers={200: Later(_VIEWS, "EntryPage")},
        errors=(400, 404, 422, 503),
        tag="catalogue",
        summary="Search the catalogue",
    )
    async def list_catalogue_models(self, request: web.Request, query: EntryQuery) -> web.StreamResponse:
        """By id. The ETag begins with the list's serial: as long as that is yours, the answer is a 304.

        `X-Catalogue` says how fresh the list is, in words and seconds.
        """
        # Inner import: what writes answers about entries loads the list's own part.
        from gateway.catalogue.rendering import page_body, query_of

        principal, origin = request[PRINCIPAL], self._origin_of(request)
        after = None if query.cursor is None else str(decode_cursor(query.cursor, str)[0])
        version = await self._service.version()
        stamp = await self._service.stamp(principal, query.team)
        wanted = query_of(query, after=after)

        async def make() -> bytes:
            return page_body(await self._service.list(principal, wanted, query.team), origin)

        key = ("page", stamp, wanted, query.team, principal.team, origin)
        body = await self._service.memory.get(key, make)
        headers = {
            hdrs.CACHE_CONTROL: CACHING,
            hdrs.VARY: hdrs.AUTHORIZATION,
            hdrs.ETAG: f'"{version.serial}.{stamp}"',
            "X-Catalogue": await self._syncing.headline(),
        }
        return web.Response(body=body, content_type="application/json", headers=headers)

    @operation(
        "GET",
        "/catalogue/models/{id:[A-Za-z0-9_.:@+~/%-]+}",
        permission=Permission.REGISTRY_READ,
        query=TeamsQuery,
        answers={200: Later(_VIEWS, "OneEntryView")},
        errors=(404, 422, 503),
        tag="catalogue",
        summary="Show an entry",
    )
    async def show_catalogue_model(self, request: web.Request, query: TeamsQuery) -> web.StreamResponse:
        """Also one that is in no list, with the reason. Its id may hold `/`, percent-encoded or as it is."""
        # Inner import: as above.
        from gateway.catalogue.rendering import one_entry

        principal, entry_id = request[PRINCIPAL], request.match_info["id"]
        found, suppressed = await self._service.get(principal, entry_id, query.team)
        models = await self._service.made_of(principal, entry_id)
        reason = None if suppressed is None else suppressed.reason
        if found.stored.standing in {"hidden", "quarantined"}:
            reason = await self._service.reason_of(entry_id)
        return answer(
            one_entry(found, self._origin_of(request), models, reason=reason, suppressed=suppressed is not None)
        )

    @operation(
        "GET",
        "/catalogue/changes",
        permission=Permission.REGISTRY_READ,
        query=ChangesQuery,
        answers={200: Content(_NDJSON)},
        errors=(410, 422, 503),
        tag="catalogue",
        summary="What changed in the catalogue",
    )
    async def list_catalogue_changes(self, request: web.Request, query: ChangesQuery) -> web.StreamResponse:
        """An operation a line: `{"op":"put","entry":…}` or `{"op":"del","id",…}`, and last `{"op":"end","serial"}`.

        410 with a link to the whole list where that is too long ago.
        """
        lines = self._changed(query.since)
        first = await anext(lines)  # so that a refusal is an answer of its own
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: _NDJSON, hdrs.CACHE_CONTROL: "no-store"})
        dress(request, response)
        await response.prepare(request)
        if request.method == hdrs.METH_HEAD:
            return response
        await response.write(first)
        async for piece in lines:
            await response.write(piece)
        await response.write_eof()
        return response

    @operation(
        "GET",
        "/catalogue/status",
        permission=Permission.REGISTRY_READ,
        answers={200: Later(_VIEWS, "StatusView")},
        tag="catalogue",
        summary="How fresh the catalogue is",
    )
    async def show_catalogue_status(self, request: web.Request) -> web.StreamResponse:
        """State, age, serial, what was refused, and what waits for somebody."""
        return answer(await self._syncing.status(request[PRINCIPAL]))

    @operation(
        "GET",
        "/catalogue/differences",
        permission=Permission.REGISTRY_READ,
        query=PageQuery,
        answers={200: Later(_VIEWS, "DifferenceView", paged=True)},
        errors=(400, 422, 503),
        tag="catalogue",
        summary="Compare the configuration's list with the hub's",
    )
    async def list_catalogue_differences(self, request: web.Request, query: PageQuery) -> web.StreamResponse:
        """What is missing or says something else there, by id; nothing in the mode dynamic."""
        del request
        # Inner import: models of answers take memory that an idle process need not have.
        from gateway.catalogue.views import DifferenceView

        found = await self._service.compare()
        every = () if found is None else found.differences
        rows, after = page_of(every, query, lambda one: (one.id, one.kind, one.reason or ""), parts=3)
        items = tuple(DifferenceView(id=one.id, kind=one.kind, fields=one.fields, reason=one.reason) for one in rows)
        return answer(Page[DifferenceView](items=items, next_cursor=after))

    @operation(
        "GET",
        "/catalogue/quarantine",
        permission=Permission.REGISTRY_READ,
        query=PageQuery,
        answers={200: Later(_VIEWS, "ReasonView", paged=True)},
        errors=(400, 422, 503),
        tag="catalogue",
        summary="List entries that are not shown",
    )
    async def list_catalogue_quarantine(self, request: web.Request, query: PageQuery) -> web.StreamResponse:
        """With the reason of each, by id."""
        del request
        # Inner import: models of answers take memory that an idle process need not have.
        from gateway.catalogue.views import ReasonView

        after = "" if query.cursor is None else str(decode_cursor(query.cursor, str)[0])
        found = await self._service.reasons(after=after, limit=query.limit + 1)
        rows, following = take_page(found, query.limit, lambda one: (one.id,))
        items = tuple(ReasonView(id=one.id, standing=one.standing, reason=one.reason) for one in rows)
        return answer(Page[ReasonView](items=items, next_cursor=following))

    async def _changed(self, since: int) -> AsyncIterator[bytes]:
        # Inner import: as above.
        from gateway.catalogue.rendering import change_line, end_line

        after, version = "", await self._service.version()
        while True:
            rows = await self._service.changes(since, after)
            yield b"".join(change_line(one) for one in rows)
            if not rows:
                break
            after = rows[-1].id
        yield end_line(version.serial)
