"""Rows leave a call without waiting."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

import pytest
from sqlalchemy import func, select

from gateway.errors import Unavailable
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database
from gateway.storage.schema import usage_calls, usage_daily
from gateway.storage.writer import BatchWriter
from gateway.tasks import Tasks
from gateway.usage import store
from gateway.usage.model import UsageRecord
from tests.usage.records import record


@pytest.fixture
async def tasks() -> AsyncIterator[Tasks]:
    """Give a group of tasks that ends with the test."""
    group = Tasks()
    yield group
    await group.close()


def writer(database: Database, tasks: Tasks) -> BatchWriter[UsageRecord]:
    """Return what the data plane puts its rows into."""

    async def write(rows: Sequence[UsageRecord]) -> None:
        async with database.write() as conn:
            await store.add(conn, rows)

    return BatchWriter(write, name="usage", tasks=tasks, retry_s=0.01)


async def counts(database: Database) -> tuple[int, int]:
    """Return the number of rows and the sum of requests."""
    async with database.read() as conn:
        rows = (await conn.execute(select(func.count()).select_from(usage_calls))).scalar_one()
        requests = (await conn.execute(select(func.sum(usage_daily.c.requests)))).scalar_one()
        return rows, int(requests or 0)


async def test_rows_are_written_in_batches(database: Database, tasks: Tasks) -> None:
    """USE-7: 1,234 rows, each once in both tables."""
    usage = writer(database, tasks)
    for _ in range(1234):
        usage.put(record())
    await usage.drain()
    assert (await counts(database), len(usage), usage.lost) == ((1234, 1234), 0, 0)


class Refusing(Database):
    """A database that refuses the first writes."""

    refusals = 1

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Refuse at the end of the transaction, when everything was sent."""
        async with super().write() as conn:
            yield conn
            if self.refusals:
                self.refusals -= 1
                raise Unavailable("away")


async def test_a_failed_batch_is_written_once(database_url: str, tasks: Tasks) -> None:
    """Rows and sums are one transaction: what was rolled back comes again, nothing is counted twice."""
    database = await Refusing.open(database_url)
    usage = writer(database, tasks)
    usage.put(record())
    await usage.drain()
    assert await counts(database) == (1, 1)
    await database.close()


async def test_recording_does_not_wait(database: Database, tasks: Tasks) -> None:
    """A database that is held by somebody else costs a call nothing."""
    usage = writer(database, tasks)
    async with database.write():
        for _ in range(600):
            usage.put(record())
        await asyncio.sleep(0)
        assert len(usage) == 600
    await usage.drain()
    assert (await counts(database))[0] == 600


async def test_an_outage_costs_no_usage(database_url: str, tasks: Tasks) -> None:
    """USE-7: a database that is away for many attempts gets every row afterwards, each once."""
    database = await Refusing.open(database_url)
    database.refusals = 20
    usage = writer(database, tasks)
    for _ in range(600):
        usage.put(record())
    async with asyncio.timeout(20):
        while len(usage):  # noqa: ASYNC110 - a queue has no event for being empty
            await asyncio.sleep(0.01)
    assert (await counts(database), usage.lost) == ((600, 600), 0)
    await database.close()
