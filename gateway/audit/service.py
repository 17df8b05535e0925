"""What one can do with the record: read it, have it verified, take it along. Nobody changes it."""

from collections.abc import AsyncIterator, Callable

from gateway.api.page import Page, decode_cursor, take_page
from gateway.api.principal import Principal
from gateway.audit import store
from gateway.audit.model import (
    AuditFilter,
    AuditQuery,
    FindingView,
    RecordView,
    VerificationView,
    export_line,
    moment_ms,
    record_view,
)
from gateway.audit.store import AuditWhere
from gateway.audit.verification import Report, Verification
from gateway.errors import PermissionDenied
from gateway.storage.engine import Database

_EXPORTED_AT_ONCE = 500
"""Rows of one short transaction: an export of a slow reader holds none open."""


class AuditService:
    """The record of one database. A caller whose key is bound to a team sees the rows about that team alone."""

    def __init__(self, database: Database, verification: Callable[[], Verification]) -> None:
        self._database = database
        self._verification = verification

    async def list(self, query: AuditQuery, caller: Principal) -> Page[RecordView]:
        """Return a page, newest first; raise NotFound for another team than the caller's."""
        before = None
        if query.cursor is not None:
            (before,) = decode_cursor(query.cursor, int)
        where = await self._where(query, caller)
        async with self._database.read() as conn:
            rows = await store.newest(
                conn, where, before=None if before is None else int(before), limit=query.limit + 1
            )
        page, cursor = take_page(rows, query.limit, lambda row: (row.seq,))
        return Page[RecordView](items=tuple(record_view(row.record, row.hash) for row in page), next_cursor=cursor)

    async def export(self, query: AuditFilter, caller: Principal) -> AsyncIterator[bytes]:
        """Yield every row that is meant, oldest first, as lines of JSON; raise NotFound as above."""
        where, after = await self._where(query, caller), 0
        while True:
            async with self._database.read() as conn:
                rows = await store.oldest(conn, where, after=after, limit=_EXPORTED_AT_ONCE)
            if rows:
                yield "".join(export_line(row.record, row.hash) for row in rows).encode()
            if len(rows) < _EXPORTED_AT_ONCE:
                return
            after = rows[-1].seq

    async def verify(self, caller: Principal) -> VerificationView:
        """Return what a look at the whole record finds.

        Raises:
            PermissionDenied: the key is bound to a team; the record is one for all teams.
        """
        if caller.team is not None:
            raise PermissionDenied(
                f"this key is bound to the team {caller.team!r}; the record is verified as a whole",
                hint="use an auditor's key that is bound to no team",
            )
        return verification_view(await self._verification().verify())

    async def _where(self, query: AuditFilter, caller: Principal) -> AuditWhere:
        if query.team is not None:
            caller.require_team(query.team)
        since = None
        if caller.team is not None:
            async with self._database.read() as conn:
                since = await store.team_since(conn, caller.team)
        return AuditWhere(
            actor=query.actor,
            action=query.action,
            target=query.target,
            team=query.team if caller.team is None else caller.team,
            team_since=since,
            outcome=query.outcome,
            since_ms=moment_ms(query.since) if query.since else None,
            until_ms=moment_ms(query.until) if query.until else None,
        )


def verification_view(report: Report) -> VerificationView:
    """Return a report as it is shown."""
    values = {name: getattr(report, name) for name in VerificationView.model_fields if name != "findings"}
    findings = tuple(FindingView(**one._asdict()) for one in report.findings)
    return VerificationView(**values, findings=findings)
