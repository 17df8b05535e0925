"""The one timer of a call."""

import asyncio

import pytest

from gateway.access.deadline import Deadline


async def test_a_limit_that_passes_cancels_and_says_which() -> None:
    """The CancelledError is ours exactly when a limit has passed, and the task lives on."""
    with Deadline() as deadline:
        deadline.limit("idle", 0.01)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(5)
        assert deadline.took() == "idle"
        await asyncio.sleep(0)  # not cancelled any more


async def test_a_cancellation_from_outside_is_not_taken_for_a_limit() -> None:
    """When the caller leaves, `took` says None and the cancellation goes on."""

    async def wait() -> str | None:
        with Deadline() as deadline:
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


async def test_a_moving_byte_restarts_the_phase() -> None:
    """A stream with events closer together than the limit is never cut by it (CMP-33)."""
    with Deadline() as deadline:
        deadline.limit("idle", 0.05)
        for _ in range(6):
            await asyncio.sleep(0.02)
            deadline.again()
        assert deadline.expired is None


async def test_the_total_ends_a_call_whose_bytes_keep_moving() -> None:
    """The total bounds the whole, whatever the phases say."""
    with Deadline() as deadline:
        deadline.limit("idle", 60)
        deadline.total(0.03)
        with pytest.raises(asyncio.CancelledError):
            await _move(deadline)
        assert deadline.took() == "total"


async def _move(deadline: Deadline) -> None:
    while True:
        await asyncio.sleep(0.01)
        deadline.again()


async def test_a_lifted_total_ends_nothing() -> None:
    """A live stream has no total (section 5)."""
    with Deadline() as deadline:
        deadline.limit("first_byte", 60)
        deadline.total(0.02)
        deadline.total(None)
        await asyncio.sleep(0.04)
        assert deadline.expired is None


async def test_a_shorter_phase_after_a_longer_one_is_kept_in_time() -> None:
    """Arming looks at the earlier of the two limits."""
    with Deadline() as deadline:
        deadline.limit("first_byte", 60)
        deadline.limit("idle", 0.01)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(5)
        assert deadline.took() == "idle"


async def test_expire_ends_the_call_from_outside() -> None:
    """A drain that is over ends every call with its own reason."""
    with Deadline() as deadline:
        deadline.limit("idle", 60)
        asyncio.get_running_loop().call_soon(deadline.expire, "shutting_down")
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(5)
        assert deadline.took() == "shutting_down"


async def test_nothing_is_left_behind() -> None:
    """After the call neither the timer nor a late expire touches the task."""
    with Deadline() as deadline:
        deadline.limit("idle", 0.01)
    deadline.expire("late")
    await asyncio.sleep(0.02)
    assert deadline.expired is None
