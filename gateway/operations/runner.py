"""Who carries operations out: each process looks once a second for those that nobody has, and takes their lease.

One whose process died is taken over when its lease runs out; one whose process stops, at once.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

from msgspec import Struct

from gateway.api.acting import act_as
from gateway.errors import GatewayError, Unavailable
from gateway.operations import store
from gateway.operations.job import Cancelled, Interrupted, Job, Result
from gateway.operations.record import OperationRecord
from gateway.operations.states import Event, after
from gateway.storage.clock import Clock
from gateway.storage.engine import Database
from gateway.tasks import Tasks

Handler: TypeAlias = Callable[[Job], Awaitable[Result]]

LOOK_S: Final = 1.0
"""How often a process looks for work."""
LEASE_S: Final = 15.0
"""Silence after which another process takes an operation over; renewed at a third of it (lifecycle.md section 8)."""
_MAX_JOBS: Final = 400
"""Operations of one process at a time; nearly all of them wait for calls to end, which costs next to nothing."""
_RETRY_MS: Final = 2000
_ATTEMPTS: Final = 3
_STOP_S: Final = 5.0

logger = logging.getLogger("modelport.operations")


class _Kind(Struct, frozen=True):
    handler: Handler
    attempts: int | None


class Runner:
    """Carries out operations in this process. `worker` is the process' id, new with every start."""

    def __init__(
        self, database: Database, clock: Clock, tasks: Tasks, *, worker: str, lease_s: float = LEASE_S
    ) -> None:
        self.worker = worker
        self._database = database
        self._clock = clock
        self._tasks = tasks
        self._lease_ms = round(lease_s * 1000)
        self._renewed_ms = 0
        self._kinds: dict[str, _Kind] = {}
        self._jobs: dict[str, Job] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._failures: dict[str, int] = {}
        self._looking = asyncio.Lock()
        self._stopped = False

    def __len__(self) -> int:
        """How many operations this process carries out now."""
        return len(self._jobs)

    def register(self, kind: str, handler: Handler, *, attempts: int | None = _ATTEMPTS) -> None:
        """Have operations of the kind carried out by the handler.

        A fault of ours (anything but a GatewayError) is tried again, `attempts` times in all; None: until it works,
        for what must not stay half done.
        """
        self._kinds[kind] = _Kind(handler, attempts)

    async def step(self) -> None:
        """Look once: hear of cancellations and lost leases, renew what is one's own, take what nobody has."""
        async with self._looking:
            if self._stopped or not self._kinds:
                return
            now_ms = self._clock.now_ms()
            async with self._database.read() as conn:
                own = await store.held_by(conn, self.worker) if self._jobs else {}
                free = await store.free(conn, self._kinds, now_ms=now_ms)
            for operation_id, job in self._jobs.items():
                if operation_id in own:
                    job.told(cancel_requested=own[operation_id])
                elif not job.record.over:
                    job.stop()
            await self._renew(now_ms)
            for operation_id in free:
                if operation_id not in self._jobs and len(self._jobs) < _MAX_JOBS:
                    await self._take(operation_id)

    def nudge(self) -> None:
        """Look now instead of within a second: something was created or is to be cancelled."""
        if not self._stopped:
            self._tasks.start(self._look(), name="look for operations")

    async def stop(self) -> None:
        """Leave every operation to another process, which may take it at once."""
        async with self._looking:
            self._stopped = True
        for job in self._jobs.values():
            job.stop()
        if self._running:
            await asyncio.wait(set(self._running), timeout=_STOP_S)

    async def _look(self) -> None:
        with contextlib.suppress(Unavailable):  # the next look is a second away
            await self.step()

    async def _renew(self, now_ms: int) -> None:
        if not self._jobs or now_ms - self._renewed_ms < self._lease_ms // 3:
            return
        until_ms = now_ms + self._lease_ms
        async with self._database.write() as conn:
            await store.renew(conn, self.worker, list(self._jobs), until_ms=until_ms)
        self._renewed_ms = now_ms
        for job in self._jobs.values():
            job.lease_until = until_ms

    async def _take(self, operation_id: str) -> None:
        now_ms = self._clock.now_ms()
        async with self._database.write() as conn:
            record = await store.take(conn, operation_id, self.worker, now_ms=now_ms, lease_ms=self._lease_ms)
        if record is None:
            return
        if record.rev > 2:  # noqa: PLR2004 - created and taken once
            logger.info("going on with operation %s, %s of %s", record.id, record.kind, record.target_name)
        job = self._jobs[record.id] = Job(self._database, self._clock, record, worker=self.worker)
        task = self._tasks.start(self._run(job), name=f"operation {record.id}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, job: Job) -> None:
        record = job.record
        try:
            with act_as(record.acting):
                result = await self._kinds[record.kind].handler(job)
            await self._end(job, "finish", {"result": result, "error": None})
        except Cancelled as cancelled:
            await self._end(job, "cancel", {"result": cancelled.result, "error": None})
        except (Interrupted, asyncio.CancelledError):
            await self._release(job)
        except Unavailable as error:
            logger.warning("operation %s waits: %s", record.id, error.message)
            await self._release(job, after_ms=_RETRY_MS)
        except GatewayError as error:
            await self._end(job, "fail", {"error": _shown(error)})
        except Exception:  # a handler's fault must not leave the operation without an owner and an end
            logger.exception("operation %s, %s of %s, failed", record.id, record.kind, record.target_name)
            await self._retry(job)
        finally:
            self._jobs.pop(record.id, None)

    async def _retry(self, job: Job) -> None:
        record, limit = job.record, self._kinds[job.record.kind].attempts
        tried = self._failures[record.id] = self._failures.get(record.id, 0) + 1
        told = {"error": {"status": 500, "code": "internal_error", "message": _FAULT}}
        if limit is not None and tried >= limit:
            await self._end(job, "fail", told)
        else:
            await self._release(job, after_ms=_RETRY_MS * tried, values=told)

    async def _end(self, job: Job, event: Event, values: Mapping[str, Any]) -> None:
        if job.record.over:  # the handler did it together with its last step
            self._tell(job.record)
            return
        state, now_ms = after(job.record.state, event), self._clock.now_ms()
        try:
            async with self._database.write() as conn:
                ended = await store.end(
                    conn, job.record.id, state, {"cursor": {}, **values}, now_ms=now_ms, owner=self.worker
                )
        except Unavailable as error:  # whoever takes it over finds everything done
            logger.warning("the end of operation %s was not written: %s", job.record.id, error.message)
            return
        self._failures.pop(job.record.id, None)
        if ended is not None:
            self._tell(ended)

    async def _release(self, job: Job, *, after_ms: int = 0, values: Mapping[str, Any] | None = None) -> None:
        now_ms = self._clock.now_ms()
        free = {"state": after(job.record.state, "release"), "lease_owner": None, "lease_until": now_ms + after_ms}
        with contextlib.suppress(Unavailable):  # then the lease runs out by itself
            async with self._database.write() as conn:
                await store.change(conn, job.record.id, {**free, **(values or {})}, now_ms=now_ms, owner=self.worker)

    def _tell(self, record: OperationRecord) -> None:
        logger.info("operation %s, %s of %s, is %s", record.id, record.kind, record.target_name, record.state)


_FAULT: Final = "this is a fault of modelport; the log of the server says more"


def _shown(error: GatewayError) -> dict[str, Any]:
    told = {"status": error.status, "code": error.code, "message": error.message, "hint": error.hint}
    return {name: value for name, value in told.items() if value is not None}
