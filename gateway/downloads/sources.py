"""Several servers that have the same file, and which one is asked next.

The first one is preferred; one that fails rests for a while, and the next one is asked for that part meanwhile. One
that has another file, or will never give it, is asked no more.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from msgspec import Struct

from gateway.downloads.answers import Validator
from gateway.downloads.errors import DownloadError
from gateway.downloads.parts import PART
from gateway.errors import GatewayError

MAX_WAIT_S: Final = 120.0
"""The longest `Retry-After` that is waited for; a longer one is told."""


class Rules(Struct, frozen=True, kw_only=True):
    """How patient a download is."""

    part: int = PART
    """Bytes of a part, where no list of chunks asks for another size."""
    parallel: int = 4
    """Parts at once (catalogue.md section 11)."""
    attempts: int = 10
    """Failures of one part in a row, none of which brought anything."""
    backoff_s: float = 0.5
    """Rest after a failure; twice as long after each further one, less up to a half by chance."""
    max_backoff_s: float = 30.0
    stall_s: float = 30.0
    """Silence in the middle of a body after which it is given up."""
    least_rate: int = 20_000
    """Bytes per second of one answer, below which it is given up: a drip would never end (catalogue.md section 7)."""
    alone: bool = False
    """Whether nothing else runs in this process: then blocks are written without the way to a thread and back."""
    restarts: int = 2
    """How often a server may change the file."""
    bad_chunks: int = 3
    """How often one part may arrive with a wrong content, where a list of chunks tells."""


class Source(Struct):
    """A server. `ranges` None: not known yet."""

    url: str
    validator: Validator | None = None
    ranges: bool | None = None
    failures: int = 0
    rests_until: float = 0.0
    dead: GatewayError | None = None


class Sources:
    """Who is asked. `place` names a server in messages, `now` is a monotonic clock, `chance` gives 0 to 1."""

    def __init__(
        self,
        urls: Iterable[str],
        rules: Rules,
        *,
        place: Callable[[str], str],
        now: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self.all = [Source(url) for url in urls]
        self._place = place
        self._rules = rules
        self._now = now
        self._chance = chance

    def of(self, url: str) -> Source | None:
        """Return the source of this address."""
        return next((one for one in self.all if one.url == url), None)

    async def choose(self, failed: Source | None = None, *, ranges: bool = True) -> Source:
        """Return whom to ask, once somebody may be asked; rather not the one that has just failed.

        With `ranges` only those that may give ranges.

        Raises:
            GatewayError: nobody is left; the error is that of the first one.
        """
        while True:
            living = [one for one in self.all if one.dead is None and not (ranges and one.ranges is False)]
            if not living:
                raise self._refusal()
            now = self._now()
            ready = [one for one in living if one.rests_until <= now]
            if ready:
                return next((one for one in ready if one is not failed), ready[0])
            await asyncio.sleep(min(one.rests_until for one in living) - now)

    def rest(self, source: Source, wait_s: float | None = None) -> None:
        """Note that a source failed: it rests for so long, else for longer each time.

        Raises:
            DownloadError: it asks for more patience than anybody has, and there is nobody else.
        """
        source.failures += 1
        if wait_s is None:
            grown = self._rules.backoff_s * 2.0 ** min(source.failures - 1, 20)
            wait_s = min(grown, self._rules.max_backoff_s) * (0.5 + self._chance() / 2)
        elif wait_s > MAX_WAIT_S and not any(one.dead is None for one in self.all if one is not source):
            raise DownloadError("wait_too_long", place=self._place(source.url), wait=wait_s)
        source.rests_until = max(source.rests_until, self._now() + wait_s)

    def worked(self, source: Source) -> None:
        """Note that a source gave something."""
        source.failures = 0

    def _refusal(self) -> GatewayError:
        dead = [one.dead for one in self.all if one.dead is not None]
        why = "it gives no ranges any more"
        return dead[0] if dead else DownloadError("answer_odd", place=self._place(self.all[0].url), why=why)
