"""A model drains: no new call reaches it, running ones may end within the grace, and then it is deleted.

    Drain   carries the operation out, in one process: waits until every living process serves a registry without the
            model (LIF-6) and no call of it runs anywhere, then ends the drain; or puts the model back when cancelled
    Watch   in every process: ends the process' own calls of models whose grace is over, or that are deleted

Neither keeps anything: a process that dies is relieved by another, or goes on after its restart (lifecycle.md section
8). A process that has been silent for `operations.dead_after_s` is not waited for. One that lives but cannot read the
registry is: it may still let calls in, so the operation goes on and names it.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from gateway.lifecycle.retire import DRAIN
from gateway.operations import store
from gateway.operations.job import Cancelled, Job, Result
from gateway.operations.workers import Worker
from gateway.registry.snapshot import Snapshot
from gateway.storage.clock import Clock
from gateway.storage.engine import Database

LOOK_S: Final = 1.0
"""How often both look."""
_SOON_S: Final = 0.25
"""How often the operation looks while it waits for processes alone: they answer within a second or two."""
_CUT_MS: Final = 5000
"""Calls that were ended when the grace was over are gone by then; one that hangs does not hold the deletion up."""

Blockers = Sequence[Mapping[str, Any]]
logger = logging.getLogger("modelport.drain")


class Fleet(Protocol):
    """Which processes serve."""

    async def survey(self) -> tuple[list[Worker], int]:
        """Return those that live, this one as it is now, and the revision of the registry in the database."""
        ...


class Ends(Protocol):
    """How a drain ends."""

    async def finish_drain(self, uid: str, *, operation_id: str) -> bool:
        """Delete the model; False when it does not drain any more."""
        ...

    async def cancel_drain(self, uid: str, *, operation_id: str) -> bool:
        """Put the model back where it was; False when it does not drain any more."""
        ...


class Drain:
    """Carries out operations of the kind `drain`; their `due_at` is the end of the grace."""

    def __init__(self, clock: Clock, fleet: Fleet, ends: Ends) -> None:
        self._clock = clock
        self._fleet = fleet
        self._ends = ends

    async def __call__(self, job: Job) -> Result:
        """Wait for the calls to end, then delete the model.

        Raises:
            Cancelled: that was asked for in time, and the model is back.
        """
        uid, operation_id = str(job.record.target), job.record.id
        await self._wait(job, uid)
        if job.cancel_requested and await self._ends.cancel_drain(uid, operation_id=operation_id):
            raise Cancelled({"model": uid, "state": "restored"})
        job.check()
        if job.record.total:
            await job.note(done=job.record.total)
        gone = await self._ends.finish_drain(uid, operation_id=operation_id)
        return {"model": uid, "state": "deleted" if gone else "unchanged"}

    async def _wait(self, job: Job, uid: str) -> None:
        """Return when nothing stands in the way of the deletion, or the wish to cancel came."""
        version = job.record.cursor.get("version")
        while not job.cancel_requested:
            workers, newest = await self._fleet.survey()
            # Whoever has seen a revision that is read after the model began to drain has seen that it does.
            version = newest if version is None else int(version)
            late = self._clock.now_ms() >= (job.record.due_at or 0) + _CUT_MS
            blockers = blockers_of(workers, uid, version, late=late)
            if not blockers:
                return
            await _tell(job, version, blockers)
            await job.pause(LOOK_S if any(one["inflight"] for one in blockers) else _SOON_S)


def blockers_of(workers: Sequence[Worker], uid: str, version: int, *, late: bool) -> Blockers:
    """Return the processes that a drain waits for; `late` is some seconds after calls were ended."""
    return [
        {"worker": one.id, "host": one.host, "inflight": one.inflight.get(uid, 0), "behind": one.seen_version < version}
        for one in workers
        if one.seen_version < version or (one.inflight.get(uid, 0) and not late)
    ]


async def _tell(job: Job, version: int, blockers: Blockers) -> None:
    """Note what is waited for, when that is something else than before; total is the most there was."""
    if blockers == job.record.blockers or list(blockers) == list(job.record.blockers):
        return
    left = sum(one["inflight"] for one in blockers) or 1
    total = max(left, job.record.total or 0)
    await job.note(total=total, done=total - left, cursor={"version": version, "blockers": list(blockers)})


class Watch:
    """Ends this process' calls of models that must not run any more. `running` and `end` are the relay's."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        snapshot: Callable[[], Snapshot],
        running: Callable[[], Mapping[str, int]],
        end: Callable[[str], int],
    ) -> None:
        self._database = database
        self._clock = clock
        self._snapshot = snapshot
        self._running = running
        self._end = end

    async def step(self) -> None:
        """Look once: at models that were deleted here or elsewhere, and at the grace of those that drain."""
        running, now = self._running(), self._snapshot()
        for uid in running:
            if uid not in now.by_uid:
                self._cut(uid, "it is deleted")
        draining = [uid for uid in running if uid in now.draining]
        if not draining:
            return
        async with self._database.read() as conn:
            due = await store.due_times(conn, DRAIN, draining)
        for uid, at_ms in due.items():
            if self._clock.now_ms() >= at_ms:
                self._cut(uid, "its grace is over")

    def _cut(self, uid: str, why: str) -> None:
        if ended := self._end(uid):
            logger.info("%d calls of model %s were ended: %s", ended, uid, why)
