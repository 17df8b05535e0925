"""How long usage is kept: rows of calls for a month, sums of days for more than a year.

Old rows go in small transactions, oldest first, so that neither memory nor other writers notice (CMP-3).
"""

from gateway.storage.engine import Database
from gateway.usage import store
from gateway.usage.model import DAY_MS, MAX_DAYS, day_of

CALL_DAYS = 30
"""Rows are for questions about single calls, which come soon; sums are for comparing years."""
SUM_DAYS = MAX_DAYS
_BATCH = 1000
"""Rows of one transaction: some 10 ms in which no other writer gets in on SQLite."""


class Retention:
    """Deletes what is too old. To be swept about once an hour by the composition root."""

    def __init__(
        self, database: Database, *, call_days: int = CALL_DAYS, sum_days: int = SUM_DAYS, batch: int = _BATCH
    ) -> None:
        self._database = database
        self._call_days = call_days
        self._sum_days = sum_days
        self._batch = batch

    async def sweep(self, now_ms: int) -> int:
        """Delete everything that is too old now and return how many rows that were."""
        deleted = 0
        while True:
            async with self._database.write() as conn:
                gone = await store.forget_calls(conn, now_ms - self._call_days * DAY_MS, limit=self._batch)
            deleted += gone
            if gone < self._batch:
                break
        return deleted + await self._sweep_days(day_of(now_ms - self._sum_days * DAY_MS))

    async def _sweep_days(self, before: str) -> int:
        deleted = 0
        while True:
            async with self._database.write() as conn:
                gone = await store.forget_day(conn, before)
            deleted += gone
            if gone == 0:
                return deleted
