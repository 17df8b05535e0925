"""How far a download is: `{bytes, total, rate, eta, phase}`, twice a second and at each new phase."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import asdict

Phase: TypeAlias = Literal["wait", "fetch", "verify", "done"]
"""wait: another download of the same file, or a server that asked for patience; verify: what is here is hashed."""

EVERY_S: Final = 0.5
_WINDOW_S: Final = 10.0
"""Seconds that the rate is taken over: a stall shows soon, a hiccup does not."""


class Progress(Struct, frozen=True):
    """One look at a download. `rate` is bytes per second, `eta` seconds; None: nobody can tell."""

    bytes: int
    total: int | None
    rate: float | None
    eta: float | None
    phase: Phase

    @property
    def data(self) -> dict[str, Any]:
        """As an event says it."""
        return asdict(self)


Notify: TypeAlias = Callable[[Progress], None]


class Meter:
    """Watches one number grow, and tells of it at each `tick`, also when it does not grow."""

    def __init__(self, notify: Notify, now: Callable[[], float]) -> None:
        self.phase: Phase = "fetch"
        self.total: int | None = None
        self._notify = notify
        self._now = now
        self._bytes = 0
        self._seen: deque[tuple[float, int]] = deque()

    def begin(self, phase: Phase, here: int, total: int | None) -> None:
        """Begin a phase, with so many bytes done already, and tell it."""
        self.phase, self._bytes, self.total = phase, here, total
        self._seen.clear()
        self._tell(self._now())

    def at(self, here: int) -> None:
        """Note how many bytes are done now."""
        self._bytes = here

    def tick(self) -> None:
        """Tell how far it is, unless it has not begun or is over."""
        if self._seen and self.phase != "done":
            self._tell(self._now())

    def end(self) -> None:
        """Tell that it is done."""
        self.begin("done", self._bytes if self.total is None else self.total, self.total)

    def _tell(self, now: float) -> None:
        self._seen.append((now, self._bytes))
        while self._seen[0][0] < now - _WINDOW_S:
            self._seen.popleft()
        rate = self._rate()
        left = None if self.total is None else max(0, self.total - self._bytes)
        eta = None if left is None or not rate else round(left / rate, 1)
        self._notify(Progress(self._bytes, self.total, rate, 0.0 if self.phase == "done" else eta, self.phase))

    def _rate(self) -> float | None:
        (first, before), (last, now) = self._seen[0], self._seen[-1]
        return round(max(0, now - before) / (last - first), 1) if last > first else None


@contextmanager
def ticking(meter: Meter) -> Iterator[None]:
    """Have the meter tell how far it is, again and again: a download that stands still is seen to stand still."""
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle

    def tick() -> None:
        nonlocal timer
        timer = loop.call_later(EVERY_S, tick)
        meter.tick()

    timer = loop.call_later(EVERY_S, tick)
    try:
        yield
    finally:
        timer.cancel()
