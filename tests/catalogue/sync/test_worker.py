"""Looking again and again, and who of several processes does it."""

import asyncio
from pathlib import Path

import pytest

from gateway.catalogue.sync.lease import LEASE_MS, DatabaseLease
from gateway.catalogue.sync.worker import NOTICE_S, Worker
from gateway.storage.engine import Database
from tests.catalogue.sync.machine import EVERY_S, Machine, machine, many, varied
from tests.clock import ManualClock
from tests.fakes.hub import cut_head


class Pauses:
    """Time that passes as soon as somebody waits for it, until `most` waits."""

    def __init__(self, clock: ManualClock, most: int) -> None:
        self.clock, self.most, self.lengths = clock, most, list[float]()
        self.over = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        """Wait, in the manner of `asyncio.sleep`."""
        self.lengths.append(seconds)
        self.clock.advance(max(seconds, 0.001))  # a clock of milliseconds moves by one at least
        if len(self.lengths) >= self.most:
            self.over.set()
            await asyncio.get_running_loop().create_future()
        await asyncio.sleep(0)


async def run(here: Machine, most: int) -> Pauses:
    """Let a worker run for so many pauses, and stop it."""
    pauses = Pauses(here.clock, most)
    task = Worker(here.sync, tasks=here.tasks, clock=here.clock, pause=pauses).start()
    async with asyncio.timeout(30):
        await pauses.over.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return pauses


async def test_it_looks_soon_and_then_every_quarter_of_an_hour(here: Machine) -> None:
    """The first look comes after the start, and news are taken at the next; in between nobody is asked."""
    begun_ms = here.clock.at_ms
    await run(here, 3)
    assert here.sync.status().state == "fresh"
    looked_s = (here.sync.memory.situation.looked_at_ms - begun_ms) / 1000
    assert 1 < looked_s < 3
    here.served.forget()
    await run(here, int(EVERY_S / NOTICE_S) * 2 + 4)
    assert here.served.asked.count("metadata/timestamp.json") == 3


async def test_a_hub_that_is_down_gets_rest(here: Machine) -> None:
    """A minute, five, an hour: not a request in between."""
    here.served.fail("*", cut_head)
    await run(here, 4)
    here.served.forget()
    pauses = await run(here, 60)
    assert sum(pauses.lengths) > 500
    assert here.sync.memory.situation.failures == 3
    assert len(here.served.asked) <= 6


async def test_a_look_that_somebody_asked_for(here: Machine) -> None:
    """At once, whatever the breaker says."""
    here.served.fail("*", cut_head, times=8)
    worker = Worker(here.sync, tasks=here.tasks, clock=here.clock)
    for _ in range(4):
        await worker.look()
    here.served.heal()
    assert (await worker.look()).kind == "taken"


async def test_a_fault_of_ours_ends_nothing(here: Machine, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and the next round tries again."""

    async def wrong() -> list[str]:
        raise RuntimeError("a fault of ours")

    real, here.sync._suppressed = here.sync._suppressed, wrong
    await run(here, 3)
    assert "cannot be followed just now" in caplog.text
    here.sync._suppressed = real
    assert (await here.sync.once()).kind == "taken"


async def test_one_of_two_processes_looks(database: Database, tmp_path: Path) -> None:
    """CAT-33: the other one shows what was taken, and its state; it takes over when the first is silent."""
    clock = ManualClock()
    leases = [DatabaseLease(database, clock, id_="here", owner=owner) for owner in ("one", "two")]
    async with machine(tmp_path, lease=leases[0]) as one:
        clock.at_ms = one.clock.at_ms
        two = Machine(one.place, one.clock, one.hub, one.served, one.transport, one.tasks, one.marks, leases[1])
        two.make()
        await two.sync.start()
        assert (await one.sync.once()).kind == "taken"
        assert (await two.sync.once()).kind == "elsewhere"
        assert (await two.shown(), two.state) == (await one.shown(), "fresh")
        one.publish(*many(5))
        await one.look()
        assert await two.sync.notice()
        assert not await two.sync.notice()
        assert (two.events[-1].to, len(await two.shown())) == (2, 5)
        clock.advance(LEASE_MS / 1000 + 1)
        one.publish(varied(77))
        assert (await two.look()).kind == "taken"
        assert (await one.sync.once()).kind == "elsewhere"
        await leases[1].give_back()
        assert (await one.sync.once()).kind == "current"
        await two.close()


async def test_a_lease_is_of_one_place(database: Database) -> None:
    """Machines with a file each look for themselves; taking it again renews it."""
    clock = ManualClock()
    here, other = (DatabaseLease(database, clock, id_=place, owner=place) for place in ("a", "b"))
    rival = DatabaseLease(database, clock, id_="a", owner="rival")
    assert [await here.take(), await other.take(), await rival.take()] == [True, True, False]
    clock.advance(50)
    assert await here.take()
    clock.advance(50)
    assert not await rival.take()
    await rival.give_back()
    assert not await rival.take()
    clock.advance(11)
    assert [await rival.take(), await here.take()] == [True, False]
