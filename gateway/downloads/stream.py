"""All of the file in one go, from a server that gives no ranges: parts that are here already are passed over."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from gateway.downloads.attempt import WORTH, Failed, Opened, Sink
from gateway.downloads.errors import DownloadError
from gateway.downloads.parallel import Floor
from gateway.downloads.parts import Part
from gateway.downloads.sources import Source


class Stream:
    """Fetches the file from its beginning, as often as it takes."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._farthest = 0
        self._bad = 0

    async def run(self, first: Opened) -> None:
        """Return when every part is here; `first` is an answer with the whole file.

        Raises:
            Changed, GatewayError: as `Asking` says.
        """
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._floor.hash_along(), name="hash what has arrived")
                group.create_task(self._go(first), name="fetch the file")
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None  # the first one; the other was cancelled for it

    async def _go(self, opened: Opened | None) -> None:
        floor, tries = self._floor, 0
        failed: Source | None = None
        while not floor.parts.complete:
            source = opened.source if opened is not None else await floor.sources.choose(failed, ranges=False)
            before, failure = self._farthest, None
            try:
                await self._pass(opened or await floor.asking.ask(source, 0, None))
            except Failed as reason:
                failure = reason
            opened = None
            if floor.parts.complete:
                return
            tries = 0 if self._farthest - before >= WORTH else tries + 1
            failed = source
            floor.asking.failed(source, failure or Failed("a part of it was wrong"), tries)

    async def _pass(self, opened: Opened) -> None:
        """Take what is missing out of one answer."""
        taking = _Taking(self._floor, self._finish)
        try:
            async with aclosing(self._floor.asking.body(opened)) as body:
                async for chunk in body:
                    await taking.take(chunk)
                    self._farthest = max(self._farthest, taking.at)
        finally:
            await taking.close()

    async def _finish(self, part: Part) -> None:
        """Note that a part is here; one that is wrong is taken from the next answer.

        Raises:
            DownloadError: it was wrong too often.
        """
        if not await self._floor.is_right(part):
            self._bad += 1
            if self._bad >= self._floor.rules.bad_chunks:
                raise DownloadError("chunk_differs", start=part.start, end=part.stop - 1, times=self._bad)


class _Taking:
    """A body from the file's beginning on, of which what is missing goes onto the disk."""

    def __init__(self, floor: Floor, finish: Callable[[Part], Awaitable[None]]) -> None:
        self.at = 0
        self._floor = floor
        self._finish = finish
        self._sink: Sink | None = None

    async def take(self, chunk: bytes) -> None:
        """Take the next bytes; they may end one part and begin others."""
        parts = self._floor.parts
        while chunk:
            part = parts[self.at // parts.part]
            if self._sink is None and part.number not in parts.done:
                parts.forget(part)  # of a part that is here by half, that half comes again
                self._sink = self._floor.sink(part, part.start)
            taken, chunk = chunk[: part.stop - self.at], chunk[part.stop - self.at :]
            self.at += len(taken)
            if self._sink is not None:
                await self._sink.put(taken)
                if self.at == part.stop:
                    await self.close()
                    await self._finish(part)

    async def close(self) -> None:
        """Write what was taken."""
        if self._sink is not None:
            sink, self._sink = self._sink, None
            await sink.close()
