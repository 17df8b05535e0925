"""What time it is, as an argument: everything that waits or stamps takes a `Clock`, so that tests need no sleeping.

Anybody may take a `Clock` by constructor; only the composition root makes a `SystemClock`.
"""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Two times: the wall's for what is written down, the monotonic one for what is measured."""

    def now_ms(self) -> int:
        """Return milliseconds since 1970-01-01 UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds since an unknown start; never goes back."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now_ms(self) -> int:
        """Return milliseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Return seconds since an unknown start; never goes back."""
        return time.monotonic()


def rfc3339(at_ms: int) -> str:
    """Return a time in milliseconds as text.

    >>> rfc3339(1_767_225_600_123)
    '2026-01-01T00:00:00.123Z'
    """
    moment = datetime.fromtimestamp(at_ms // 1000, UTC).replace(tzinfo=None)
    return f"{moment.isoformat()}.{at_ms % 1000:03d}Z"  # a tenth of what strftime takes
