"""Old rows go in small steps."""

from sqlalchemy import event, func, select

from gateway.storage.engine import Database
from gateway.storage.schema import usage_calls, usage_daily
from gateway.usage.retention import CALL_DAYS, SUM_DAYS, Retention
from tests.usage.records import at, record, write

NOW = "2026-06-30"


async def counts(database: Database) -> tuple[int, int]:
    """Return the numbers of rows in both tables."""
    async with database.read() as conn:
        calls = (await conn.execute(select(func.count()).select_from(usage_calls))).scalar_one()
        return calls, (await conn.execute(select(func.count()).select_from(usage_daily))).scalar_one()


async def test_calls_go_after_a_month_and_sums_stay(database: Database) -> None:
    """Rows are for single calls, sums for years."""
    await write(database, record("2026-05-30"), record("2026-06-01"), record(NOW))
    assert await Retention(database).sweep(at(NOW)) == 1
    assert await counts(database) == (2, 3)
    assert (CALL_DAYS, SUM_DAYS) == (30, 400)


async def test_sums_go_after_more_than_a_year(database: Database) -> None:
    """Day by day."""
    await write(database, *(record(day) for day in ("2024-01-01", "2024-06-01", "2025-06-30")))
    assert await Retention(database).sweep(at(NOW)) == 3 + 2
    assert await counts(database) == (0, 1)


async def test_no_transaction_deletes_more_than_a_batch(database: Database) -> None:
    """CMP-3: five million old rows never become one statement."""
    await write(database, *(record("2026-01-01") for _ in range(25)), record(NOW))
    deletes: list[int] = []

    def note(*call: object) -> None:
        if getattr(call[4], "isdelete", False) and "usage_calls" in str(call[2]):
            deletes.append(1)

    event.listen(database._engine.sync_engine, "before_cursor_execute", note)
    assert await Retention(database, batch=10).sweep(at(NOW)) == 25
    assert (len(deletes), await counts(database)) == (3, (1, 2))


async def test_nothing_old_costs_two_statements(database: Database) -> None:
    """A sweep of a tidy database changes nothing."""
    await write(database, record(NOW))
    assert await Retention(database).sweep(at(NOW)) == 0
    assert await counts(database) == (1, 1)
