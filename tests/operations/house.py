"""Processes that carry operations out, without the processes: each a runner with an id of its own on one database."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from gateway.api.permissions import Permission, Role
from gateway.api.principal import Principal
from gateway.operations.record import OperationRecord
from gateway.operations.runner import Handler, Runner
from gateway.operations.service import OperationService
from gateway.storage.clock import Clock
from gateway.storage.engine import Database
from gateway.tasks import Tasks
from tests.audit.trails import make_trail

LIMIT_S = 30.0
"""A condition that has not come true by then never will."""


class Process:
    """What of a process matters here: it looks for work when the test says so."""

    def __init__(self, database: Database, clock: Clock, name: str, handlers: Mapping[str, Handler]) -> None:
        self.tasks = Tasks()
        self.runner = Runner(database, clock, self.tasks, worker=name)
        self.service = OperationService(database, clock, self.runner, make_trail(database, clock))
        self.database = database
        for kind, handler in handlers.items():
            self.runner.register(kind, handler)

    async def begin(self, kind: str, **fields: Any) -> OperationRecord:
        """Create an operation in a transaction of its own."""
        async with self.database.write() as conn:
            return await self.service.create(conn, kind, **fields)

    async def show(self, operation: OperationRecord) -> OperationRecord:
        """Return the operation as it is now."""
        return await self.service.get(admin(), operation.id)

    async def until(self, operation: OperationRecord, state: str) -> OperationRecord:
        """Look for work until the operation has this state."""

        async def reached() -> bool:
            await self.runner.step()
            return (await self.show(operation)).state == state

        await until(reached)
        return await self.show(operation)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Return when the condition holds."""
    async with asyncio.timeout(LIMIT_S):
        while not await condition():  # noqa: ASYNC110 - the database sends no event
            await asyncio.sleep(0.01)


def admin(team: str | None = None) -> Principal:
    """Return a caller who may everything, in one team or in all."""
    return Principal(key_id="key_admin", name="admin", team=team, role=Role.ADMIN, permissions=frozenset(Permission))
