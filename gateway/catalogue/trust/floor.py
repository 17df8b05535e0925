"""What time it is at least: the clock, but never before what is known to be past (CAT-32).

A clock that was set back makes expired metadata look good; a build and a signature prove that their moment is past.
"""

from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from gateway.storage.clock import Clock

TOLERANCE_MS: Final = 5 * 60 * 1000
"""Clocks of two honest machines may differ by so much; Kerberos draws the same line."""


class Reference(Struct, frozen=True):
    """The time that expiry is judged by; `behind_ms` is how far the clock lags, 0 when it may be right."""

    at_ms: int
    behind_ms: int

    @property
    def moment(self) -> datetime:
        """As python-tuf takes it."""
        return datetime.fromtimestamp(self.at_ms / 1000, UTC)


class TimeFloor:
    """The clock and the moment of the build, below which no time is believed (0: not known)."""

    def __init__(self, clock: Clock, *, built_at_ms: int = 0) -> None:
        self.clock = clock
        self.built_at_ms = built_at_ms

    def reference(self, *, signed_at_ms: int = 0) -> Reference:
        """Return the time to judge by; `signed_at_ms` is the newest signature that was seen under the same root.

        >>> from tests.clock import ManualClock
        >>> TimeFloor(ManualClock(1000), built_at_ms=500_000).reference(signed_at_ms=400_000)
        Reference(at_ms=500000, behind_ms=499000)
        """
        now_ms = self.clock.now_ms()
        floor_ms = max(self.built_at_ms, signed_at_ms)
        behind_ms = floor_ms - now_ms
        return Reference(max(now_ms, floor_ms), behind_ms if behind_ms > TOLERANCE_MS else 0)


def is_clock_ahead(now_ms: int, told_ms: int | None, *, expires_ms: int) -> bool:
    """Tell whether something only looks expired because this clock runs ahead of the hub's (a hint, never believed).

    `told_ms` is the hub's HTTP `Date`. It changes the word that is shown, not what is taken: who lies with it gains
    nothing.
    """
    return told_ms is not None and now_ms - told_ms > TOLERANCE_MS and told_ms < expires_ms
