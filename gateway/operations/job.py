"""What whoever carries out an operation is given: its record, a way to note progress, and the word to stop.

A handler is a coroutine function `(job) -> result`. It may be called anew in any process, after a crash too, and then
goes on where `job.record.cursor` says. What must happen exactly once goes into one transaction with `job.note(conn)`:
that fails when another process has the operation by now.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from gateway.operations import store
from gateway.operations.record import Item, OperationRecord
from gateway.operations.states import after
from gateway.storage.clock import Clock
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database

Result: TypeAlias = Mapping[str, Any] | None


class Interrupted(Exception):
    """Stop here, at once: this process stops, or another one goes on with the operation."""


class Cancelled(Exception):
    """Raised by a handler that has granted the wish to cancel; `result` says what was put back, or stays."""

    def __init__(self, result: Result = None) -> None:
        super().__init__("cancelled")
        self.result = result


class Job:
    """One operation in the hands of this process."""

    def __init__(self, database: Database, clock: Clock, record: OperationRecord, *, worker: str) -> None:
        self.record = record
        self.cancel_requested = record.cancel_requested
        self.lease_until = record.lease_until or 0
        self._database = database
        self._clock = clock
        self._worker = worker
        self._stopped = False
        self._woken = asyncio.Event()

    def check(self) -> None:
        """Raise Interrupted unless this process still has the operation; to be called before each step."""
        if self._stopped or self._clock.now_ms() >= self.lease_until:
            raise Interrupted

    async def pause(self, seconds: float) -> None:
        """Wait; a wish to cancel ends the wait early.

        Raises:
            Interrupted: as from `check`.
        """
        self.check()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)
        self._woken.clear()
        self.check()

    async def note(  # noqa: PLR0913 - keyword-only, and each is a column
        self,
        conn: AsyncConnection | None = None,
        *,
        done: int | None = None,
        total: int | None = None,
        failed: int | None = None,
        cursor: Mapping[str, Any] | None = None,
        items: Sequence[Item] = (),
    ) -> None:
        """Write how far it is: inside the transaction of `conn`, or in one of its own.

        Raises:
            Interrupted: another process has the operation; the transaction must be rolled back.
        """
        given = {"done": done, "total": total, "failed": failed, "cursor": cursor}
        values = {name: value for name, value in given.items() if value is not None}
        async with self._transaction(conn) as inside:
            now_ms = self._clock.now_ms()
            changed = await store.change(inside, self.record.id, values, now_ms=now_ms, owner=self._worker)
            if changed is None:
                raise Interrupted
            await store.add_items(inside, self.record.id, items)
        self.record = changed

    async def finish(self, conn: AsyncConnection, result: Result = None) -> None:
        """Mark it as done inside the transaction of `conn`, for a last step that must be one with the end.

        Raises:
            Interrupted: as from `note`.
        """
        state, now_ms = after(self.record.state, "finish"), self._clock.now_ms()
        values = {"result": result, "cursor": {}, "error": None}
        ended = await store.end(conn, self.record.id, state, values, now_ms=now_ms, owner=self._worker)
        if ended is None:
            raise Interrupted
        self.record = ended

    def told(self, *, cancel_requested: bool) -> None:
        """Take what the last look at the database said; for the runner."""
        if cancel_requested and not self.cancel_requested:
            self.cancel_requested = True
            self._woken.set()

    def stop(self) -> None:
        """Have the handler end at its next `check` or `pause`; for the runner."""
        self._stopped = True
        self._woken.set()

    def _transaction(self, conn: AsyncConnection | None) -> contextlib.AbstractAsyncContextManager[AsyncConnection]:
        return self._database.write() if conn is None else contextlib.nullcontext(conn)
