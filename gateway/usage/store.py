"""The tables `usage_calls` and `usage_daily`: a batch in, sums out, old rows away."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple
from sqlalchemy import (
    ColumnElement,
    Dialect,
    Row,
    TextClause,
    case,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    tuple_,
)

from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import keys, usage_calls, usage_daily
from gateway.usage.model import RETRIED, SOURCES, Dimension, Source, UsageRecord, day_of

_SUMS = ("requests", "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens")
_COLUMNS: dict[Dimension, Any] = {
    "day": usage_daily.c.day,
    "team": usage_daily.c.team,
    "key": usage_daily.c.key_id,
    "model": usage_daily.c.model,
}
DayKey = tuple[str, str, str, str, str]
"""Day, team, key, model, source: the primary key of a day's row."""


class UsageFilter(Struct, frozen=True):
    """Which days' rows are summed; both days are included."""

    first: str
    last: str
    team: str | None = None
    model: str | None = None
    key: str | None = None


Sums = dict[Source, tuple[int, ...]]
"""For each source: requests, input, output, cached and reasoning tokens."""


class Group(Struct, frozen=True):
    """One combination of what was grouped by, in that order, with its sums."""

    values: tuple[str, ...]
    sums: Sums


async def add(conn: AsyncConnection, records: Sequence[UsageRecord]) -> None:
    """Write the rows of a batch and add them to their days, in one transaction of the caller.

    Days are written in order of their keys, so that two processes never wait for each other crosswise (CMP-7).
    """
    await conn.exec_driver_sql(_insert_call(conn.dialect), list(map(astuple, records)))
    days = [dict(zip(_DAY_COLUMNS, (*key, *sums), strict=True)) for key, sums in sorted(by_day(records).items())]
    await conn.execute(_ADD_TO_DAY, days)


def by_day(records: Iterable[UsageRecord]) -> dict[DayKey, tuple[int, ...]]:
    """Return the sums of the records by day, team, key, model and source."""
    days: dict[DayKey, list[int]] = {}
    for one in records:
        key = (day_of(one.at), one.team, one.key_id, one.model, one.source)
        day = days.get(key)
        if day is None:
            day = days[key] = [0] * len(_SUMS)
        day[0] += one.outcome != RETRIED
        day[1] += one.input_tokens or 0
        day[2] += one.output_tokens or 0
        day[3] += one.cached_tokens or 0
        day[4] += one.reasoning_tokens or 0
    return {key: tuple(day) for key, day in days.items()}


async def sums(
    conn: AsyncConnection, which: UsageFilter, by: Sequence[Dimension], *, after: tuple[str, ...] | None, limit: int
) -> list[Group]:
    """Return up to `limit` combinations in their order, from behind `after` on."""
    columns = [_COLUMNS[one] for one in by]
    query = select(*columns, *_source_sums()).where(*_where(which)).group_by(*columns).order_by(*columns).limit(limit)
    if after is not None:
        query = query.where(tuple_(*columns) > tuple_(*map(literal, after)))
    return [Group(tuple(row[: len(columns)]), _sums(row[len(columns) :])) for row in await conn.execute(query)]


async def total(conn: AsyncConnection, which: UsageFilter) -> Sums:
    """Return the sum of everything."""
    return _sums((await conn.execute(select(*_source_sums()).where(*_where(which)))).one())


async def key_names(conn: AsyncConnection, key_ids: Iterable[str]) -> dict[str, str]:
    """Return the present names of keys by id."""
    rows = await conn.execute(select(keys.c.id, keys.c.name).where(keys.c.id.in_(sorted(set(key_ids)))))
    return {row.id: row.name for row in rows}


async def forget_calls(conn: AsyncConnection, before_ms: int, *, limit: int) -> int:
    """Delete up to `limit` rows that are older, oldest first, and return how many (CMP-3)."""
    oldest = (
        select(usage_calls.c.id).where(usage_calls.c.at < before_ms).order_by(usage_calls.c.at).limit(limit)
    ).scalar_subquery()
    return (await conn.execute(delete(usage_calls).where(usage_calls.c.id.in_(oldest)))).rowcount


async def forget_day(conn: AsyncConnection, before: str) -> int:
    """Delete the oldest day's sums when it lies before this day, and return how many rows that were."""
    oldest = select(func.min(usage_daily.c.day)).where(usage_daily.c.day < before).scalar_subquery()
    return (await conn.execute(delete(usage_daily).where(usage_daily.c.day == oldest))).rowcount


_CALL_COLUMNS = tuple(column.name for column in usage_calls.columns if column.name != "id")
assert UsageRecord.__struct_fields__ == _CALL_COLUMNS, "a record is written as it stands"
_DAY_COLUMNS = tuple(column.name for column in usage_daily.columns)


@lru_cache(maxsize=4)
def _insert_call(dialect: Dialect) -> str:
    """Return the INSERT in the driver's own words: a row costs 6 us so, and 12 as a dictionary through SQLAlchemy."""
    compiled = insert(usage_calls).compile(dialect=dialect, column_keys=_CALL_COLUMNS)
    assert tuple(compiled.positiontup or ()) == _CALL_COLUMNS
    return str(compiled)


def _add_to_day() -> TextClause:
    """Return the one upsert that both databases understand in the same words (their own constructs cost 130 ms)."""
    columns = ", ".join(_DAY_COLUMNS)
    values = ", ".join(f":{name}" for name in _DAY_COLUMNS)
    primary = ", ".join(column.name for column in usage_daily.primary_key.columns)
    adding = ", ".join(f"{name} = usage_daily.{name} + excluded.{name}" for name in _SUMS)
    statement = f"INSERT INTO usage_daily ({columns}) VALUES ({values}) ON CONFLICT ({primary}) DO UPDATE SET {adding}"  # noqa: S608 - column names of our own table, values are parameters
    return text(statement)


_ADD_TO_DAY = _add_to_day()


def _where(which: UsageFilter) -> list[ColumnElement[bool]]:
    wanted = ((usage_daily.c.team, which.team), (usage_daily.c.model, which.model), (usage_daily.c.key_id, which.key))
    where: list[ColumnElement[bool]] = [usage_daily.c.day.between(which.first, which.last)]
    where += [column == value for column, value in wanted if value is not None]
    return where


def _source_sums() -> list[ColumnElement[int]]:
    """Return a column for each source and sum, so that a combination is one row and pages count combinations."""
    return [
        func.coalesce(func.sum(case((usage_daily.c.source == source, usage_daily.c[name]), else_=0)), 0)
        for source in SOURCES
        for name in _SUMS
    ]


def _sums(values: Row[Any] | tuple[Any, ...]) -> Sums:
    numbers = [int(value) for value in values]  # PostgreSQL sums big integers to decimals
    width = len(_SUMS)
    return {source: tuple(numbers[place * width :][:width]) for place, source in enumerate(SOURCES)}
