"""How much may be checked: one check of an upstream at a time, 20 in all, 5 a minute for each caller.

So a check is no way to look for open ports or to load somebody's server (preflight.md section 10). Callers who may
change the egress policy anyway are not counted by the minute.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable

from gateway.errors import RateLimited

PER_MINUTE = 5
IN_ALL = 20
_MINUTE_S = 60.0
_REMEMBERED = 1000  # callers


class Limits:
    """Counts the checks of one process. `now` is in seconds and never goes back."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._recent: dict[str, deque[float]] = {}
        self._upstreams: dict[str, asyncio.Lock] = {}
        self._waiting: dict[str, int] = {}
        self._running = 0

    def count(self, caller: str) -> None:
        """Note a check of a caller.

        Raises:
            RateLimited: it is one too many in this minute.
        """
        now = self._now()
        recent = self._recent.setdefault(caller, deque())
        while recent and recent[0] <= now - _MINUTE_S:
            recent.popleft()
        if len(recent) >= PER_MINUTE:
            wait_s = max(1, round(recent[0] + _MINUTE_S - now))
            raise RateLimited(
                f"more than {PER_MINUTE} checks in a minute",
                code="too_many_checks",
                hint=f"wait {wait_s} s, then go on",
                headers={"Retry-After": str(wait_s)},
            )
        recent.append(now)
        if len(self._recent) > _REMEMBERED:
            self._recent = {who: times for who, times in self._recent.items() if times and times[-1] > now - _MINUTE_S}

    @contextlib.asynccontextmanager
    async def turn(self, upstream: str) -> AsyncIterator[None]:
        """Wait until nobody else checks this upstream.

        Raises:
            RateLimited: 20 checks are under way or wait.
        """
        if self._running >= IN_ALL:
            raise RateLimited(
                f"{IN_ALL} checks are under way",
                code="too_many_checks",
                hint="try again in a few seconds",
                headers={"Retry-After": "5"},
            )
        self._running += 1
        self._waiting[upstream] = self._waiting.get(upstream, 0) + 1
        try:
            async with self._upstreams.setdefault(upstream, asyncio.Lock()):
                yield
        finally:
            self._running -= 1
            self._waiting[upstream] -= 1
            if not self._waiting[upstream]:
                del self._waiting[upstream], self._upstreams[upstream]
