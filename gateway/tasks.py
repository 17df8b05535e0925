"""Background work that is never lost: every task has an owner, a name, and somebody who reads its exception.

Anybody in gateway may take a `Tasks` by constructor; only app makes one.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from gateway.errors import GatewayError

_T = TypeVar("_T")
STEP_S = 5.0
"""How long `close` waits for the step of a repeated task."""

logger = logging.getLogger("modelport.tasks")


async def in_thread(work: Callable[[], _T]) -> _T:
    """Return what the work returns, in a thread; a cancellation waits for its end.

    So whoever cancels may close what the work uses. A file closed under a read gives its descriptor away, and the read
    takes what belongs to the next file that is opened.
    """
    future = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        while not future.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({future})
        if not future.cancelled():
            future.exception()  # nobody else reads it
        raise


class Tasks:
    """A supervised group: strong references, exceptions logged, everything ended at close."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self._loops: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()

    def start(self, coro: Coroutine[Any, Any, _T], *, name: str) -> asyncio.Task[_T]:
        """Run the coroutine in the background and return its task."""
        task = asyncio.get_running_loop().create_task(coro, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def repeat(self, step: Callable[[], Awaitable[object]], *, every_s: float, name: str) -> asyncio.Task[None]:
        """Run the step again and again; when it fails that is logged, and the next round tries again.

        `close` lets a step that is under way come to its end: a query that is cancelled leaves a thread behind.
        """
        task = self.start(self._repeat(step, every_s, name), name=name)
        self._loops.add(task)
        task.add_done_callback(self._loops.discard)
        return task

    def __len__(self) -> int:
        """How many tasks are running: 0 when nothing was forgotten."""
        return len(self._running)

    async def close(self, grace_s: float = 0.0) -> None:
        """Wait up to `grace_s` seconds for what runs, then cancel the rest and wait for its end."""
        self._closing.set()
        if self._loops:
            await asyncio.wait(set(self._loops), timeout=STEP_S)
        if self._running and grace_s > 0:
            await asyncio.wait(set(self._running), timeout=grace_s)
        for task in set(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _repeat(self, step: Callable[[], Awaitable[object]], every_s: float, name: str) -> None:
        while not self._closing.is_set():
            try:
                await step()
            except GatewayError as error:
                logger.warning("%s: %s", name, error.message)
            except Exception:
                logger.exception("%s failed", name)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), every_s)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("background task %s failed", task.get_name(), exc_info=error)
