"""Long work of one process, and its sign of life: begun before it listens, ended before the database closes."""

import contextlib
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from gateway.audit.trail import Trail
from gateway.errors import Unavailable
from gateway.lifecycle.drain import LOOK_S as DRAIN_LOOK_S
from gateway.lifecycle.drain import Drain, Ends, Watch
from gateway.lifecycle.retire import DRAIN
from gateway.observe.metrics import Metrics
from gateway.operations.routes import OperationRoutes, WorkerRoutes
from gateway.operations.runner import LOOK_S, Runner
from gateway.operations.service import OperationService
from gateway.operations.workers import BEAT_S, Heartbeat, sweep
from gateway.registry.registry import Registry
from gateway.settings import Settings
from gateway.storage.clock import Clock
from gateway.storage.engine import Database
from gateway.storage.ids import new_id
from gateway.tasks import Tasks
from gateway.usage.model import DAY_MS

RunningCalls = Callable[[], Mapping[str, int]]
"""Gives the number of running calls of each model, by its uid."""


class Work:
    """`operations` is what others begin, `runner` what they register handlers with, `heartbeat` who else lives."""

    def __init__(  # noqa: PLR0913 - two of them keyword-only
        self, settings: Settings, database: Database, clock: Clock, tasks: Tasks, *, registry: Registry, trail: Trail
    ) -> None:
        self._database = database
        self._clock = clock
        self._tasks = tasks
        self._registry = registry
        self._running: RunningCalls = dict
        worker, silence_s = new_id("wrk"), settings.operations.dead_after_s
        self.runner = Runner(database, clock, tasks, worker=worker, lease_s=silence_s)
        self.operations = OperationService(database, clock, self.runner, trail)
        self.heartbeat = Heartbeat(
            database,
            clock,
            worker=worker,
            role=settings.role,
            seen=lambda: registry.snapshot.revision,
            inflight=self._inflight,
            dead_after_s=silence_s,
        )

    def routes(self) -> tuple[object, ...]:
        """Return what the API has of it."""
        return OperationRoutes(self.operations), WorkerRoutes(self.heartbeat)

    async def begin(self, running: RunningCalls, metrics: Metrics) -> None:
        """Say that this process lives, before anybody calls it, and from now on; then look for work."""
        self._running = running
        await self.heartbeat.beat()
        metrics.read_at_scrape("modelport_workers", "Processes that serve.", lambda: self.heartbeat.living)
        metrics.read_at_scrape("modelport_operations_running", "Operations in this process.", lambda: len(self.runner))
        self._registry.on_change(lambda now, _: self._tell_soon() if now.draining else None)
        self._tasks.repeat(self.heartbeat.beat, every_s=BEAT_S, name="say that this process lives")
        self._tasks.repeat(self.runner.step, every_s=LOOK_S, name="look for operations")

    def drain(self, ends: Ends, end: Callable[[str], int]) -> None:
        """Carry out drains from now on, here or for another process, and end this process' calls when theirs is over.

        `end` ends the running calls of a model and returns how many these were.
        """
        self.runner.register(DRAIN, Drain(self._clock, self.heartbeat, ends), attempts=None)
        watch = Watch(
            self._database,
            self._clock,
            snapshot=lambda: self._registry.snapshot,
            running=self._inflight,
            end=end,
        )
        self._tasks.repeat(watch.step, every_s=DRAIN_LOOK_S, name="end calls of models that left")

    def closing(self) -> tuple[Callable[[], Coroutine[Any, Any, object]], ...]:
        """Return what ends it; it runs from last to first."""
        return self.heartbeat.leave, self.runner.stop

    async def sweep(self, *, days: int) -> None:
        """Forget operations that ended so many days ago, and processes that are long gone."""
        now_ms = self._clock.now_ms()
        await self.operations.sweep(now_ms - days * DAY_MS)
        async with self._database.write() as conn:
            await sweep(conn, now_ms)

    def running_of(self, uid: str) -> int:
        """Return how many calls of the model run in this process."""
        return self._running().get(uid, 0)

    def _inflight(self) -> Mapping[str, int]:
        return self._running()

    def _tell_soon(self) -> None:
        """Say at once what this process has seen, for whoever waits for that; and wait for others if nobody does."""
        self._tasks.start(self._tell(), name="say what this process has seen")

    async def _tell(self) -> None:
        with contextlib.suppress(Unavailable):  # it is said and looked for again within a second
            await self.heartbeat.beat()
            await self.runner.step()
