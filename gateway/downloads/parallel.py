"""The parts that are missing, a few at a time, each from whichever server gives it."""

import asyncio
from collections import deque

from gateway.downloads.artefact import Artefact
from gateway.downloads.attempt import WORTH, Asking, Failed, Opened
from gateway.downloads.book import Book
from gateway.downloads.errors import DownloadError
from gateway.downloads.hashing import WholeHash, chunks_differ
from gateway.downloads.part_file import PartFile
from gateway.downloads.parts import Part, Parts
from gateway.downloads.progress import Meter
from gateway.downloads.sink import Blocks, Sink
from gateway.downloads.sources import Rules, Source, Sources


class NoRanges(Exception):
    """The servers that are left give the whole file or nothing; `opened` is such an answer."""

    def __init__(self, opened: Opened) -> None:
        super().__init__(opened.source.url)
        self.opened = opened


class Floor:
    """What everybody who brings parts stands on."""

    def __init__(  # noqa: PLR0913 - keyword-only, each a part of one download
        self,
        *,
        artefact: Artefact,
        parts: Parts,
        file: PartFile,
        book: Book,
        whole: WholeHash,
        asking: Asking,
        sources: Sources,
        rules: Rules,
        meter: Meter,
    ) -> None:
        self.artefact = artefact
        self.parts = parts
        self.file = file
        self.asking = asking
        self.sources = sources
        self.rules = rules
        self.blocks = Blocks(file)
        self.fetched = 0
        """Bytes that came over the wire in this run and went onto the disk."""
        self._book = book
        self._whole = whole
        self._meter = meter
        self._news = asyncio.Event()

    def sink(self, part: Part, at: int) -> Sink:
        """Return where the bytes of a part from `at` on go."""
        written = at - part.start

        def wrote(count: int) -> None:
            nonlocal written
            written += count
            self.fetched += count
            self.parts.note(part, written)
            self._meter.at(self.parts.here)

        return Sink(self.file, self.blocks, offset=at, stop=part.stop, wrote=wrote)

    async def is_right(self, part: Part) -> bool:
        """Note that all of a part is here, and keep that; False when its chunks have another content."""
        artefact = self.artefact
        chunk, chunks = artefact.chunk, artefact.chunks
        if chunks and chunk is not None and await chunks_differ(self.file, part, chunk, chunks):
            self.parts.forget(part)
            return False
        self.parts.finish(part)
        await self._book.keep()
        self._news.set()
        return True

    async def hash_along(self) -> None:
        """Hash what is here without a gap, until every part is."""
        while True:
            await self._whole.follow(self.parts)
            if self.parts.complete:
                return
            await self._news.wait()
            self._news.clear()


class Parallel:
    """Fetches parts side by side."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._left = deque(floor.parts.missing())

    async def run(self, first: Opened) -> None:
        """Return when every part is here; `first` is an answer for the first part that is missing.

        Raises:
            NoRanges: nobody gives ranges any more.
            Changed, GatewayError: as `Asking` says.
        """
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._floor.hash_along(), name="hash what has arrived")
                for number in range(min(self._floor.rules.parallel, len(self._left))):
                    group.create_task(self._work(first if number == 0 else None), name=f"fetch parts {number}")
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None  # the first one; the others were cancelled for it

    async def _work(self, opened: Opened | None) -> None:
        while self._left:
            await self._fetch(self._left.popleft(), opened)
            opened = None

    async def _fetch(self, part: Part, opened: Opened | None) -> None:
        floor = self._floor
        tries = bad = 0
        failed: Source | None = None
        while True:
            at = part.start + floor.parts.written.get(part.number, 0)
            if at >= part.stop:
                if await floor.is_right(part):
                    return
                bad += 1
                if bad >= floor.rules.bad_chunks:
                    raise DownloadError("chunk_differs", start=part.start, end=part.stop - 1, times=bad)
                continue
            source = opened.source if opened is not None else await floor.sources.choose(failed)
            failure = await self._some(part, at, source, opened)
            opened = None
            here = floor.parts.written.get(part.number, 0) + part.start
            tries = 0 if here - at >= min(WORTH, part.stop - at) else tries + 1
            failed = source
            if failure is None and tries == 0:
                floor.sources.worked(source)
            elif tries:
                floor.asking.failed(source, failure or Failed("it gives a few bytes at a time"), tries)
            else:
                floor.sources.rest(source)

    async def _some(self, part: Part, at: int, source: Source, opened: Opened | None) -> Failed | None:
        """Bring what one answer gives of the part onto the disk, and return why it is not all of it."""
        floor = self._floor
        try:
            opened = opened or await floor.asking.ask(source, at, part.stop)
            if not opened.bytes.ranged:
                self._check_ranges(opened)
            sink = floor.sink(part, at)
            try:
                await floor.asking.bring(opened, sink)
            finally:
                await sink.close()
        except Failed as failure:
            return failure
        return None

    def _check_ranges(self, opened: Opened) -> None:
        """Raise NoRanges for an answer with the whole file, or Failed while somebody else may give ranges."""
        others = (one for one in self._floor.sources.all if one.dead is None and one.ranges is not False)
        if next(others, None) is None:
            raise NoRanges(opened)
        opened.response.close()
        raise Failed("it gives the whole file or nothing")
