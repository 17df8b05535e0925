"""The time limits of one call, kept by one timer that is seldom touched.

`asyncio.timeout` around every chunk costs microseconds per chunk; here a chunk costs one attribute. The timer wakes up
when the limit could have passed, looks, and sleeps again. Used by the data plane only (proxy_behaviour.md section 5).
"""

import asyncio
from types import TracebackType
from typing import Self


class Deadline:
    """Cancels the task that entered it when the current limit passes; `expired` then says which limit it was.

    Inside, `limit(name, seconds)` starts a new phase, `again()` restarts the phase (a byte has moved). `total_s` bounds
    the whole. The CancelledError is the caller's to catch: `took()` tells whether it was ours.
    """

    __slots__ = ("_due", "_handle", "_loop", "_name", "_seconds", "_task", "_total_due", "expired")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[object] | None = None
        self._handle: asyncio.TimerHandle | None = None
        self._name = ""
        self._seconds = 0.0
        self._due = float("inf")
        self._total_due = float("inf")
        self.expired: str | None = None

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task = None
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def limit(self, name: str, seconds: float) -> None:
        """Begin the phase `name`, which may last `seconds` without `again()`."""
        self._name = name
        self._seconds = seconds
        self._due = self._loop.time() + seconds
        self._arm(min(self._due, self._total_due))

    def again(self) -> None:
        """Restart the current phase: something moved."""
        self._due = self._loop.time() + self._seconds

    def total(self, seconds: float | None) -> None:
        """Bound the call from now on to `seconds`; None lifts the bound."""
        self._total_due = float("inf") if seconds is None else self._loop.time() + seconds
        if self._name:
            self._arm(min(self._due, self._total_due))

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

    def _arm(self, when: float) -> None:
        # A later limit needs no new timer: the old one wakes up early, looks and sleeps again.
        if self._handle is not None and self._handle.when() <= when:
            return
        if self._handle is not None:
            self._handle.cancel()
        self._handle = self._loop.call_at(when, self._look)

    def _look(self) -> None:
        self._handle = None
        now = self._loop.time()
        if now >= self._total_due:
            self.expire("total")
        elif now >= self._due:
            self.expire(self._name)
        else:
            self._arm(min(self._due, self._total_due))
