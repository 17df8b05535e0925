"""One answer of one server: asked for, judged, and its body brought onto the disk."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, Protocol

from msgspec import Struct

from gateway.downloads.answers import Bytes, Odd, Refused, meaning
from gateway.downloads.errors import DownloadError
from gateway.downloads.opening import NotOpened, Opener
from gateway.downloads.sources import Rules, Source, Sources
from gateway.errors import UpstreamFailed
from gateway.upstream.transport import Landing, UpstreamResponse

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


class Basin(Protocol):
    """What a body is brought into."""

    def landing(self, most: int) -> Landing:
        """Return where the next bytes go, with room for one and for no more than `most`."""
        ...

    async def turn(self) -> None:
        """Take note that bytes have landed. Raises DownloadError when the disk fails."""
        ...


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

    async def bring(self, opened: Opened, sink: Basin) -> None:
        """Have the body land in the sink, as much of it as was announced.

        Raises:
            Failed: it breaks off, stands still or drips.
            DownloadError: the disk fails.
        """
        stop = opened.bytes.stop if opened.bytes.stop is not None else self.size
        left = (stop or 0) - opened.bytes.start
        watch = _Watch(opened.response, self._rules, left)
        try:
            while left > 0:
                landing = sink.landing(left)
                before = landing.filled
                with watch.over(landing):
                    await opened.response.fill(landing)
                left -= landing.filled - before
                if landing.filled == before:
                    raise Failed(f"its answer ended {left} bytes early")
                await sink.turn()
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
    """Closes an answer that stands still or drips while somebody waits for it; what the disk takes does not count."""

    def __init__(self, response: UpstreamResponse, rules: Rules, size: int) -> None:
        self.verdict = ""
        """Why it was closed; empty when it was not."""
        self._response = response
        self._rules = rules
        self._loop = asyncio.get_running_loop()
        self._budget_s = rules.stall_s + size / rules.least_rate
        self._landing: Landing | None = None
        self._filled = 0
        self._began = self._heard = self._waited_s = 0.0
        self._timer = self._loop.call_later(rules.stall_s / 4, self._look)

    @contextmanager
    def over(self, landing: Landing) -> Iterator[None]:
        """Watch what lands there."""
        self._landing, self._filled = landing, landing.filled
        self._began = self._heard = self._loop.time()
        try:
            yield
        finally:
            self._landing = None
            self._waited_s += self._loop.time() - self._began

    def stop(self) -> None:
        """Watch no longer."""
        self._timer.cancel()

    def _look(self) -> None:
        now = self._loop.time()
        if self._landing is not None:
            if self._landing.filled != self._filled:
                self._filled, self._heard = self._landing.filled, now
            if now - self._heard >= self._rules.stall_s:
                self.verdict = f"it sent nothing for {self._rules.stall_s:g} s"
            elif self._waited_s + now - self._began >= self._budget_s:
                self.verdict = f"it sends less than {self._rules.least_rate} bytes a second"
        if self.verdict:
            self._response.close()
        else:
            self._timer = self._loop.call_later(self._rules.stall_s / 4, self._look)
