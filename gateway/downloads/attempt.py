"""One answer of one server: asked for, judged, and its body brought onto the disk."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from gateway.downloads.answers import Bytes, Odd, Refused, meaning
from gateway.downloads.errors import DownloadError
from gateway.downloads.opening import NotOpened, Opener
from gateway.downloads.part_file import PartFile
from gateway.downloads.sources import Rules, Source, Sources
from gateway.errors import UpstreamFailed
from gateway.upstream.transport import UpstreamResponse

BLOCK: Final = 512 * 1024
"""Bytes written at a time, while the next block arrives: of four parts 4 MiB in memory; more saves nothing."""
WORTH: Final = 64 * 1024
"""Bytes that make an answer one that helped: one that always breaks off earlier is given up."""


class Failed(Exception):
    """This answer is of no use; another one may be, after `wait_s` seconds if the server said so."""

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait_s = wait_s


class Changed(Exception):
    """The server has another file than before."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place


class Opened(Struct, frozen=True):
    """An answer that holds bytes of the file."""

    source: Source
    response: UpstreamResponse
    bytes: Bytes


class Asking:
    """Asks for bytes. `size` is what is known of the whole length; `promised` says that it is not the server's word."""

    def __init__(self, opener: Opener, sources: Sources, rules: Rules) -> None:
        self._opener = opener
        self._sources = sources
        self._rules = rules
        self.size: int | None = None
        self.promised = False

    async def first(self, start: int, stop: int) -> Opened:
        """Return the first usable answer to a request for these bytes, from whichever server gives one.

        Raises:
            GatewayError: nobody does.
            Changed: the file is another one than that of which parts are here.
        """
        tries, failed = 0, None
        while True:
            source = await self._sources.choose(failed, ranges=False)
            try:
                return await self.ask(source, start, stop)
            except Failed as failure:
                tries += 1
                failed = source
                self.failed(source, failure, tries)

    def failed(self, source: Source, failure: Failed, tries: int) -> None:
        """Note that a source failed, so many times in a row.

        Raises:
            DownloadError: that is too often, or the source wants nobody to come back soon.
        """
        if source.dead is not None:
            return
        if tries >= self._rules.attempts:
            raise DownloadError("gave_up", place=self.place(source), times=tries, reason=failure.reason)
        self._sources.rest(source, failure.wait_s)

    async def ask(self, source: Source, start: int, stop: int | None) -> Opened:
        """Return the answer to a request for these bytes, `stop` None: for the whole file; a 200 may come for a range.

        Raises:
            Failed: it is none.
            Changed: it is of another file than before.
        """
        headers = {}
        if stop is not None:
            headers["Range"] = f"bytes={start}-{stop - 1}"
            if source.validator is not None and source.validator.if_range is not None:
                headers["If-Range"] = source.validator.if_range
        try:
            response = await self._opener.open(source.url, headers)
        except NotOpened as refused:
            if not refused.again:
                source.dead = refused.error
            raise Failed(refused.error.message) from None
        try:
            return self._judged(source, response, start, stop)
        except BaseException:
            response.close()
            raise

    async def body(self, opened: Opened) -> AsyncGenerator[bytes, None]:
        """Yield the body as it comes, as much of it as was announced.

        Raises:
            Failed: it breaks off, stands still or drips.
        """
        stop = opened.bytes.stop if opened.bytes.stop is not None else self.size
        left = (stop or 0) - opened.bytes.start
        watch = _Watch(opened.response, self._rules, left)
        chunks = aiter(opened.response.chunks())
        try:
            while left > 0:
                with watch:
                    chunk = await anext(chunks)
                yield chunk[:left] if len(chunk) > left else chunk
                left -= len(chunk)
        except StopAsyncIteration:
            raise Failed(f"its answer ended {left} bytes early") from None
        except UpstreamFailed as error:
            raise Failed(watch.verdict or error.message) from None
        finally:
            watch.stop()
            opened.response.close()

    def place(self, source: Source) -> str:
        """Return how the source is called in messages."""
        return self._opener.place(source.url)

    def _judged(self, source: Source, response: UpstreamResponse, start: int, stop: int | None) -> Opened:
        found = meaning(response.status, response.headers, start=start, stop=stop, now=datetime.now(UTC))
        place = self.place(source)
        if isinstance(found, Refused):
            if not found.again:
                source.dead = DownloadError("refused", place=place, status=found.status)
            raise Failed(f"it answers {found.status}", found.wait_s)
        if isinstance(found, Odd):
            raise Failed(found.why)
        if source.validator is not None and source.validator.differs(found.validator):
            raise Changed(place)
        self._check_length(source, found)
        if found.ranged and found.stop == found.start and self.size != 0 and found.total != 0:
            raise Failed("it says that the file is shorter than it is")
        if source.validator is None and found.validator:
            source.validator = found.validator
        source.ranges = found.ranged
        return Opened(source, response, found)

    def _check_length(self, source: Source, found: Bytes) -> None:
        if self.size is None or found.total in {None, self.size}:
            return
        place = self.place(source)
        if not self.promised:
            raise Changed(place)
        source.dead = DownloadError("length_differs", place=place, found=found.total, size=self.size)
        raise Failed(source.dead.message)


class _Watch:
    """Closes an answer that stands still or drips while somebody waits for it; what the disk takes does not count.

    One timer for many chunks: one for each would cost more than the chunk.
    """

    def __init__(self, response: UpstreamResponse, rules: Rules, size: int) -> None:
        self.verdict = ""
        """Why it was closed; empty when it was not."""
        self._response = response
        self._rules = rules
        self._loop = asyncio.get_running_loop()
        self._budget_s = rules.stall_s + size / rules.least_rate
        self._waited_s = 0.0
        self._since: float | None = None
        self._timer = self._loop.call_later(rules.stall_s / 4, self._look)

    def __enter__(self) -> None:
        self._since = self._loop.time()

    def __exit__(self, *_: object) -> None:
        if self._since is not None:
            self._waited_s += self._loop.time() - self._since
        self._since = None

    def stop(self) -> None:
        """Watch no longer."""
        self._timer.cancel()

    def _look(self) -> None:
        silent_s = 0.0 if self._since is None else self._loop.time() - self._since
        if silent_s >= self._rules.stall_s:
            self.verdict = f"it sent nothing for {self._rules.stall_s:g} s"
        elif self._waited_s + silent_s >= self._budget_s:
            self.verdict = f"it sends less than {self._rules.least_rate} bytes a second"
        if self.verdict:
            self._response.close()
        else:
            self._timer = self._loop.call_later(self._rules.stall_s / 4, self._look)


class Sink:
    """Where a body goes: blocks are written in a thread, and `wrote` is told of each that is on the disk."""

    def __init__(self, file: PartFile, offset: int, wrote: Callable[[int], None]) -> None:
        self._file = file
        self._offset = offset
        self._wrote = wrote
        self._pieces: list[bytes] = []
        self._held = 0
        self._writing: asyncio.Task[None] | None = None

    async def put(self, piece: bytes) -> None:
        """Take a piece. Raises DownloadError when the disk fails."""
        self._pieces.append(piece)
        self._held += len(piece)
        if self._held >= BLOCK:
            await self._flush()

    async def close(self) -> None:
        """Write the rest, and return when all of it is on the disk."""
        await self._flush()
        await self._settle()

    async def _flush(self) -> None:
        await self._settle()
        if self._held:
            pieces, count, offset = self._pieces, self._held, self._offset
            self._pieces, self._held, self._offset = [], 0, offset + count
            if self._file.alone:
                await self._write(pieces, count, offset)
            else:
                self._writing = self._file.begin(self._write(pieces, count, offset))

    async def _settle(self) -> None:
        if self._writing is not None:
            writing, self._writing = self._writing, None
            await writing

    async def _write(self, pieces: list[bytes], count: int, offset: int) -> None:
        try:
            if self._file.alone:
                self._file.write(pieces, offset)
            else:
                await self._file.run(lambda: self._file.write(pieces, offset))
        except OSError as error:
            raise self._file.failure(error) from error
        self._wrote(count)
