"""What one can do with operations, and who may."""

import asyncio
import contextlib

import pytest

from gateway.api.etag import IfMatch
from gateway.errors import Conflict, NotFound, PreconditionFailed
from gateway.operations import store
from gateway.operations.job import Job
from gateway.operations.record import Item, OperationRecord
from gateway.operations.views import OperationQuery
from gateway.storage.engine import Database
from gateway.usage.model import DAY_MS
from tests.clock import ManualClock
from tests.operations.conftest import Start
from tests.operations.house import LIMIT_S, admin


async def test_one_operation_has_a_target_at_a_time(start: Start) -> None:
    """lifecycle.md section 3: 409 with the id of the other one; afterwards the target is free again."""

    async def handle(_: Job) -> None:
        return

    process = start("a", work=handle)
    first = await process.begin("work", target="mdl_a", target_name="qwen3")
    with pytest.raises(Conflict) as refused:
        await process.begin("work", target="mdl_a", target_name="qwen3")
    assert (refused.value.code, refused.value.extra) == ("operation_in_progress", {"operation": first.id})
    assert refused.value.headers == {"Retry-After": "1"}
    await process.until(first, "done")
    assert (await process.begin("work", target="mdl_a")).id != first.id


async def test_of_two_that_come_together_one_is_refused(start: Start, database: Database) -> None:
    """The second looks before the first has committed: then the index decides, on both databases."""
    process = start("a")
    async with database.write() as conn:
        first = await process.service.create(conn, "work", target="mdl_a")
        second = asyncio.get_running_loop().create_task(process.begin("work", target="mdl_a", target_name="qwen3"))
        await asyncio.sleep(0.1)
        assert not second.done()
    with pytest.raises(Conflict) as refused:
        await second
    assert refused.value.code == "operation_in_progress"
    assert [one.id for one in await process.service.list(admin(), OperationQuery(), after=None)] == [first.id]


async def test_a_change_that_fails_takes_its_operation_along(start: Start, database: Database) -> None:
    """They are one transaction."""
    process = start("a")
    with contextlib.suppress(ZeroDivisionError):
        async with database.write() as conn:
            begun = await process.service.create(conn, "work", target="mdl_a")
            raise ZeroDivisionError
    with pytest.raises(NotFound):
        await process.show(begun)


async def test_another_teams_operation_does_not_exist(start: Start) -> None:
    """ACL-3: in lists, by its id, for cancelling; one of no team is for callers of every team."""
    process = start("a")
    own = await process.begin("work", team="red")
    other = await process.begin("work", team="blue")
    general = await process.begin("work")
    red = admin("red")
    found = await process.service.list(red, OperationQuery(), after=None)
    assert [one.id for one in found] == [own.id]
    for hidden in (other, general):
        with pytest.raises(NotFound) as refused:
            await process.service.get(red, hidden.id)
        assert refused.value.code == "operation_not_found"
        with pytest.raises(NotFound):
            await process.service.cancel(red, hidden.id)
    with pytest.raises(NotFound):
        await process.service.list(red, OperationQuery(team="blue"), after=None)
    assert len(await process.service.list(admin(), OperationQuery(), after=None)) == 3


async def test_the_list_is_newest_first_in_pages_and_filtered(start: Start, clock: ManualClock) -> None:
    """Those of one moment are told apart by their id, so no page loses one."""
    process = start("a")
    made = []
    for number in range(7):
        if number % 3 == 0:
            clock.advance(1)
        made.append(await process.begin("even" if number % 2 == 0 else "odd", target=f"mdl_{number}", team="red"))
    expected = sorted(made, key=lambda one: (one.created_at, one.id), reverse=True)
    shown: list[OperationRecord] = []
    after: tuple[int, str] | None = None
    while True:
        page = await process.service.list(admin(), OperationQuery(limit=2), after=after)
        shown += page[:2]
        if len(page) <= 2:
            break
        after = (page[1].created_at, page[1].id)
    assert [one.id for one in shown] == [one.id for one in expected]

    async def count(**wanted: object) -> int:
        query = OperationQuery.model_validate(wanted)
        return len(await process.service.list(admin(), query, after=None))

    assert await count(kind="odd") == 3
    assert await count(target="mdl_3") == 1
    assert await count(state="pending") == 7
    assert await count(state="done") == 0
    assert await count(team="red") == 7


async def test_cancelling_is_asked_once_and_guarded(start: Start) -> None:
    """Twice is once; an older ETag is refused; what is over cannot be cancelled."""

    async def handle(_: Job) -> None:
        return

    process = start("a", work=handle)
    begun = await process.begin("work")
    with pytest.raises(PreconditionFailed):
        await process.service.cancel(admin(), begun.id, IfMatch(given=True, tags=('"op_x.1"',)))
    asked = await process.service.cancel(admin(), begun.id, IfMatch(given=True, tags=(begun.etag,)))
    again = await process.service.cancel(admin(), begun.id)
    assert (asked.cancel_requested, asked.rev, again.rev) == (True, 2, 2)
    await process.until(begun, "done")
    with pytest.raises(Conflict) as refused:
        await process.service.cancel(admin(), begun.id)
    assert (refused.value.code, refused.value.extra) == ("state_conflict", {"state": "done"})


async def test_who_waits_is_answered_by_the_change(start: Start) -> None:
    """Long before the time is over; and at once when it is over already, or the process stops."""
    go_on = asyncio.Event()

    async def handle(job: Job) -> None:
        await go_on.wait()
        await job.note(done=1)

    process = start("a", work=handle)
    begun = await process.begin("work", total=1)
    await process.runner.step()
    async with asyncio.timeout(LIMIT_S):
        waiting = asyncio.gather(process.service.wait(admin(), begun.id, 10_000), _set(go_on))
        now = (await waiting)[0]
        assert now.rev > 2
        ended = await process.until(begun, "done")
        assert (await process.service.wait(admin(), begun.id, 10_000)) == ended
        other = await process.begin("other")
        process.service.hush()
        assert (await process.service.wait(admin(), other.id, 10_000)).state == "pending"


async def _set(event: asyncio.Event) -> None:
    await asyncio.sleep(0.3)
    event.set()


async def test_what_ended_long_ago_is_forgotten_with_its_items(
    start: Start, clock: ManualClock, database: Database
) -> None:
    """What still runs is kept however old it is."""

    async def handle(job: Job) -> None:
        await job.note(items=[Item(0, "mdl_a", "ok", {})])

    process = start("a", work=handle)
    old = await process.begin("work")
    await process.until(old, "done")
    running = await process.begin("other")
    clock.advance(31 * 86400)
    new = await process.begin("work")
    await process.until(new, "done")
    assert await process.service.sweep(clock.now_ms() - 30 * DAY_MS) == 1
    left = {one.id for one in await process.service.list(admin(), OperationQuery(), after=None)}
    assert left == {running.id, new.id}
    async with database.read() as conn:
        assert await store.items(conn, old.id, after=-1, limit=5) == []
