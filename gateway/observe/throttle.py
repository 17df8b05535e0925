"""Keeps a noisy logger from flooding the log (SRV-11): a caller can make a library print a trace per connection."""

import logging
import time
from collections.abc import Callable

RECORDS = 20
"""Records per window: enough to see what is going on."""
WINDOW_S = 60.0


class Throttle(logging.Filter):
    """Lets so many records of a logger through in each window, and says with the next one how many it kept back."""

    def __init__(
        self, *, records: int = RECORDS, window_s: float = WINDOW_S, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._records = records
        self._window_s = window_s
        self._monotonic = monotonic
        self._began = monotonic()
        self._passed = 0
        self._kept_back = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is written."""
        now = self._monotonic()
        if now - self._began >= self._window_s:
            self._began, self._passed = now, 0
        if self._passed >= self._records:
            self._kept_back += 1
            return False
        self._passed += 1
        if self._kept_back:
            record.msg, record.args = f"{record.getMessage()} ({self._kept_back} more like it were left out)", ()
            self._kept_back = 0
        return True
