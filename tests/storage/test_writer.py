"""Rows in batches: nothing waits for them, little is lost, and what is lost is counted."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence

import pytest
from sqlalchemy import insert, select

from gateway.errors import Unavailable
from gateway.storage.engine import Database
from gateway.storage.schema import meta
from gateway.storage.writer import BatchWriter
from gateway.tasks import Tasks

NEVER_S = 3600.0


class Target:
    """Takes rows as a store would; refuses as many times as it is told to."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.refusals = 0
        self.is_away = False
        self.asked = 0
        self.written = asyncio.Event()

    async def write(self, rows: Sequence[int]) -> None:
        """Take the rows, or refuse them."""
        self.asked += 1
        if self.is_away:
            raise Unavailable("the database does not answer")
        if self.refusals:
            self.refusals -= 1
            raise OSError("the disk is full")
        self.batches.append(list(rows))
        self.written.set()


@pytest.fixture
async def tasks() -> AsyncIterator[Tasks]:
    """Give the supervised group."""
    group = Tasks()
    yield group
    await group.close()


@pytest.fixture
def target() -> Target:
    """Give what the rows are written to."""
    return Target()


async def test_rows_that_came_together_are_written_together(tasks: Tasks, target: Target) -> None:
    """One transaction for all that came within the interval, in order."""
    writer = BatchWriter(target.write, name="test", tasks=tasks, interval_s=0)
    assert [writer.put(row) for row in range(3)] == [True] * 3
    await target.written.wait()
    assert target.batches == [[0, 1, 2]]


async def test_a_full_batch_does_not_wait_for_the_interval(tasks: Tasks, target: Target) -> None:
    """500 rows go at once; the rest follows with them."""
    writer = BatchWriter(target.write, name="test", tasks=tasks, interval_s=NEVER_S)
    for row in range(501):
        writer.put(row)
    await target.written.wait()
    await writer.drain()
    assert [len(batch) for batch in target.batches] == [500, 1]
    assert writer.written == 501


async def test_drain_writes_what_waits(tasks: Tasks, target: Target) -> None:
    """The last rows of a server that stops are not lost."""
    writer = BatchWriter(target.write, name="test", tasks=tasks, interval_s=NEVER_S)
    writer.put(1)
    await writer.drain()
    assert (target.batches, len(writer), writer.lost) == ([[1]], 0, 0)


async def test_a_full_queue_loses_rows_and_counts_them(tasks: Tasks, target: Target) -> None:
    """A call never waits for its own accounting, and memory stays bounded."""
    writer = BatchWriter(target.write, name="test", tasks=tasks, interval_s=NEVER_S, max_queue=2)
    assert [writer.put(row) for row in range(3)] == [True, True, False]
    assert (writer.lost, len(writer)) == (1, 2)
    await writer.drain()
    assert writer.put(4)


async def test_a_failed_write_is_tried_again(tasks: Tasks, target: Target) -> None:
    """A database that was busy for a moment loses nothing, and no row is written twice."""
    target.refusals = 2
    writer = BatchWriter(target.write, name="test", tasks=tasks, interval_s=0, retry_s=0)
    writer.put(1)
    await target.written.wait()
    await writer.drain()
    assert (target.batches, writer.lost) == ([[1]], 0)


async def test_a_row_that_is_always_refused_does_not_dam_up_the_others(tasks: Tasks, target: Target) -> None:
    """After five attempts the batch is given up and counted."""
    target.refusals = 5
    writer = BatchWriter(target.write, name="test", tasks=tasks, interval_s=0, retry_s=0)
    writer.put(1)
    await writer.drain()
    writer.put(2)
    await target.written.wait()
    assert (target.batches, writer.lost) == ([[2]], 1)


async def _asked(target: Target, times: int) -> None:
    async with asyncio.timeout(5):
        while target.asked < times:  # noqa: ASYNC110 - the loop under test has no event for it
            await asyncio.sleep(0)


async def test_a_database_that_is_away_loses_nothing_that_has_room(
    tasks: Tasks, target: Target, caplog: pytest.LogCaptureFixture
) -> None:
    """USE-7: rows wait however often they are refused; the log is told once, and once that it is over."""
    target.is_away = True
    writer = BatchWriter(target.write, name="usage", tasks=tasks, interval_s=0, retry_s=0)
    with caplog.at_level(logging.WARNING, "modelport.storage"):
        writer.put(1)
        await _asked(target, 20)
        writer.put(2)
        target.is_away = False
        await target.written.wait()
        await writer.drain()
    assert (target.batches, writer.lost, len(writer)) == ([[1, 2]], 0, 0)
    assert [record.getMessage() for record in caplog.records] == [
        "usage: the database does not answer; up to 20000 rows wait for it",
        "usage is written again; 0 rows were lost",
    ]


async def test_what_has_no_room_is_counted_and_logged_once(
    tasks: Tasks, target: Target, caplog: pytest.LogCaptureFixture
) -> None:
    """USE-7: a full queue blocks nobody; ten lost rows are two lines, and the next loss is told again."""
    target.is_away = True
    writer = BatchWriter(target.write, name="usage", tasks=tasks, interval_s=NEVER_S, max_queue=2)
    with caplog.at_level(logging.ERROR, "modelport.storage"):
        assert [writer.put(row) for row in range(12)] == [True] * 2 + [False] * 10
        assert len(caplog.records) == 1
        target.is_away = False
        await writer.drain()
        for row in range(3):
            writer.put(row)
    assert writer.lost == 11
    assert len(caplog.records) == 2
    assert target.batches == [[0, 1]]


async def test_a_process_that_stops_does_not_wait_for_a_database_that_is_away(tasks: Tasks, target: Target) -> None:
    """What could not be written is counted as lost."""
    target.is_away = True
    writer = BatchWriter(target.write, name="usage", tasks=tasks, interval_s=NEVER_S)
    for row in range(501):
        writer.put(row)
    await writer.drain()
    assert (writer.lost, len(writer), target.asked) == (501, 0, 5)


async def test_rows_put_while_a_batch_is_written_come_next(tasks: Tasks) -> None:
    """A slow database delays rows, it does not mix them."""
    batches: list[list[int]] = []
    writer: BatchWriter[int]

    async def write(rows: Sequence[int]) -> None:
        batches.append(list(rows))
        if len(batches) == 1:
            writer.put(2)

    writer = BatchWriter(write, name="test", tasks=tasks, interval_s=NEVER_S)
    writer.put(1)
    await writer.drain()
    assert batches == [[1], [2]]


async def test_rows_put_while_a_batch_is_written_are_collected_again(tasks: Tasks) -> None:
    """Under load some always come meanwhile: a transaction for these few each time would never end."""
    batches: list[int] = []
    writer: BatchWriter[int]

    async def write(rows: Sequence[int]) -> None:
        batches.append(len(rows))
        writer.put(0)
        await asyncio.sleep(0)

    writer = BatchWriter(write, name="test", tasks=tasks, interval_s=NEVER_S)
    for row in range(500):
        writer.put(row)
    for _ in range(20):
        await asyncio.sleep(0)
    assert (batches, len(writer)) == ([500], 1)


async def test_into_a_real_database(database: Database, tasks: Tasks) -> None:
    """One statement for many rows, on both databases."""

    async def write(rows: Sequence[dict[str, str]]) -> None:
        async with database.write() as conn:
            await conn.execute(insert(meta), list(rows))

    writer = BatchWriter(write, name="meta", tasks=tasks)
    for number in range(600):
        writer.put({"key": f"row{number:03}", "value": "x"})
    await writer.drain()
    async with database.read() as conn:
        rows = (
            (await conn.execute(select(meta.c.key).where(meta.c.key.like("row%")).order_by(meta.c.key))).scalars().all()
        )
    assert (len(rows), rows[0], rows[-1], writer.lost) == (600, "row000", "row599", 0)
