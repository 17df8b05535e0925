"""What a drain waits for, how it ends, and what each process ends of its own: every decision without a process."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from gateway.lifecycle.drain import Drain, Watch, blockers_of
from gateway.operations.workers import Worker
from gateway.registry.snapshot import Snapshot
from gateway.storage.engine import Database
from tests.clock import ManualClock
from tests.operations.conftest import Start, clock, start
from tests.operations.house import Process, admin, until
from tests.registry.records import build, model, rows

__all__ = ["clock", "start"]

UID = "mdl_a"


def worker(name: str, *, seen: int = 5, running: int = 0) -> Worker:
    """Return a process that has seen a revision and runs so many calls of the model."""
    return Worker(name, "host", 1, "server", 0, 0, seen, {UID: running} if running else {})


@dataclass
class House:
    """The processes as they are said to be, and what became of the model."""

    workers: list[Worker] = field(default_factory=list)
    version: int = 5
    drains: bool = True
    done: list[str] = field(default_factory=list)
    surveys: int = 0

    async def survey(self) -> tuple[list[Worker], int]:
        """Return those that live."""
        self.surveys += 1
        return self.workers, self.version

    async def finish_drain(self, uid: str, *, operation_id: str) -> bool:
        """Delete the model."""
        self.done.append(f"finished {uid} for {operation_id[:3]}")
        return self.drains

    async def cancel_drain(self, uid: str, *, operation_id: str) -> bool:
        """Put it back."""
        self.done.append(f"cancelled {uid} for {operation_id[:3]}")
        return self.drains


BLOCKERS: list[tuple[str, list[Worker], bool, dict[str, tuple[int, bool]]]] = [
    ("nobody lives", [], False, {}),
    ("seen, nothing runs", [worker("a"), worker("b", seen=9)], False, {}),
    ("a call runs", [worker("a"), worker("b", running=2)], False, {"b": (2, False)}),
    ("not seen yet", [worker("a", seen=4)], False, {"a": (0, True)}),
    ("both", [worker("a", seen=4, running=1), worker("b", running=1)], False, {"a": (1, True), "b": (1, False)}),
    ("a call hangs after it was ended", [worker("a", running=1)], True, {}),
    ("not even then seen", [worker("a", seen=4, running=1)], True, {"a": (1, True)}),
]


@pytest.mark.parametrize(
    ("workers", "late", "expected"), [row[1:] for row in BLOCKERS], ids=[row[0] for row in BLOCKERS]
)
def test_what_a_drain_waits_for(workers: list[Worker], *, late: bool, expected: dict[str, tuple[int, bool]]) -> None:
    """LIF-6: every living process has seen it, and no call of the model runs; calls that hang do not count for ever."""
    found = blockers_of(workers, UID, 5, late=late)
    assert {one["worker"]: (one["inflight"], one["behind"]) for one in found} == expected


async def _drained(start: Start, clock: ManualClock, house: House, **fields: Any) -> tuple[Process, Any]:
    process = start("wrk_a", drain=Drain(clock, house, house))
    due = clock.now_ms() + 30_000
    begun = await process.begin("drain", target=UID, target_name="qwen3", due_at=due, total=1, **fields)
    return process, begun


async def test_a_model_that_nobody_calls_is_deleted_at_once(start: Start, clock: ManualClock) -> None:
    """One look is enough."""
    house = House([worker("wrk_a")])
    process, begun = await _drained(start, clock, house)
    ended = await process.until(begun, "done")
    assert house.done == ["finished mdl_a for op_"]
    assert (ended.result, ended.done, ended.total) == ({"model": UID, "state": "deleted"}, 1, 1)


async def test_it_tells_what_it_waits_for_and_how_far_it_is(start: Start, clock: ManualClock) -> None:
    """Progress is the calls that have ended, of the most that ran; the blockers are those of now."""
    house = House([worker("wrk_a", running=1), worker("wrk_b", seen=4, running=2)])
    process, begun = await _drained(start, clock, house)

    async def told(done: int, total: int, blockers: int) -> bool:
        await process.runner.step()
        now = await process.show(begun)
        return (now.done, now.total, len(now.blockers)) == (done, total, blockers)

    await until(lambda: told(0, 3, 2))
    house.workers = [worker("wrk_a"), worker("wrk_b", running=1)]
    await until(lambda: told(2, 3, 1))
    assert house.done == []
    house.workers = [worker("wrk_a")]
    ended = await process.until(begun, "done")
    assert (ended.done, ended.total, list(ended.blockers)) == (3, 3, [])


async def test_whoever_goes_on_waits_for_the_same_revision(start: Start, clock: ManualClock) -> None:
    """Not for a newer one: every change of the registry would put the end off."""
    house = House([worker("wrk_a", running=1)], version=5)
    process, begun = await _drained(start, clock, house)
    await process.runner.step()

    async def noted() -> bool:
        return bool((await process.show(begun)).blockers)

    await until(noted)
    await process.runner.stop()
    house.version, house.workers = 99, [worker("wrk_b", seen=6)]
    heir = start("wrk_b", drain=Drain(clock, house, house))
    await heir.until(begun, "done")


async def test_a_wish_to_cancel_puts_the_model_back(start: Start, clock: ManualClock) -> None:
    """Also when it came before anybody began."""
    house = House([worker("wrk_a", running=1)])
    process, begun = await _drained(start, clock, house)
    await process.service.cancel(admin(), begun.id)
    ended = await process.until(begun, "cancelled")
    assert house.done == ["cancelled mdl_a for op_"]
    assert ended.result == {"model": UID, "state": "restored"}


async def test_a_model_that_does_not_drain_any_more_is_left_alone(start: Start, clock: ManualClock) -> None:
    """A process died between the deletion and the end of its operation: whoever goes on has nothing to do."""
    house = House([worker("wrk_a")], drains=False)
    process, begun = await _drained(start, clock, house)
    await process.service.cancel(admin(), begun.id)
    ended = await process.until(begun, "done")
    assert ended.result == {"model": UID, "state": "unchanged"}


async def test_a_call_that_hangs_does_not_hold_it_up_for_ever(start: Start, clock: ManualClock) -> None:
    """Some seconds after the grace, when it was told to end."""
    house = House([worker("wrk_a", running=1)])
    process, begun = await _drained(start, clock, house)
    await process.runner.step()

    async def noted() -> bool:
        return bool((await process.show(begun)).blockers)

    await until(noted)
    for _ in range(6):  # as long as the lease is renewed
        clock.advance(6)
        await process.runner.step()
    await process.until(begun, "done")
    assert house.done == ["finished mdl_a for op_"]


class Relay:
    """Running calls by model, and which of these were ended."""

    def __init__(self, **running: int) -> None:
        self.running = running
        self.ended: list[str] = []

    def end(self, uid: str) -> int:
        """End them."""
        self.ended.append(uid)
        return self.running.pop(uid)


def _snapshot(*living: str, draining: frozenset[str] = frozenset()) -> Snapshot:
    route = build(rows(models=(model("any", "any"),))).by_uid["any"]  # only its key matters here
    return Snapshot(by_uid=dict.fromkeys({*living, *draining}, route), draining=draining)


async def test_a_process_ends_its_calls_when_their_grace_is_over(
    start: Start, clock: ManualClock, database: Database
) -> None:
    """And not before; those of other models go on."""
    process = start("wrk_a")
    await process.begin("drain", target="mdl_x", due_at=clock.now_ms() + 2000)
    relay = Relay(mdl_x=2, mdl_y=1)
    now = _snapshot("mdl_y", draining=frozenset({"mdl_x"}))
    watch = Watch(database, clock, snapshot=lambda: now, running=relay.running.copy, end=relay.end)
    clock.advance(1.9)
    await watch.step()
    assert relay.ended == []
    clock.advance(0.2)
    await watch.step()
    assert relay.ended == ["mdl_x"]
    assert relay.running == {"mdl_y": 1}


async def test_a_process_ends_its_calls_of_a_deleted_model_at_once(database: Database, clock: ManualClock) -> None:
    """Deleted with `drain=0`, or by others who thought this process dead."""
    relay = Relay(mdl_x=1, mdl_y=1)
    watch = Watch(database, clock, snapshot=lambda: _snapshot("mdl_y"), running=relay.running.copy, end=relay.end)
    await watch.step()
    assert relay.ended == ["mdl_x"]


async def test_many_drains_share_their_looks(start: Start, clock: ManualClock) -> None:
    """A process that carries out a hundred of them at once still ends each."""
    house = House([worker("wrk_a")])
    process = start("wrk_a", drain=Drain(clock, house, house))
    begun = [await process.begin("drain", target=f"mdl_{number}", due_at=clock.now_ms()) for number in range(100)]
    await process.runner.step()
    await asyncio.gather(*(process.until(one, "done") for one in begun))
    assert len(house.done) == 100
