"""Background work that is never lost."""

import asyncio
import gc
import logging
import os
import threading
from pathlib import Path

import pytest

from gateway.errors import Unavailable
from gateway.tasks import Tasks, in_thread


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


async def test_a_cancelled_read_keeps_its_descriptor_until_it_ends(tmp_path: Path) -> None:
    """Given away earlier, the number belonged to the next file that is opened, and the read took that one's bytes."""
    pipe, other = tmp_path / "pipe", tmp_path / "other"
    os.mkfifo(pipe)
    other.write_bytes(b"another")
    held = os.open(pipe, os.O_RDWR)
    begun = threading.Event()

    async def read() -> None:
        with pipe.open("rb", buffering=0) as file:

            def work() -> bytes | None:
                begun.set()
                return file.read(10)

            await in_thread(work)

    reading = asyncio.create_task(read())  # noqa: TID251 - cancelled and awaited right here
    await asyncio.to_thread(begun.wait)
    for _ in range(2):
        reading.cancel()
        await asyncio.sleep(0.01)
    assert not reading.done()
    with other.open("rb", buffering=0) as file:
        os.write(held, b"x")
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert file.read() == b"another"
    os.close(held)


async def test_what_fails_in_a_thread_after_its_caller_left_is_nobodys() -> None:
    """No message of an exception that was never retrieved."""
    begun, go = threading.Event(), threading.Event()
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))

    def work() -> None:
        begun.set()
        go.wait(30)
        raise ValueError("too late")

    waiting = asyncio.create_task(in_thread(work))  # noqa: TID251 - cancelled and awaited right here
    await asyncio.to_thread(begun.wait)
    waiting.cancel()
    asyncio.get_running_loop().call_later(0.01, go.set)
    with pytest.raises(asyncio.CancelledError):
        await waiting
    del waiting
    gc.collect()
    assert complaints == []
