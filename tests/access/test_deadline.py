"""The limits of a call: kept by a timer of its own when near, by the tick of all calls when far."""

import asyncio

import pytest

from gateway.access.deadline import Deadline, Deadlines


@pytest.fixture(params=["near", "far"])
def deadlines(request: pytest.FixtureRequest) -> Deadlines:
    """Return limits that are all kept by timers, or all by a quick tick."""
    return Deadlines() if request.param == "near" else Deadlines(tick_s=0.002, near_s=0)


async def test_a_limit_that_passes_cancels_and_says_which(deadlines: Deadlines) -> None:
    """The CancelledError is ours exactly when a limit has passed, and the task lives on."""
    with Deadline(deadlines) as deadline:
        deadline.limit("idle", 0.01)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(5)
        assert deadline.took() == "idle"
        await asyncio.sleep(0)  # not cancelled any more


async def test_a_cancellation_from_outside_is_not_taken_for_a_limit(deadlines: Deadlines) -> None:
    """When the caller leaves, `took` says None and the cancellation goes on."""

    async def wait() -> str | None:
        with Deadline(deadlines) as deadline:
            deadline.limit("idle", 60)
            try:
                await asyncio.sleep(5)
            except asyncio.CancelledError:
                return f"took {deadline.took()}"
        return None

    task = asyncio.get_running_loop().create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    assert await task == "took None"


async def test_a_moving_byte_restarts_the_phase(deadlines: Deadlines) -> None:
    """A stream with events closer together than the limit is never cut by it (CMP-33)."""
    with Deadline(deadlines) as deadline:
        deadline.limit("idle", 1)
        for _ in range(6):
            await asyncio.sleep(0.2)
            deadline.again()
        assert deadline.expired is None


async def test_the_total_ends_a_call_whose_bytes_keep_moving(deadlines: Deadlines) -> None:
    """The total bounds the whole, whatever the phases say."""
    with Deadline(deadlines) as deadline:
        deadline.limit("idle", 60)
        deadline.total(0.03)
        with pytest.raises(asyncio.CancelledError):
            await _move(deadline)
        assert deadline.took() == "total"


async def _move(deadline: Deadline) -> None:
    while True:
        await asyncio.sleep(0.01)
        deadline.again()


async def test_a_lifted_total_ends_nothing(deadlines: Deadlines) -> None:
    """A live stream has no total (section 5)."""
    with Deadline(deadlines) as deadline:
        deadline.limit("first_byte", 60)
        deadline.total(0.02)
        deadline.total(None)
        await asyncio.sleep(0.04)
        assert deadline.expired is None


async def test_a_shorter_phase_after_a_longer_one_is_kept_in_time(deadlines: Deadlines) -> None:
    """Arming looks at the earlier of the two limits."""
    with Deadline(deadlines) as deadline:
        deadline.limit("first_byte", 60)
        deadline.limit("idle", 0.01)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(5)
        assert deadline.took() == "idle"


async def test_expire_ends_the_call_from_outside(deadlines: Deadlines) -> None:
    """A drain that is over ends every call with its own reason."""
    with Deadline(deadlines) as deadline:
        deadline.limit("idle", 60)
        asyncio.get_running_loop().call_soon(deadline.expire, "shutting_down")
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(5)
        assert deadline.took() == "shutting_down"


async def test_all_running_calls_end_at_once(deadlines: Deadlines) -> None:
    """The same for every one of them, and then none is counted as running."""

    async def wait() -> str | None:
        with Deadline(deadlines) as deadline:
            deadline.limit("idle", 60)
            try:
                await asyncio.sleep(5)
            except asyncio.CancelledError:
                return deadline.took()
        return None

    tasks = [asyncio.get_running_loop().create_task(wait()) for _ in range(3)]
    await asyncio.sleep(0)
    assert len(deadlines) == 3
    deadlines.expire_all("shutting_down")
    assert await asyncio.gather(*tasks) == ["shutting_down"] * 3
    assert len(deadlines) == 0


async def test_a_far_limit_takes_no_timer() -> None:
    """Nearly every limit is far; a timer for each would cost more than the rest of the call's bookkeeping."""
    with Deadline(Deadlines(tick_s=60)) as deadline:
        deadline.total(600)
        deadline.limit("first_byte", 120)
        deadline.limit("idle", 60)
        assert deadline._handle is None


async def test_a_near_limit_that_moved_on_is_kept_by_its_timer() -> None:
    """The timer wakes up early, looks and sleeps again, without the tick."""
    with Deadline(Deadlines(tick_s=60)) as deadline:
        deadline.limit("idle", 0.6)
        await asyncio.sleep(0.2)
        deadline.again()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(5)
        assert deadline.took() == "idle"


async def test_nothing_is_left_behind(deadlines: Deadlines) -> None:
    """After the call neither the timer nor a late expire touches the task."""
    with Deadline(deadlines) as deadline:
        deadline.limit("idle", 0.01)
    deadline.expire("late")
    await asyncio.sleep(0.02)
    assert deadline.expired is None
