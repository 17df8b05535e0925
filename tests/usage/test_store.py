"""Batches into both tables, on both databases."""

import asyncio
import random
from collections import Counter

from sqlalchemy import func, select

from gateway.access.call import Outcome
from gateway.storage.engine import Database
from gateway.storage.schema import usage_calls, usage_daily
from gateway.usage.model import RETRIED, UsageRecord
from gateway.usage.store import by_day
from tests.usage.records import at, record, write


async def days(database: Database) -> dict[tuple[str, ...], tuple[int, ...]]:
    """Return the daily table."""
    async with database.read() as conn:
        return {tuple(row[:5]): tuple(row[5:]) for row in await conn.execute(select(usage_daily))}


async def test_a_batch_is_kept_and_added_to_its_days(database: Database) -> None:
    """A row each, and one sum for each day, team, key, model and source."""
    await write(database, record(), record(), record("2026-01-16", cached_tokens=5, reasoning_tokens=7))
    await write(database, record(source="unknown", input_tokens=None, output_tokens=None))
    assert await days(database) == {
        ("2026-01-15", "team1", "key_a", "qwen3", "exact"): (2, 20, 40, 0, 0),
        ("2026-01-16", "team1", "key_a", "qwen3", "exact"): (1, 10, 20, 5, 7),
        ("2026-01-15", "team1", "key_a", "qwen3", "unknown"): (1, 0, 0, 0, 0),
    }
    async with database.read() as conn:
        rows = (await conn.execute(select(usage_calls).order_by(usage_calls.c.id))).all()
    assert len(rows) == 4
    assert (rows[2].cached_tokens, rows[3].input_tokens, rows[0].duration_ms) == (5, None, 12.5)


async def test_an_outcome_of_the_data_plane_is_kept_as_its_word(database: Database) -> None:
    """The data plane has an enumeration of its own."""
    await write(database, *(record(outcome=outcome) for outcome in Outcome))
    async with database.read() as conn:
        kept = (await conn.execute(select(usage_calls.c.outcome))).scalars().all()
    assert sorted(kept) == sorted(outcome.value for outcome in Outcome)


def test_an_attempt_that_was_followed_by_another_is_no_request() -> None:
    """USE-6: one row for each attempt, one request in the sums."""
    attempts = [record(outcome=RETRIED, input_tokens=None, output_tokens=None), record()]
    assert list(by_day(attempts).values()) == [(1, 10, 20, 0, 0)]


def test_a_day_ends_at_midnight_utc() -> None:
    """Whatever the server's time zone."""
    midnight = at("2026-01-16", hour=0)
    assert [key[0] for key in by_day([record(at=midnight - 1), record(at=midnight)])] == ["2026-01-15", "2026-01-16"]


async def test_writers_at_the_same_time_lose_nothing(database: Database) -> None:
    """CMP-7: concurrent batches over the same days in any order: no deadlock, every token once."""
    chooser = random.Random(7)
    batches = [[_any(chooser) for _ in range(30)] for _ in range(8)]
    await asyncio.gather(*(write(database, *batch) for batch in batches))
    expected = Counter[str]()
    for one in (one for batch in batches for one in batch):
        expected[one.model] += one.input_tokens or 0
    async with database.read() as conn:
        query = select(usage_daily.c.model, func.sum(usage_daily.c.input_tokens)).group_by(usage_daily.c.model)
        assert {row[0]: int(row[1]) for row in await conn.execute(query)} == expected


async def test_hostile_names_are_text(database: Database) -> None:
    """KEY-9 holds here too: a model's name is whatever an operator wrote."""
    name = "'); DROP TABLE usage_daily; --:day"
    await write(database, record(model=name, team=name, key_id=name))
    assert [key[3] for key in await days(database)] == [name]


def _any(chooser: random.Random) -> UsageRecord:
    model, key = f"model {chooser.randrange(5)}", f"key {chooser.randrange(5)}"
    return record(f"2026-01-1{chooser.randrange(5)}", model=model, key_id=key, input_tokens=chooser.randrange(100))
