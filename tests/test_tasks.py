"""Background work that is never lost."""

import asyncio
import logging

import pytest

from gateway.errors import Unavailable
from gateway.tasks import Tasks


async def test_a_failure_is_logged_and_not_lost(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody awaits a background task, so its exception is read here."""

    async def fail() -> None:
        raise ValueError("boom")

    tasks = Tasks()
    tasks.start(fail(), name="doomed")
    with caplog.at_level(logging.ERROR):
        await asyncio.sleep(0.01)
    assert "background task doomed failed" in caplog.text
    assert len(tasks) == 0


async def test_a_repeated_step_outlives_its_failures() -> None:
    """A database that is away for a moment must not end the watching of it."""
    rounds: list[int] = []
    fourth = asyncio.Event()

    async def step() -> None:
        rounds.append(len(rounds))
        if len(rounds) == 4:
            fourth.set()
        if len(rounds) == 1:
            raise Unavailable("away")
        if len(rounds) == 2:
            raise RuntimeError("a bug")

    tasks = Tasks()
    tasks.repeat(step, every_s=0, name="watching")
    await fourth.wait()
    await tasks.close()
    assert len(tasks) == 0


async def test_close_lets_work_end_within_the_grace() -> None:
    """Then it cancels what is left."""
    ended: list[str] = []

    async def work(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        ended.append(name)

    tasks = Tasks()
    tasks.start(work("quick", 0.01), name="quick")
    tasks.start(work("slow", 60), name="slow")
    await tasks.close(grace_s=0.1)
    assert ended == ["quick"]
    assert len(tasks) == 0


async def test_close_does_not_cut_a_step_under_way() -> None:
    """A query cancelled in its middle would leave its thread without a loop."""
    ended: list[str] = []
    under_way = asyncio.Event()

    async def step() -> None:
        under_way.set()
        await asyncio.sleep(0.02)
        ended.append("whole")

    tasks = Tasks()
    tasks.repeat(step, every_s=60, name="watching")
    await under_way.wait()
    await tasks.close()
    assert ended == ["whole"]
