"""The time limits of the running calls, with a timer for few of them. Used by the data plane only (section 5).

`asyncio.timeout` around every chunk costs microseconds per chunk; here a new phase costs three attributes. A limit of
many seconds, and nearly every one is, is looked at by one tick for all calls, which may come a second late; only a
near one gets a timer of its own. A timer per phase took 12 us of each call (measured).
"""

import asyncio
from collections.abc import Iterator
from time import monotonic
from types import TracebackType
from typing import Self

from gateway.access.call import Call

TICK_S = 1.0
"""How often all calls are looked at: 0.2 ms for a thousand of them."""
NEAR_S = 10.0
"""A limit below this is kept to the millisecond; above, a tick more is less than a tenth."""
_NEVER = float("inf")


class Deadlines:
    """The limits of all running calls. One for the process."""

    def __init__(self, *, tick_s: float = TICK_S, near_s: float = NEAR_S) -> None:
        self._tick_s = tick_s
        self.near_s = near_s
        self._open: set[Deadline] = set()
        self._ticking: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """How many calls are running."""
        return len(self._open)

    def expire_all(self, name: str) -> None:
        """End every running call now, as if its limit `name` had passed."""
        for deadline in self.open():
            deadline.expire(name)

    def open(self) -> Iterator["Deadline"]:
        """Yield the deadline of each running call; entering and leaving meanwhile does not disturb."""
        yield from tuple(self._open)

    def enter(self, deadline: "Deadline", loop: asyncio.AbstractEventLoop) -> None:
        """Look at the deadline with every tick, until it has left."""
        self._open.add(deadline)
        if self._ticking is None:
            self._ticking = loop.call_later(self._tick_s, self._tick, loop)

    def leave(self, deadline: "Deadline") -> None:
        """Look at it no more."""
        self._open.discard(deadline)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        now = monotonic()
        for deadline in tuple(self._open):
            deadline.check(now)
        self._ticking = loop.call_later(self._tick_s, self._tick, loop) if self._open else None


class Deadline:
    """Cancels the task that entered it when the current limit passes; `expired` then says which limit it was.

    Inside, `limit(name, seconds)` starts a new phase, `again()` restarts the phase (a byte has moved). `total` bounds
    the whole. The CancelledError is the caller's to catch: `took()` tells whether it was ours.
    """

    __slots__ = (
        "_all",
        "_due",
        "_handle",
        "_loop",
        "_name",
        "_near_s",
        "_seconds",
        "_task",
        "_total_due",
        "call",
        "expired",
    )

    def __init__(self, deadlines: Deadlines, call: Call | None = None) -> None:
        self.call = call
        self._all = deadlines
        self._near_s = deadlines.near_s
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[object] | None = None
        self._handle: asyncio.TimerHandle | None = None
        self._name = ""
        self._seconds = 0.0
        self._due = _NEVER
        self._total_due = _NEVER
        self.expired: str | None = None

    def __enter__(self) -> Self:
        self._task = asyncio.current_task(self._loop)
        self._all.enter(self, self._loop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task = None
        self._all.leave(self)
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def limit(self, name: str, seconds: float) -> None:
        """Begin the phase `name`, which may last `seconds` without `again()`."""
        self._name = name
        self._seconds = seconds
        self._due = monotonic() + seconds
        if seconds < self._near_s:
            self._arm(self._due)

    def again(self) -> None:
        """Restart the current phase: something moved."""
        self._due = monotonic() + self._seconds

    def total(self, seconds: float | None) -> None:
        """Bound the call from now on to `seconds`; None lifts the bound."""
        self._total_due = _NEVER if seconds is None else monotonic() + seconds
        if seconds is not None and seconds < self._near_s:
            self._arm(self._total_due)

    def expire(self, name: str) -> None:
        """End the call now, as if the limit `name` had passed (drain, retirement)."""
        if self._task is not None and self.expired is None:
            self.expired = name
            self._task.cancel()

    def took(self) -> str | None:
        """Return which limit caused the CancelledError just caught, or None when somebody else cancelled.

        If it was ours, the task goes on living and the next limit may be set.
        """
        name, self.expired = self.expired, None
        task = asyncio.current_task()
        if name is not None and task is not None:
            task.uncancel()
        return name

    def check(self, now: float) -> None:
        """End the call if a limit has passed at `now`, seconds of time.monotonic()."""
        if now >= self._total_due:
            self.expire("total")
        elif now >= self._due:
            self.expire(self._name)

    def _arm(self, when: float) -> None:
        # A later limit needs no new timer: the old one wakes up early, looks and sleeps again.
        if self._handle is not None:
            if self._handle.when() <= when:
                return
            self._handle.cancel()
        self._handle = self._loop.call_at(when, self._look)

    def _look(self) -> None:
        self._handle = None
        now = monotonic()
        self.check(now)
        nearest = min(self._due, self._total_due)
        if self.expired is None and nearest < now + self._near_s:
            self._arm(nearest)
