"""What one can do with operations: create one inside a change, list, show, wait for, cancel.

Another team's operation does not exist (ACL-3); those of no team are for callers that are bound to none.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement
from sqlalchemy.exc import IntegrityError

from gateway.api.acting import Acting, acting
from gateway.api.etag import UNGUARDED, IfMatch
from gateway.api.principal import Principal
from gateway.audit.event import Event
from gateway.audit.trail import Trail
from gateway.errors import Conflict, NotFound
from gateway.operations import store
from gateway.operations.record import Item, OperationRecord
from gateway.operations.runner import Runner
from gateway.operations.views import OperationQuery
from gateway.storage.clock import Clock
from gateway.storage.conflicts import conflict_of
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database
from gateway.storage.ids import new_id
from gateway.storage.schema import operations

RETRY_AFTER: Final = {"Retry-After": "1"}
_LOOK_S: Final = 0.25
"""How often a caller who waits has the database asked: one row by its key."""
_ITEMS_AT_ONCE: Final = 500
_ONE_AT_A_TIME: Final = "uq_operations_target"


class OperationService:
    """Operations of every kind. `runner` carries them out, here or in another process."""

    def __init__(self, database: Database, clock: Clock, runner: Runner, trail: Trail) -> None:
        self._database = database
        self._clock = clock
        self._runner = runner
        self._trail = trail
        self._stopping = asyncio.Event()

    async def create(  # noqa: PLR0913 - keyword-only, and each is a column
        self,
        conn: AsyncConnection,
        kind: str,
        *,
        target: str | None = None,
        target_name: str | None = None,
        team: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        due_at: int | None = None,
        total: int | None = None,
    ) -> OperationRecord:
        """Write a new operation inside the caller's transaction and return it; call `nudge` after the commit.

        `target` is the id of what nothing else may work on meanwhile, `due_at` (unix ms) means what its kind says.

        Raises:
            Conflict: another operation has the target.
        """
        if target is not None and (other := await store.running_on(conn, target)):
            raise busy(other.id, target_name or target)
        now_ms = self._clock.now_ms()
        values = {
            "id": new_id("op"),
            "kind": kind,
            "state": "pending",
            "team": team,
            "actor": _actor(acting()),
            "target": target,
            "target_name": target_name,
            "parameters": dict(parameters or {}),
            "due_at": due_at,
            "total": total,
            "created_at": now_ms,
            "updated_at": now_ms,
        }
        try:
            return await store.add(conn, values, _told(acting()))
        except IntegrityError as error:
            if conflict_of(error) != _ONE_AT_A_TIME:
                raise
            raise busy(None, target_name or str(target)) from error

    async def amend(
        self, conn: AsyncConnection, record: OperationRecord, parameters: Mapping[str, Any]
    ) -> OperationRecord:
        """Write other parameters inside the caller's transaction: a wish that whoever carries it out looks for.

        Raises:
            Conflict: it is over.
        """
        changed = await store.amend(conn, record, parameters, now_ms=self._clock.now_ms())
        if changed is None:
            raise Conflict(
                f"operation {record.id} is over already",
                code="state_conflict",
                hint=f"see how it ended: modelport operations show {record.id}",
            )
        return changed

    @property
    def stopping(self) -> bool:
        """Whether nobody should be kept waiting any more: the process stops."""
        return self._stopping.is_set()

    def nudge(self) -> None:
        """Have it begun at once; without this it begins within a second."""
        self._runner.nudge()

    def hush(self) -> None:
        """Answer everybody who waits now: the process stops."""
        self._stopping.set()

    async def get(self, principal: Principal, operation_id: str) -> OperationRecord:
        """Return an operation; raise NotFound unless it exists for the caller."""
        async with self._database.read() as conn:
            return await _get(conn, principal, operation_id)

    async def list(
        self, principal: Principal, query: OperationQuery, *, after: tuple[int, str] | None
    ) -> Sequence[OperationRecord]:
        """Return up to one more than a page of the caller's operations, the newest first."""
        team = principal.team
        if query.team is not None:
            principal.require_team(query.team)
            team = query.team
        wanted = {"team": team, "state": query.state, "kind": query.kind, "target": query.target}
        where: list[ColumnElement[bool]] = [
            operations.c[name] == value for name, value in wanted.items() if value is not None
        ]
        async with self._database.read() as conn:
            return await store.page(conn, where, after=after, limit=query.limit + 1)

    async def wait(self, principal: Principal, operation_id: str, seconds: float) -> OperationRecord:
        """Return the operation as soon as it has another revision or is over, at the latest after so many seconds."""
        first = now = await self.get(principal, operation_id)
        until = self._clock.monotonic() + seconds
        while not now.over and now.rev == first.rev and self._clock.monotonic() < until:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _LOOK_S)
                break
            now = await self.get(principal, operation_id)
        return now

    async def items(self, principal: Principal, operation_id: str) -> AsyncIterator[Sequence[Item]]:
        """Yield what became of each item, some hundred at a time, each in a short transaction of its own."""
        await self.get(principal, operation_id)
        position = -1
        while True:
            async with self._database.read() as conn:
                found = await store.items(conn, operation_id, after=position, limit=_ITEMS_AT_ONCE)
            if not found:
                return
            yield found
            position = found[-1].position

    async def cancel(self, principal: Principal, operation_id: str, if_match: IfMatch = UNGUARDED) -> OperationRecord:
        """Ask whoever carries it out to stop and put back what can be put back; asking twice is asking once.

        Raises:
            NotFound, PreconditionFailed: as usual.
            Conflict: it is over.
        """
        now_ms = self._clock.now_ms()
        async with self._database.write() as conn:
            record = await _get(conn, principal, operation_id)
            if_match.check(record.etag)
            if record.cancel_requested and not record.over:
                return record
            changed = await store.change(conn, operation_id, {"cancel_requested": True}, now_ms=now_ms)
            if changed is None:
                raise Conflict(
                    f"operation {operation_id} is {record.state} already",
                    code="state_conflict",
                    hint="a model that it deleted can be restored: modelport models restore UID",
                    state=record.state,
                )
            event = Event(
                "operation.cancel",
                "operation",
                uid=changed.id,
                name=changed.target_name or changed.kind,
                team=changed.team,
                rev_before=record.rev,
                rev_after=changed.rev,
                before={"cancel_requested": False},
                after={"cancel_requested": True},
                operation_id=changed.id,
            )
            await self._trail.write(conn, [event], now_ms)
        self._runner.nudge()
        return changed

    async def sweep(self, before_ms: int) -> int:
        """Delete operations that ended before, and return how many these were."""
        gone = 0
        while True:
            async with self._database.write() as conn:
                some = await store.forget(conn, before_ms)
            gone += some
            if some == 0:
                return gone


def busy(operation_id: str | None, name: str) -> Conflict:
    """Return the refusal to begin something with what another operation has (lifecycle.md section 3)."""
    return Conflict(
        f"another operation is at work on {name!r}" + (f": {operation_id}" if operation_id else ""),
        code="operation_in_progress",
        hint=f"wait for it: modelport operations watch {operation_id or 'ID'}; or cancel it first",
        headers=RETRY_AFTER,
        **({"operation": operation_id} if operation_id else {}),
    )


async def _get(conn: AsyncConnection, principal: Principal, operation_id: str) -> OperationRecord:
    found = await store.find(conn, operation_id)
    if found is None or not (principal.team is None or principal.team == found.team):
        raise NotFound(
            f"operation {operation_id!r} not found",
            code="operation_not_found",
            hint="finished ones are kept for a while (operations.days): modelport operations list",
        )
    return found


def _told(who: Acting) -> dict[str, str]:
    """Return what is known of who began it; the key that made the call happen once is the call's alone."""
    members = {
        name: getattr(who, name) for name in ("type", "id", "name", "team", "via", "peer", "request_id", "reason")
    }
    return {name: value for name, value in members.items() if value}


def _actor(who: Acting) -> str:
    return f"{who.type}:{who.id or who.name}" if who.id or who.name else who.type
