"""Who carries an operation out: leases, progress, ends, and what happens when a process dies in the middle."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

import pytest

from gateway.api.acting import Acting, act_as, acting
from gateway.errors import NotFound, Unavailable
from gateway.operations.job import Cancelled, Interrupted, Job
from gateway.operations.record import Item
from gateway.storage.engine import Database
from tests.clock import ManualClock
from tests.operations.conftest import Start
from tests.operations.house import LIMIT_S, admin, until


class Handler:
    """Says when it begins, and goes on when it is told to."""

    def __init__(self, result: Mapping[str, Any] | None = None) -> None:
        self.jobs: list[Job] = []
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.interrupted = asyncio.Event()
        self._result = result

    async def __call__(self, job: Job) -> Mapping[str, Any] | None:
        """Carry the operation out."""
        self.jobs.append(job)
        self.begun.set()
        try:
            await asyncio.wait_for(self.go_on.wait(), LIMIT_S)
            job.check()
        except Interrupted:
            self.interrupted.set()
            raise
        return self._result


async def test_an_operation_is_taken_carried_out_and_done(start: Start) -> None:
    """Its result stays; its lease does not."""
    handler = Handler({"freed": 3})
    handler.go_on.set()
    process = start("a", work=handler)
    begun = await process.begin("work", team="default", target="mdl_a", target_name="qwen3", parameters={"deep": True})
    assert (begun.state, begun.rev, begun.parameters) == ("pending", 1, {"deep": True})
    ended = await process.until(begun, "done")
    assert (ended.result, ended.lease_owner, ended.finished_at is not None) == ({"freed": 3}, None, True)
    assert len(process.runner) == 0


async def test_two_processes_carry_it_out_once(start: Start) -> None:
    """Who takes the lease has it."""
    first, second = Handler(), Handler()
    a, b = start("a", work=first), start("b", work=second)
    begun = await a.begin("work")
    await asyncio.gather(a.runner.step(), b.runner.step())
    await asyncio.gather(a.runner.step(), b.runner.step())
    first.go_on.set()
    second.go_on.set()
    await a.until(begun, "done")
    assert len(first.jobs) + len(second.jobs) == 1


async def test_a_dead_process_is_relieved_when_its_lease_is_over(start: Start, clock: ManualClock) -> None:
    """Not before; and whoever goes on finds where it stood (lifecycle.md section 8)."""
    dead, heir = Handler(), Handler()
    a, b = start("a", work=dead), start("b", work=heir)
    begun = await a.begin("work")
    await a.runner.step()
    await dead.begun.wait()
    await dead.jobs[0].note(done=7, total=9, cursor={"after": "mdl_g"})
    clock.advance(14)
    await b.runner.step()
    assert heir.jobs == []
    clock.advance(2)
    await b.runner.step()
    await heir.begun.wait()
    record = heir.jobs[0].record
    assert (record.done, record.total, record.cursor) == (7, 9, {"after": "mdl_g"})
    heir.go_on.set()
    await b.until(begun, "done")


async def test_who_lost_the_lease_can_write_nothing_more(start: Start, clock: ManualClock, database: Database) -> None:
    """A process that was only asleep: its step and its note are one transaction, and that is rolled back."""
    asleep, heir = Handler(), Handler()
    a, b = start("a", work=asleep), start("b", work=heir)
    begun = await a.begin("work")
    await a.runner.step()
    await asleep.begun.wait()
    clock.advance(16)
    await b.runner.step()
    await heir.begun.wait()
    with pytest.raises(Interrupted):
        await asleep.jobs[0].note(done=99)
    with pytest.raises(Interrupted):
        async with database.write() as conn:
            await asleep.jobs[0].finish(conn)
    asleep.go_on.set()
    await asleep.interrupted.wait()
    now = await b.show(begun)
    assert (now.done, now.state, now.lease_owner) == (0, "running", "b")
    heir.go_on.set()
    await b.until(begun, "done")


async def test_a_living_process_renews_its_lease(start: Start, clock: ManualClock) -> None:
    """However long it takes."""
    handler, other = Handler(), Handler()
    a, b = start("a", work=handler), start("b", work=other)
    begun = await a.begin("work")
    await a.runner.step()
    for _ in range(10):
        clock.advance(6)
        await a.runner.step()
        await b.runner.step()
    assert other.jobs == []
    handler.go_on.set()
    await a.until(begun, "done")


async def test_a_process_that_stops_gives_back_what_it_had(start: Start) -> None:
    """Another one goes on at once, without waiting for the lease."""
    first, second = Handler(), Handler()
    a, b = start("a", work=first), start("b", work=second)
    begun = await a.begin("work")
    await a.runner.step()
    await first.begun.wait()
    first.go_on.set()
    first.jobs[0].stop()
    await a.runner.stop()
    assert (await b.show(begun)).state == "pending"
    await b.runner.step()
    await second.begun.wait()
    second.go_on.set()
    await b.until(begun, "done")


async def test_a_wish_to_cancel_reaches_whoever_carries_it_out(start: Start) -> None:
    """From another process too; the handler decides what that means."""

    async def handle(job: Job) -> None:
        while not job.cancel_requested:
            await job.pause(LIMIT_S)
        raise Cancelled({"put_back": 2})

    a, b = start("a", work=handle), start("b")
    begun = await a.begin("work")
    await a.runner.step()
    asked = await b.service.cancel(admin(), begun.id)
    assert (asked.state, asked.cancel_requested) == ("running", True)
    ended = await a.until(begun, "cancelled")
    assert ended.result == {"put_back": 2}


async def test_a_refusal_ends_it_as_failed(start: Start) -> None:
    """With the words of the refusal."""

    async def handle(_: Job) -> None:
        raise NotFound("the model is gone", code="model_not_found", hint="look again")

    process = start("a", work=handle)
    ended = await process.until(await process.begin("work"), "failed")
    assert ended.error == {
        "status": 404,
        "code": "model_not_found",
        "message": "the model is gone",
        "hint": "look again",
    }


async def test_a_database_that_is_away_is_no_failure(start: Start, clock: ManualClock) -> None:
    """It waits a moment and goes on."""
    calls = 0

    async def handle(_: Job) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise Unavailable("the database does not answer", code="database_busy")

    process = start("a", work=handle)
    begun = await process.begin("work")
    await process.until(begun, "pending")

    async def over() -> bool:
        clock.advance(1)
        await process.runner.step()
        return (await process.show(begun)).over

    await until(over)
    assert ((await process.show(begun)).state, calls) == ("done", 2)


@pytest.mark.parametrize(("attempts", "calls_wanted"), [(3, 3), (None, 6)])
async def test_a_fault_of_ours_is_tried_again(
    start: Start, clock: ManualClock, attempts: int | None, calls_wanted: int
) -> None:
    """A few times, or until it works; meanwhile the operation says what is wrong."""
    calls = 0

    async def handle(_: Job) -> None:
        nonlocal calls
        calls += 1
        if calls < 6:
            raise ValueError("a bug")

    process = start("a")
    process.runner.register("work", handle, attempts=attempts)
    begun = await process.begin("work")

    async def over() -> bool:
        clock.advance(3)
        await process.runner.step()
        return (await process.show(begun)).over

    await until(over)
    ended = await process.show(begun)
    assert calls == calls_wanted
    assert ended.state == ("failed" if attempts else "done")
    assert (ended.error or {}).get("code") == ("internal_error" if attempts else None)


async def test_what_is_done_bears_the_name_of_who_began_it(start: Start) -> None:
    """And the operation's id, whichever process does it: so the record of changes names a person."""
    seen: list[Acting] = []

    async def handle(_: Job) -> None:
        seen.append(acting())

    process = start("a", work=handle)
    with act_as(Acting("key", id="key_ann", name="Ann", via="cli", reason="too old", idempotency_key="once")):
        begun = await process.begin("work")
    await process.until(begun, "done")
    assert seen == [Acting("key", id="key_ann", name="Ann", via="cli", reason="too old", operation_id=begun.id)]
    assert begun.actor == "key:key_ann"


async def test_items_are_kept_in_order_and_in_the_transaction_of_the_work(start: Start, database: Database) -> None:
    """Rolled back with it, and read page by page."""

    async def handle(job: Job) -> None:
        for chunk in range(3):
            async with database.write() as conn:
                items = [Item(chunk * 400 + one, f"mdl_{one}", "ok", {"chunk": chunk}) for one in range(400)]
                await job.note(conn, done=(chunk + 1) * 400, items=items)
        with contextlib.suppress(ValueError):
            async with database.write() as conn:
                await job.note(conn, done=1, items=[Item(5000, "mdl_x", "ok", {})])
                raise ValueError

    process = start("a", work=handle)
    begun = await process.begin("work", total=1200)
    ended = await process.until(begun, "done")
    assert ended.done == 1200
    found = [item async for page in process.service.items(admin(), begun.id) for item in page]
    assert [one.position for one in found] == list(range(1200))
    assert found[500] == Item(500, "mdl_100", "ok", {"chunk": 1})


async def test_the_last_step_and_the_end_can_be_one_transaction(start: Start, database: Database) -> None:
    """Then nobody ever sees the one without the other."""

    async def handle(job: Job) -> None:
        async with database.write() as conn:
            await job.finish(conn, {"at": "once"})

    process = start("a", work=handle)
    ended = await process.until(await process.begin("work"), "done")
    assert ended.result == {"at": "once"}


async def test_a_process_without_a_handler_leaves_it_alone(start: Start) -> None:
    """A kind that another version brought."""
    process = start("a", work=Handler())
    begun = await process.begin("other")
    await process.runner.step()
    assert (await process.show(begun)).state == "pending"
