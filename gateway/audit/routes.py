"""/api/v1/audit: the record of changes, for keys with the permission audit.read."""

from aiohttp import hdrs, web

from gateway.api.operation import Content, answer, operation
from gateway.api.page import Page
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL
from gateway.api.request import dress
from gateway.audit.model import AuditFilter, AuditQuery, RecordView, VerificationView
from gateway.audit.service import AuditService

_NDJSON = "application/x-ndjson"


class AuditRoutes:
    """The record of changes."""

    def __init__(self, service: AuditService) -> None:
        self._service = service

    @operation(
        "GET",
        "/audit",
        permission=Permission.AUDIT_READ,
        query=AuditQuery,
        answers={200: Page[RecordView]},
        errors=(404, 422),
        tag="audit",
        summary="List what was changed",
    )
    async def list_audit(self, request: web.Request, query: AuditQuery) -> web.StreamResponse:
        """Answer with rows of the record, newest first. A key that is bound to a team sees that team's."""
        return answer(await self._service.list(query, request[PRINCIPAL]))

    @operation(
        "GET",
        "/audit/verify",
        permission=Permission.AUDIT_READ,
        answers={200: VerificationView},
        tag="audit",
        summary="Verify the record",
    )
    async def verify_audit(self, request: web.Request) -> web.StreamResponse:
        """Read the whole record and say what was edited, removed, moved, cut off or forged. Nothing is changed."""
        return answer(await self._service.verify(request[PRINCIPAL]))

    @operation(
        "GET",
        "/audit/export",
        permission=Permission.AUDIT_READ,
        query=AuditFilter,
        answers={200: Content(_NDJSON)},
        errors=(404, 422),
        tag="audit",
        summary="Take the record along",
    )
    async def export_audit(self, request: web.Request, query: AuditFilter) -> web.StreamResponse:
        """Answer with one row a line, oldest first; what is written meanwhile comes along."""
        lines = self._service.export(query, request[PRINCIPAL])
        first = await anext(lines, b"")  # so that a refusal is an answer of its own
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
