"""`/api/v1/operations` and `/api/v1/workers`."""

import json
from typing import cast

from aiohttp import hdrs, web

from gateway.api.etag import parse_if_match
from gateway.api.operation import Content, answer, operation
from gateway.api.page import Page, decode_cursor, take_page
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL
from gateway.errors import PermissionDenied
from gateway.operations.record import OperationRecord
from gateway.operations.service import RETRY_AFTER, OperationService
from gateway.operations.views import (
    OperationQuery,
    OperationView,
    WaitQuery,
    WorkersView,
    operation_view,
    worker_view,
)
from gateway.operations.workers import Heartbeat

_NDJSON = "application/x-ndjson"


class OperationRoutes:
    """Long work."""

    def __init__(self, service: OperationService) -> None:
        self._service = service

    @operation(
        "GET",
        "/operations",
        permission=Permission.REGISTRY_READ,
        query=OperationQuery,
        answers={200: Page[OperationView]},
        errors=(400, 404, 422),
        tag="operations",
        summary="List operations",
    )
    async def list_operations(self, request: web.Request, query: OperationQuery) -> web.StreamResponse:
        """The newest first; finished ones are kept for a while (operations.days)."""
        after = None
        if query.cursor is not None:
            after = cast("tuple[int, str]", decode_cursor(query.cursor, int, str))
        records = await self._service.list(request[PRINCIPAL], query, after=after)
        shown, cursor = take_page(records, query.limit, lambda one: (one.created_at, one.id))
        return answer(Page[OperationView](items=tuple(map(operation_view, shown)), next_cursor=cursor))

    @operation(
        "GET",
        "/operations/{id}",
        permission=Permission.REGISTRY_READ,
        query=WaitQuery,
        answers={200: OperationView},
        errors=(404, 422),
        tag="operations",
        summary="Show an operation",
    )
    async def show_operation(self, request: web.Request, query: WaitQuery) -> web.StreamResponse:
        """How far it is and what it waits for; with `wait=30s` the answer comes when something changed.

        `Retry-After` is there until it is over.
        """
        operation_id = request.match_info["id"]
        if query.seconds:
            return _shown(await self._service.wait(request[PRINCIPAL], operation_id, query.seconds))
        return _shown(await self._service.get(request[PRINCIPAL], operation_id))

    @operation(
        "GET",
        "/operations/{id}/items",
        permission=Permission.REGISTRY_READ,
        answers={200: Content(_NDJSON)},
        errors=(404,),
        tag="operations",
        summary="Show what became of each item",
    )
    async def show_operation_items(self, request: web.Request) -> web.StreamResponse:
        """One JSON object on each line, as `{"position","item","outcome","detail"}`; `outcome` is ok or a code."""
        pages = self._service.items(request[PRINCIPAL], request.match_info["id"])
        page = await anext(pages, None)  # a 404 comes before the head; a tuple as default breaks Python 3.11
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: _NDJSON, hdrs.CACHE_CONTROL: "no-store"})
        await response.prepare(request)
        if request.method == hdrs.METH_HEAD:
            return response
        while page is not None:
            await response.write(b"".join(json.dumps(one._asdict()).encode() + b"\n" for one in page))
            page = await anext(pages, None)
        await response.write_eof()
        return response

    @operation(
        "POST",
        "/operations/{id}/cancel",
        permission=Permission.MODELS_OPERATE,
        answers={202: OperationView},
        errors=(404, 409, 412),
        if_match="optional",
        tag="operations",
        summary="Cancel an operation",
    )
    async def cancel_operation(self, request: web.Request) -> web.StreamResponse:
        """Whoever carries it out hears of it and puts back what it can: a model that drains is published again.

        What is done already stays done; the operation's `state` says when it is over.
        """
        guard = parse_if_match(request)
        record = await self._service.cancel(request[PRINCIPAL], request.match_info["id"], guard)
        view = operation_view(record)
        return answer(view, status=202, etag=view.etag, headers={**RETRY_AFTER, "Location": f"../{record.id}"})


class WorkerRoutes:
    """Processes."""

    def __init__(self, heartbeat: Heartbeat) -> None:
        self._heartbeat = heartbeat

    @operation(
        "GET",
        "/workers",
        permission=Permission.SETTINGS_READ,
        answers={200: WorkersView},
        errors=(403,),
        tag="operations",
        summary="List the processes that serve",
    )
    async def list_workers(self, request: web.Request) -> web.StreamResponse:
        """Servers and gateways of this database, which revision of the registry each serves, and how many calls run.

        One that was killed is shown as silent for an hour.
        """
        if request[PRINCIPAL].team is not None:
            raise PermissionDenied(
                "processes serve every team, and this key is bound to one", hint="use a key that is bound to no team"
            )
        found, version, now_ms = await self._heartbeat.everybody()
        views = (worker_view(one, now_ms=now_ms, dead_after_s=self._heartbeat.dead_after_s) for one in found)
        return answer(WorkersView(items=tuple(views), version=version))


def _shown(record: OperationRecord) -> web.Response:
    view = operation_view(record)
    return answer(view, etag=view.etag, headers={} if record.over else RETRY_AFTER)
