"""Looks at the hub again and again, behind everything else (catalogue.md section 5, step 1)."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Final

from gateway.catalogue.sync.once import Sync
from gateway.catalogue.sync.outcome import Outcome
from gateway.catalogue.sync.pace import jittered
from gateway.errors import GatewayError
from gateway.storage.clock import Clock
from gateway.tasks import Tasks

logger = logging.getLogger("modelport.catalogue")

NOTICE_S: Final = 10.0
"""How soon a process shows what another one has taken."""
FIRST_S: Final = 2.0
"""The first look comes after the first calls may come (CAT-7)."""


class Worker:
    """One background task of a process; `start` it when the server answers."""

    def __init__(
        self,
        sync: Sync,
        *,
        tasks: Tasks,
        clock: Clock,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._sync = sync
        self._tasks = tasks
        self._clock = clock
        self._pause = pause
        self._due_s = 0.0

    def start(self) -> asyncio.Task[None]:
        """Begin; the task ends with `Tasks.close`."""
        return self._tasks.start(self.run(), name="follow the catalogue's hub")

    async def look(self) -> Outcome:
        """Look now, because somebody asked."""
        try:
            return await self._sync.once(forced=True)
        finally:
            self._plan()

    async def run(self) -> None:
        """Look, rest, and look again; faults of ours are logged, and the next round tries again."""
        await self._guarded(self._sync.start)
        self._due_s = self._clock.monotonic() + jittered(FIRST_S, random.random())  # noqa: S311 - no secret
        while True:
            left_s = self._due_s - self._clock.monotonic()
            if left_s > 0:
                await self._pause(min(left_s, NOTICE_S))
                await self._guarded(self._sync.notice)
                continue
            await self._guarded(self._sync.once)
            self._plan()

    def _plan(self) -> None:
        self._due_s = self._clock.monotonic() + self._sync.memory.next_look_s()

    async def _guarded(self, step: Callable[[], Awaitable[object]]) -> None:
        try:
            await step()
        except GatewayError as error:
            logger.warning("the catalogue: %s", error.message)
        except Exception:  # the background loop of house style 11
            logger.exception("the catalogue cannot be followed just now")
