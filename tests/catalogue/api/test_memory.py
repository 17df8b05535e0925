"""The layer in memory (catalogue.md section 6, L1): fresh 60 s, stale ten minutes, one making for all who come."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.catalogue.memory import FRESH_S, MOST, ON_ERROR_S, STALE_S, Memory
from gateway.errors import Unavailable
from gateway.tasks import Tasks
from tests.clock import ManualClock


class Kitchen:
    """Makes numbers, counts how often, and fails or waits when told to."""

    def __init__(self) -> None:
        self.made = 0
        self.fails = False
        self.open = asyncio.Event()
        self.open.set()

    async def make(self) -> int:
        """Give the next number."""
        self.made += 1
        number = self.made
        await self.open.wait()
        if self.fails:
            raise Unavailable("the file is away")
        return number


@pytest.fixture
async def tasks() -> AsyncIterator[Tasks]:
    """Give the background, and end it."""
    running = Tasks()
    yield running
    await running.close()


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that a test moves."""
    return ManualClock()


@pytest.fixture
def memory(tasks: Tasks, clock: ManualClock) -> Memory:
    """Give an empty memory."""
    return Memory(clock.monotonic, tasks)


@pytest.fixture
async def kitchen() -> Kitchen:
    """Give what makes."""
    return Kitchen()


async def settled(tasks: Tasks) -> None:
    """Return when nothing goes on behind the answers."""
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(tasks) == 0


async def test_two_hundred_cold_reads_make_it_once(memory: Memory, kitchen: Kitchen, tasks: Tasks) -> None:
    """Single flight."""
    kitchen.open.clear()
    readers = [tasks.start(memory.get("a", kitchen.make), name="a reader") for _ in range(200)]
    await asyncio.sleep(0)
    kitchen.open.set()
    assert set(await asyncio.gather(*readers)) == {1}
    assert kitchen.made == 1


async def test_a_reader_who_leaves_takes_nothing_from_the_others(
    memory: Memory, kitchen: Kitchen, tasks: Tasks
) -> None:
    """Cancelling one who waits does not cancel the making."""
    kitchen.open.clear()
    first, second = (tasks.start(memory.get("a", kitchen.make), name="a reader") for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    kitchen.open.set()
    assert await second == 1
    assert first.cancelled()


async def test_what_is_fresh_is_not_made_again(memory: Memory, kitchen: Kitchen, clock: ManualClock) -> None:
    """Up to a minute."""
    await memory.get("a", kitchen.make)
    clock.advance(FRESH_S - 1)
    assert await memory.get("a", kitchen.make) == 1
    assert kitchen.made == 1


async def test_what_is_stale_is_given_at_once_and_made_anew_behind_it(
    memory: Memory, kitchen: Kitchen, clock: ManualClock, tasks: Tasks
) -> None:
    """stale-while-revalidate: nobody waits, and only one makes it."""
    await memory.get("a", kitchen.make)
    clock.advance(FRESH_S + 1)
    kitchen.open.clear()
    assert [await memory.get("a", kitchen.make) for _ in range(3)] == [1, 1, 1]
    kitchen.open.set()
    await settled(tasks)
    assert await memory.get("a", kitchen.make) == kitchen.made == 2


async def test_what_is_too_old_is_made_before_it_is_given(memory: Memory, kitchen: Kitchen, clock: ManualClock) -> None:
    """Beyond the ten minutes one waits."""
    await memory.get("a", kitchen.make)
    clock.advance(FRESH_S + STALE_S)
    assert await memory.get("a", kitchen.make) == 2


async def test_where_it_cannot_be_made_the_old_one_serves(memory: Memory, kitchen: Kitchen, clock: ManualClock) -> None:
    """stale-if-error, for a day; then the failure is told."""
    await memory.get("a", kitchen.make)
    kitchen.fails = True
    clock.advance(FRESH_S + STALE_S)
    assert await memory.get("a", kitchen.make) == 1
    clock.advance(ON_ERROR_S)
    with pytest.raises(Unavailable):
        await memory.get("a", kitchen.make)


async def test_a_failure_is_not_kept(memory: Memory, kitchen: Kitchen) -> None:
    """The next one tries again."""
    kitchen.fails = True
    with pytest.raises(Unavailable):
        await memory.get("a", kitchen.make)
    kitchen.fails = False
    assert await memory.get("a", kitchen.make) == 2


async def test_the_longest_unasked_goes_first(tasks: Tasks, clock: ManualClock, kitchen: Kitchen) -> None:
    """The number of things is bounded, and asking keeps one."""
    memory = Memory(clock.monotonic, tasks, most=2)
    for key in ("a", "b", "a", "c"):
        await memory.get(key, kitchen.make)
    assert len(memory) == 2
    assert [await memory.get(key, kitchen.make) for key in ("a", "c", "b")] == [1, 3, 4]
    assert MOST < 1000


async def test_what_is_dropped_while_it_is_made_is_not_kept(memory: Memory, kitchen: Kitchen, tasks: Tasks) -> None:
    """It was begun before the change."""
    kitchen.open.clear()
    before = tasks.start(memory.get("a", kitchen.make), name="a reader")
    await asyncio.sleep(0)
    memory.drop("a")
    after = tasks.start(memory.get("a", kitchen.make), name="a reader")
    await asyncio.sleep(0)
    kitchen.open.set()
    assert (await before, await after) == (1, 2)
    await settled(tasks)
    assert await memory.get("a", kitchen.make) == 2


async def test_a_process_that_stops_leaves_nobody_waiting(clock: ManualClock, kitchen: Kitchen) -> None:
    """The making is cancelled with the background."""
    tasks = Tasks()
    kitchen.open.clear()
    readers = Tasks()
    reader = readers.start(Memory(clock.monotonic, tasks).get("a", kitchen.make), name="a reader")
    await asyncio.sleep(0)
    await tasks.close()
    with pytest.raises(Unavailable, match="stops"):
        await reader
