"""Rows that nobody waits for: collected in memory, written in batches, lost and counted rather than in anybody's way.

For what happens on each call (usage, last use of a key, stored objects): one transaction per 0.5 s or 500 rows costs
8-12 us a row, one per row 1-5 ms and a "database is locked" under load (libraries.md section 6). Never for what must
not be lost: an audit row is written in the transaction of its change (lifecycle.md LIF-7).
"""

import asyncio
import contextlib
import itertools
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from gateway.errors import Unavailable
from gateway.tasks import Tasks

T = TypeVar("T")

_MAX_BATCH = 500  # rows: about 5 ms of transaction
_INTERVAL_S = 0.5  # how old a row may get before it is written
_MAX_QUEUE = 20_000  # rows: 10 s of 2,000 calls a second, about 10 MB
_RETRY_S = 2.0  # pause after a failed write; the database is given time, and the log is not flooded
_ATTEMPTS = 5  # writes of a refused batch before it is given up: one wrong row must not dam up all that come after

logger = logging.getLogger("modelport.storage")


class BatchWriter(Generic[T]):
    """Calls `write` with the rows that were put, in order, one batch at a time.

    `write` gets 1 to 500 rows and makes one transaction of them; when it raises, the same rows come again. While it
    raises Unavailable they wait for as long as there is room for those that come after.
    """

    def __init__(  # noqa: PLR0913 - keyword-only; the last three only change in tests
        self,
        write: Callable[[Sequence[T]], Awaitable[None]],
        *,
        name: str,
        tasks: Tasks,
        interval_s: float = _INTERVAL_S,
        retry_s: float = _RETRY_S,
        max_queue: int = _MAX_QUEUE,
    ) -> None:
        self._write = write
        self._name = name
        self._interval_s = interval_s
        self._retry_s = retry_s
        self._max_queue = max_queue
        self._queue: deque[T] = deque()
        self._attempts = 0
        self._is_away = False
        self._lost_before = 0
        self._some = asyncio.Event()
        self._full = asyncio.Event()
        self._writing = asyncio.Lock()
        self.lost = 0
        """Rows that were not written, because the queue was full or the database refused them."""
        self.written = 0
        tasks.start(self._run(), name=f"writer {name}")

    def __len__(self) -> int:
        """How many rows wait."""
        return len(self._queue)

    def put(self, row: T) -> bool:
        """Take the row and return True; return False, and count it as lost, when the queue is full."""
        if len(self._queue) >= self._max_queue:
            self._lose(1, "the queue is full")
            return False
        self._queue.append(row)
        self._some.set()
        if len(self._queue) >= _MAX_BATCH:
            self._full.set()
        return True

    async def drain(self) -> None:
        """Write everything that waits now; call it before the database is closed, and in tests before looking.

        Rows that a database which is away does not take in five attempts are lost.
        """
        async with self._writing:
            refused = 0
            while self._queue:
                refused = 0 if await self._write_batch() else refused + 1
                if refused >= _ATTEMPTS:
                    self._lose(len(self._queue), "the database is away at the end")
                    self._queue.clear()

    async def _run(self) -> None:
        while True:
            await self._some.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._interval_s):  # wait_for of 3.11 may swallow the end of this task
                    await self._full.wait()
            self._some.clear()
            if not await self._write_waiting():
                await asyncio.sleep(self._retry_s)
                self._some.set()
            if len(self._queue) < _MAX_BATCH:
                self._full.clear()

    async def _write_waiting(self) -> bool:
        """Write the rows that wait now; those that come meanwhile are collected again.

        Under load there are always some: a transaction for every ten of them took more than all the rest of a row.
        """
        async with self._writing:
            left = len(self._queue)
            while left > 0:
                if not await self._write_batch():
                    return False
                left -= _MAX_BATCH
        return True

    async def _write_batch(self) -> bool:
        """Write the oldest rows; when that fails leave them in the queue, and give up refused ones the fifth time."""
        batch = list(itertools.islice(self._queue, _MAX_BATCH))
        try:
            await self._write(batch)
        except Unavailable as error:
            if not self._is_away:
                logger.warning("%s: %s; up to %d rows wait for it", self._name, error.message, self._max_queue)
            self._is_away = True
            return False
        except Exception:  # the background loop of house style 11: no row may end the writing of all others
            self._attempts += 1
            logger.warning("writing %d rows of %s failed", len(batch), self._name, exc_info=True)
            if self._attempts < _ATTEMPTS:
                return False
            self._lose(len(batch), f"they were refused {_ATTEMPTS} times")
        else:
            self.written += len(batch)
            self._recovered()
        self._attempts = 0
        for _ in batch:
            self._queue.popleft()
        return True

    def _lose(self, count: int, why: str) -> None:
        """Count lost rows; the log is told of the first, and when rows are written again of all."""
        if self.lost == self._lost_before:
            logger.error("rows of %s are lost: %s; they are counted until rows are written again", self._name, why)
        self.lost += count

    def _recovered(self) -> None:
        lost, self._lost_before = self.lost - self._lost_before, self.lost
        if self._is_away or lost:
            logger.warning("%s is written again; %d rows were lost", self._name, lost)
        self._is_away = False
