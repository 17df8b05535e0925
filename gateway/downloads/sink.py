"""From a connection to the disk: a body lands in blocks of memory, and each full one is written."""

import asyncio
from collections.abc import Callable
from typing import Final

from gateway.downloads.part_file import PartFile
from gateway.upstream.transport import Landing

BLOCK: Final = 512 * 1024
"""Bytes that a part has in memory. Smaller blocks cost more turns, larger ones leave the processor's caches."""


class Blocks:
    """The memory that parts share one after the other: new memory costs a fault for each page."""

    def __init__(self, file: PartFile) -> None:
        self.size = BLOCK if file.alone else BLOCK // 2  # one is written while the other fills
        self._free: list[memoryview] = []

    def take(self) -> memoryview:
        """Return a block that nobody uses."""
        return self._free.pop() if self._free else memoryview(bytearray(self.size))

    def give(self, block: memoryview) -> None:
        """Take a block back."""
        self._free.append(block)


class Sink:
    """Where the bytes from `offset` up to `stop` go; `wrote` is told of each block that is on the disk."""

    def __init__(self, file: PartFile, blocks: Blocks, *, offset: int, stop: int, wrote: Callable[[int], None]) -> None:
        self._file = file
        self._blocks = blocks
        self._offset = offset
        self._stop = stop
        self._wrote = wrote
        self._block = blocks.take()
        self._spare: memoryview | None = None
        self._landing = self._next()
        self._writing: asyncio.Task[None] | None = None

    @property
    def at(self) -> int:
        """How far the bytes go that have landed."""
        return self._offset + self._landing.filled

    def landing(self, most: int) -> Landing:
        """See `Basin.landing`."""
        landing = self._landing
        landing.view = landing.view[: landing.filled + most]
        return landing

    async def turn(self) -> None:
        """See `Basin.turn`."""
        if not self._landing.room:
            await self._flush()

    async def close(self) -> None:
        """Write the rest, and return when all of it is on the disk."""
        await self._flush()
        await self._settle()
        for block in (self._block, self._spare):
            if block is not None:
                self._blocks.give(block)

    def _next(self) -> Landing:
        return Landing(self._block[: min(self._blocks.size, self._stop - self._offset)])

    async def _flush(self) -> None:
        await self._settle()
        count, offset = self._landing.filled, self._offset
        if not count:
            return
        full = self._landing.view[:count]
        self._offset += count
        if self._file.alone:
            await self._write(full, offset)
        else:
            self._writing = self._file.begin(self._write(full, offset))
            self._block, self._spare = self._spare or self._blocks.take(), self._block
        self._landing = self._next()

    async def _settle(self) -> None:
        if self._writing is not None:
            writing, self._writing = self._writing, None
            await writing

    async def _write(self, block: memoryview, offset: int) -> None:
        try:
            if self._file.alone:
                self._file.write([block], offset)
            else:
                await self._file.run(lambda: self._file.write([block], offset))
        except OSError as error:
            raise self._file.failure(error) from error
        self._file.wrote(len(block))
        self._wrote(len(block))
