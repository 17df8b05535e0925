"""Many models, and a process that carries out what is begun with them, on a real database."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import func, select

from gateway.api.principal import Principal
from gateway.lifecycle.bulk import DELETE_MODELS, Bulk
from gateway.lifecycle.bulk_routes import BulkRoutes
from gateway.lifecycle.drain import Drain
from gateway.lifecycle.mass import PURGE_MODELS, MassService
from gateway.lifecycle.mass_delete import MassDelete
from gateway.lifecycle.pace import Pace
from gateway.lifecycle.purge import Purging
from gateway.lifecycle.retire import DRAIN
from gateway.lifecycle.service import LifecycleService
from gateway.lifecycle.settle import Settling
from gateway.lifecycle.sunset import Janitor
from gateway.operations.record import Item, OperationRecord
from gateway.operations.routes import OperationRoutes
from gateway.operations.runner import Runner
from gateway.operations.service import OperationService
from gateway.operations.workers import Heartbeat
from gateway.registry.service.registry_service import RegistryService
from gateway.registry.snapshot import Snapshot
from gateway.settings import LifecycleSettings
from gateway.storage.clock import SystemClock
from gateway.storage.engine import Database, Dialect
from gateway.storage.schema import audit, models
from gateway.tasks import Tasks
from tests.audit.trails import make_trail
from tests.bench.lifecycle_rows import Amount, fill
from tests.clock import ManualClock
from tests.lifecycle.house import Elsewhere, lifecycle_routes
from tests.registry.api import ADMIN, Api

LIMIT_S = 120.0
"""A condition that has not come true by then never will."""


class Crowd:
    """One process with everything that is about many models. `step` is called by a batch after each of its steps."""

    def __init__(
        self,
        database: Database,
        service: RegistryService,
        clock: ManualClock,
        elsewhere: Elsewhere,
        *,
        worker: str = "wrk_a",
        chunk: int = 250,
        rest_s: float = 0.0,
    ) -> None:
        self.database = database
        self.service = service
        self.clock = clock
        self.elsewhere = elsewhere
        self.rules = LifecycleSettings(require_if_match=())
        self.failing_at = ""
        self.tasks = Tasks()

        def pace(_dialect: Dialect) -> Pace:
            return Pace(chunk, rest_s=rest_s, held_s=LIMIT_S)  # a busy machine makes no smaller chunks here

        trail, changes, watch = make_trail(database, clock), service.changes, elsewhere.watch()
        self.runner = Runner(database, clock, self.tasks, worker=worker)
        self.operations = OperationService(database, clock, self.runner, trail)
        self.heartbeat = Heartbeat(
            database,
            SystemClock(),  # what it looked at counts for as long as the clock stands still
            worker=worker,
            role="server",
            seen=lambda: service.registry.snapshot.revision,
            inflight=lambda: elsewhere.here,
        )
        self.lifecycle = LifecycleService(
            changes, clock, trail=trail, watch=watch, rules=lambda: self.rules, operations=self.operations
        )
        self.bulk = Bulk(
            changes,
            clock,
            trail=trail,
            watch=watch,
            rules=lambda: self.rules,
            operations=self.operations,
            step=self._step,
        )
        self.mass = MassService(changes, clock, trail=trail, rules=lambda: self.rules, operations=self.operations)
        self.purging = Purging(changes, clock, trail=trail, rules=lambda: self.rules, pace=pace)
        settling = Settling(changes, self.heartbeat, self.operations)
        deleting = MassDelete(changes, watch=watch, rules=lambda: self.rules, settling=settling, pace=pace)
        self.runner.register(DELETE_MODELS, deleting, attempts=None)
        self.runner.register(PURGE_MODELS, self.purging)
        self.runner.register(DRAIN, Drain(clock, self.heartbeat, self.lifecycle.restoration), attempts=None)
        self.janitor = Janitor(
            database,
            changes,
            clock,
            retirement=self.lifecycle.retirement,
            operations=self.operations,
            owner=worker,
        )

    def api(self) -> Api:
        """Return its routes behind a server that is yet to be started."""
        routes = BulkRoutes(self.bulk, self.mass)
        return Api(self.service, routes, lifecycle_routes(self.lifecycle), OperationRoutes(self.operations))

    async def fill(self, amount: Amount) -> None:
        """Write models and what points at them into the team default."""
        await fill(self.database, self.service.registry.snapshot.teams["default"].id, amount)
        self.service.registry.snapshot = Snapshot()
        await self.service.registry.reload()

    async def until_over(self, operation_id: str) -> OperationRecord:
        """Look for work until the operation is over, and return it."""

        async def over() -> bool:
            await self.runner.step()
            return (await self.operation(operation_id)).over

        await until(over)
        return await self.operation(operation_id)

    async def operation(self, operation_id: str, by: Principal = ADMIN) -> OperationRecord:
        """Return the operation as it is now."""
        return await self.operations.get(by, operation_id)

    async def items(self, operation_id: str) -> Sequence[Item]:
        """Return what became of each model."""
        return [one async for some in self.operations.items(ADMIN, operation_id) for one in some]

    async def states(self) -> dict[str, int]:
        """Return how many models are in each state."""
        query = select(models.c.state, func.count()).group_by(models.c.state)
        async with self.database.read() as conn:
            return {row[0]: row[1] for row in await conn.execute(query)}

    async def recorded(self, action: str) -> int:
        """Return how many rows of the record are about the action."""
        query = select(func.count()).select_from(audit).where(audit.c.action == action)
        async with self.database.read() as conn:
            return int((await conn.execute(query)).scalar_one())

    async def rows(self, query: Any) -> list[Any]:
        """Return what a query finds."""
        async with self.database.read() as conn:
            return [tuple(row) for row in await conn.execute(query)]

    async def close(self) -> None:
        """End what runs."""
        await self.runner.stop()
        await self.tasks.close()

    def _step(self, name: str) -> None:
        if name == self.failing_at:
            raise InjectedError(name)


class InjectedError(Exception):
    """What a test makes happen after a step."""


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Return when the condition holds."""
    async with asyncio.timeout(LIMIT_S):
        while not await condition():  # noqa: ASYNC110 - the database sends no event
            await asyncio.sleep(0.01)
