"""All of the file in one go, from a server that gives no ranges: parts that are here already are passed over."""

import asyncio
from collections.abc import Awaitable, Callable

from gateway.downloads.attempt import WORTH, Failed, Opened
from gateway.downloads.errors import DownloadError
from gateway.downloads.parallel import Floor
from gateway.downloads.parts import Part
from gateway.downloads.sink import Sink
from gateway.downloads.sources import Source
from gateway.upstream.transport import Landing


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
            await self._floor.asking.bring(opened, taking)
        finally:
            self._farthest = max(self._farthest, taking.at)
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
        self._floor = floor
        self._finish = finish
        self._passed = 0
        """Where the part begins that is taken, or how far what is passed over has come."""
        self._block = floor.blocks.take()
        self._over = Landing(self._block)
        self._sink: Sink | None = None

    @property
    def at(self) -> int:
        """How far the body has come."""
        return self._passed + self._over.filled if self._sink is None else self._sink.at

    def landing(self, most: int) -> Landing:
        """Return where the next bytes go: those of a part that is here are passed over."""
        parts = self._floor.parts
        part = self._part()
        if self._sink is None and part.number not in parts.done:
            parts.forget(part)  # of a part that is here by half, that half comes again
            self._sink = self._floor.sink(part, part.start)
        if self._sink is not None:
            return self._sink.landing(most)
        self._over = Landing(self._block[: min(most, part.stop - self._passed)])
        return self._over

    async def turn(self) -> None:
        """Write what is full, and end a part at its end."""
        if self._sink is None:
            self._passed, self._over = self.at, Landing(self._block)
            return
        part = self._part()
        await self._sink.turn()
        if self.at == part.stop:
            await self.close()
            await self._finish(part)

    async def close(self) -> None:
        """Write what was taken."""
        if self._sink is not None:
            self._passed = self.at
            sink, self._sink = self._sink, None
            await sink.close()

    def _part(self) -> Part:
        """Return the part that the next bytes belong to."""
        parts = self._floor.parts
        return parts[self._passed // parts.part]
