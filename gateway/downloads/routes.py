"""`/api/v1/downloads`."""

from collections.abc import AsyncIterator
from typing import Final, cast

from aiohttp import hdrs, web

from gateway.api.etag import parse_if_match
from gateway.api.idempotency import once_of
from gateway.api.operation import Content, answer, operation
from gateway.api.page import Page, PageQuery, decode_cursor, take_page
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL
from gateway.downloads.inputs import DownloadCreate
from gateway.downloads.service import DownloadService
from gateway.downloads.views import KIND, DownloadView, download_view
from gateway.operations.record import OperationRecord
from gateway.operations.service import RETRY_AFTER
from gateway.operations.views import OperationQuery

_EVENTS: Final = "text/event-stream"
_SILENCE_S: Final = 15.0
"""A comment is sent after so long: what stands in between must not take the stream for dead."""


class DownloadRoutes:
    """Files of models on their way to the server."""

    def __init__(self, service: DownloadService) -> None:
        self._service = service

    @operation(
        "POST",
        "/downloads",
        permission=Permission.DOWNLOADS_WRITE,
        body=DownloadCreate,
        answers={202: DownloadView},
        errors=(403, 404, 409, 422, 429),
        idempotent=True,
        tag="downloads",
        summary="Download a file",
    )
    async def create_download(self, request: web.Request, body: DownloadCreate) -> web.StreamResponse:
        """Of a catalogue entry, or of an address whose SHA-256 you name; it goes below the downloads folder.

        An operation fetches it, also after a restart. The same file again is the same operation.
        """
        once = once_of(request, _begun)
        return _begun(await self._service.begin(request[PRINCIPAL], body, once=once))

    @operation(
        "GET",
        "/downloads",
        permission=Permission.REGISTRY_READ,
        query=PageQuery,
        answers={200: Page[DownloadView]},
        errors=(400, 422),
        tag="downloads",
        summary="List downloads",
    )
    async def list_downloads(self, request: web.Request, query: PageQuery) -> web.StreamResponse:
        """The newest first; finished ones are kept for a while (operations.days)."""
        after = None
        if query.cursor is not None:
            after = cast("tuple[int, str]", decode_cursor(query.cursor, int, str))
        wanted = OperationQuery(kind=KIND, limit=query.limit)
        records = await self._service.list(request[PRINCIPAL], wanted, after=after)
        shown, cursor = take_page(records, query.limit, lambda one: (one.created_at, one.id))
        return answer(Page[DownloadView](items=tuple(map(download_view, shown)), next_cursor=cursor))

    @operation(
        "GET",
        "/downloads/{id}",
        permission=Permission.REGISTRY_READ,
        answers={200: DownloadView},
        errors=(404,),
        tag="downloads",
        summary="Show a download",
    )
    async def show_download(self, request: web.Request) -> web.StreamResponse:
        """How far it is; `Retry-After` is there until it is over."""
        record = await self._service.get(request[PRINCIPAL], request.match_info["id"])
        view = download_view(record)
        return answer(view, etag=view.etag, headers={} if record.over else RETRY_AFTER)

    @operation(
        "GET",
        "/downloads/{id}/events",
        permission=Permission.REGISTRY_READ,
        answers={200: Content(_EVENTS)},
        errors=(404,),
        tag="downloads",
        summary="Follow a download",
    )
    async def follow_download(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: `progress` with `{bytes,total,rate,eta,phase}` when something changes.

        The last one is the whole download, as `done`, `failed` or `cancelled`.
        """
        record = await self._service.get(request[PRINCIPAL], request.match_info["id"])
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: _EVENTS, hdrs.CACHE_CONTROL: "no-store"})
        await response.prepare(request)
        if request.method == hdrs.METH_HEAD:
            return response
        async for event in self._events(request, record):
            await response.write(event)
        await response.write_eof()
        return response

    @operation(
        "POST",
        "/downloads/{id}/pause",
        permission=Permission.DOWNLOADS_WRITE,
        answers={202: DownloadView},
        errors=(404, 409, 412),
        if_match="optional",
        tag="downloads",
        summary="Pause a download",
    )
    async def pause_download(self, request: web.Request) -> web.StreamResponse:
        """It stands still within a second or two, in every phase; what has arrived stays."""
        return await self._paused(request, paused=True)

    @operation(
        "POST",
        "/downloads/{id}/resume",
        permission=Permission.DOWNLOADS_WRITE,
        answers={202: DownloadView},
        errors=(404, 409, 412),
        if_match="optional",
        tag="downloads",
        summary="Resume a download",
    )
    async def resume_download(self, request: web.Request) -> web.StreamResponse:
        """It goes on where it was, if the server there still has the same file."""
        return await self._paused(request, paused=False)

    @operation(
        "POST",
        "/downloads/{id}/cancel",
        permission=Permission.DOWNLOADS_WRITE,
        answers={202: DownloadView},
        errors=(404, 409, 412),
        if_match="optional",
        tag="downloads",
        summary="Cancel a download",
        action="operation.cancel",
    )
    async def cancel_download(self, request: web.Request) -> web.StreamResponse:
        """It ends, and what has arrived is taken away."""
        guard = parse_if_match(request)
        return _begun(await self._service.cancel(request[PRINCIPAL], request.match_info["id"], guard), up="../")

    async def _paused(self, request: web.Request, *, paused: bool) -> web.StreamResponse:
        guard, download_id = parse_if_match(request), request.match_info["id"]
        record = await self._service.pause(request[PRINCIPAL], download_id, paused=paused, guard=guard)
        return _begun(record, up="../")

    async def _events(self, request: web.Request, record: OperationRecord) -> AsyncIterator[bytes]:
        operations = self._service.operations
        last = ""
        while True:
            view = download_view(record)
            said = view.progress.model_dump_json()
            if record.over:
                yield _event(view.state, view.model_dump_json())
                return
            yield _event("progress", said) if said != last else b": still there\n\n"
            last = said
            if operations.stopping:
                return
            record = await operations.wait(request[PRINCIPAL], record.id, _SILENCE_S)


def _begun(record: OperationRecord, *, up: str = "downloads/") -> web.Response:
    view = download_view(record)
    where = f"{up}{record.id}"
    return answer(view, status=202, etag=view.etag, headers={**RETRY_AFTER, "Location": where})


def _event(name: str, data: str) -> bytes:
    return f"event: {name}\ndata: {data}\n\n".encode()
