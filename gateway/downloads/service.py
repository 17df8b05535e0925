"""What one can do with downloads over the API: begin, list, show, pause, go on, cancel. Each one is an operation."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from yarl import URL

from gateway.api.etag import UNGUARDED, IfMatch
from gateway.api.idempotency import Once
from gateway.api.principal import Principal
from gateway.audit.event import Event, Values
from gateway.audit.trail import Trail
from gateway.downloads.artefact import Artefact, Artefacts, read_url
from gateway.downloads.errors import DownloadError
from gateway.downloads.folder import check_name, place
from gateway.downloads.inputs import DownloadCreate
from gateway.downloads.views import KIND, download_view
from gateway.errors import EgressDenied, NotFound, RateLimited, Unprocessable
from gateway.operations import store
from gateway.operations.record import OperationRecord
from gateway.operations.service import OperationService, busy
from gateway.operations.views import OperationQuery
from gateway.storage.clock import Clock
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database
from gateway.storage.schema import operations

MAX_UNFINISHED: Final = 200
"""Downloads that run, wait or stand still: more is a mistake in somebody's loop."""


class DownloadService:
    """Downloads. `judge` raises EgressDenied for an address that nobody may ask."""

    def __init__(  # noqa: PLR0913 - keyword-only from the second on
        self,
        operations: OperationService,
        *,
        database: Database,
        clock: Clock,
        trail: Trail,
        folder: Callable[[], Path],
        judge: Callable[[URL], None],
        artefacts: Artefacts,
    ) -> None:
        self.operations = operations
        self._database = database
        self._clock = clock
        self._trail = trail
        self._folder = folder
        self._judge = judge
        self._artefacts = artefacts

    async def begin(
        self, principal: Principal, wish: DownloadCreate, *, once: Once[OperationRecord]
    ) -> OperationRecord:
        """Return the operation that fetches the file; the one that does so already, where there is one.

        Raises:
            GatewayError: it cannot be begun.
        """
        artefact = await self._artefact(wish)
        name = check_name(wish.name) if wish.name is not None else artefact.name
        if not name:
            raise DownloadError("name_unknown")
        if principal.team is not None:
            name = f"{principal.team}/{name}"  # a team's keys neither see nor replace what others have
        place(self._folder(), name)
        for url in artefact.urls:
            self._check(read_url(url))
        now_ms = self._clock.now_ms()
        async with self._database.write() as conn:
            await once.begin(conn, now_ms=now_ms)
            record, is_new = await self._joined_or_new(conn, principal, wish, artefact, name)
            if is_new:
                after = {"name": name, "url": download_view(record).url, "sha256": artefact.sha256}
                await self._write(conn, "download.create", record, now_ms, after=after)
            await once.end(conn, record, now_ms=now_ms)
        self.operations.nudge()
        return record

    async def list(
        self, principal: Principal, query: OperationQuery, *, after: tuple[int, str] | None
    ) -> Sequence[OperationRecord]:
        """Return up to one more than a page of the caller's downloads, the newest first."""
        return await self.operations.list(principal, query, after=after)

    async def get(self, principal: Principal, download_id: str) -> OperationRecord:
        """Return a download; raise NotFound unless it is one, and exists for the caller."""
        return _checked(await self.operations.get(principal, download_id))

    async def cancel(self, principal: Principal, download_id: str, guard: IfMatch) -> OperationRecord:
        """Have it end, and what has arrived taken away."""
        await self.get(principal, download_id)
        return await self.operations.cancel(principal, download_id, guard)

    async def pause(
        self, principal: Principal, download_id: str, *, paused: bool, guard: IfMatch = UNGUARDED
    ) -> OperationRecord:
        """Have it stand still or go on; what has arrived stays. Asking twice is asking once.

        Raises:
            Conflict: it is over.
        """
        await self.get(principal, download_id)
        now_ms = self._clock.now_ms()
        async with self._database.write() as conn:
            record = await store.find(conn, download_id)
            if record is None:
                raise _unknown(download_id)
            guard.check(record.etag)
            if bool(record.parameters.get("paused")) is paused and not record.over:
                return record
            changed = await self.operations.amend(conn, record, {**record.parameters, "paused": paused})
            action = "download.pause" if paused else "download.resume"
            await self._write(conn, action, changed, now_ms, before={"paused": not paused}, after={"paused": paused})
        self.operations.nudge()
        return changed

    async def _artefact(self, wish: DownloadCreate) -> Artefact:
        if (wish.id is None) == (wish.url is None):
            raise Unprocessable("one of id and url is needed", param="url", hint="send the entry's id, or an address")
        if wish.id is not None:
            if wish.sha256 is not None or wish.size is not None or wish.mirrors:
                raise Unprocessable(
                    "the catalogue knows an entry's files", param="id", hint="leave sha256, size and mirrors out"
                )
            artefact = await self._artefacts.find(wish.id, wish.quant)
        else:
            if wish.quant is not None:
                raise Unprocessable("quant chooses among the files of an entry", param="quant", hint="leave it out")
            artefact = Artefact(url=wish.url or "", size=wish.size, sha256=wish.sha256, mirrors=wish.mirrors)
        if artefact.sha256 is None:
            raise DownloadError("hash_missing")
        return artefact

    def _check(self, url: URL) -> None:
        try:
            self._judge(url)
        except EgressDenied as error:
            place_ = f"{url.host_subcomponent}:{url.port}"
            raise DownloadError("egress_denied", place=place_, why=error.hint or error.message) from error

    async def _joined_or_new(
        self, conn: AsyncConnection, principal: Principal, wish: DownloadCreate, artefact: Artefact, name: str
    ) -> tuple[OperationRecord, bool]:
        target = f"{KIND}:{name}"
        running = await store.running_on(conn, target)
        if running is not None:
            is_mine = principal.team is None or principal.team == running.team
            if not is_mine or running.parameters.get("sha256") != artefact.sha256 or running.cancel_requested:
                raise busy(running.id if is_mine else None, name)
            return running, False
        unfinished = operations.c.kind == KIND, operations.c.finished_at.is_(None)
        number = (await conn.execute(select(func.count()).select_from(operations).where(*unfinished))).scalar_one()
        if number >= MAX_UNFINISHED:
            raise RateLimited(
                f"{number} downloads are not finished",
                code="download_too_many",
                hint="wait for some of them, or cancel those that nobody wants: GET /api/v1/downloads",
                headers={"Retry-After": "60"},
            )
        parameters = {
            "name": name,
            "url": artefact.url,
            "mirrors": artefact.mirrors,
            "sha256": artefact.sha256,
            "size": artefact.size,
            "entry": wish.id,
            "quant": wish.quant,
            "overwrite": wish.overwrite,
        }
        record = await self.operations.create(
            conn,
            KIND,
            target=target,
            target_name=name,
            team=principal.team,
            parameters=parameters,
            total=artefact.size,
        )
        return record, True

    async def _write(  # noqa: PLR0913 - keyword-only where they could be mistaken
        self,
        conn: AsyncConnection,
        action: str,
        record: OperationRecord,
        now_ms: int,
        *,
        before: Values | None = None,
        after: Values | None = None,
    ) -> None:
        event = Event(
            action,
            KIND,
            uid=record.id,
            name=record.target_name or "",
            team=record.team,
            before=before,
            after=after,
            operation_id=record.id,
        )
        await self._trail.write(conn, [event], now_ms)


def _checked(record: OperationRecord) -> OperationRecord:
    if record.kind != KIND:
        raise _unknown(record.id)
    return record


def _unknown(download_id: str) -> NotFound:
    return NotFound(
        f"download {download_id!r} not found",
        code="download_not_found",
        hint="finished ones are kept for a while (operations.days): GET /api/v1/downloads",
    )
