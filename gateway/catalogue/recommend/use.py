"""What a team learned by using what came from the catalogue: how often, how fast, how many errors.

Derived from the rows of usage whenever it is asked for, so nothing is kept beside them. It is the team's alone and
never leaves this installation. What was used is known by the model's `catalogue_id`.
"""

import statistics
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple

from sqlalchemy import func, select

from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import models, teams, usage_calls, usage_daily
from gateway.usage.model import DAY_MS, PREFLIGHT, RETRIED, day_of

HALF_LIFE_DAYS: Final = 14
_DAYS: Final = 6 * HALF_LIFE_DAYS
"""What is older counts less than 2 %."""
_NEWEST: Final = 200_000
"""Rows of calls that are looked through, of all teams: 0.1 s, however large the table is."""
_SAMPLE: Final = 5_000
"""Calls of the team that its latency and errors are taken from: the newest ones."""
_BROKEN: Final = frozenset({RETRIED, "failed", "broken", "incomplete"})
_SERVER_ERROR: Final = 500
_CLIENT_ERROR: Final = 400


class Measured(NamedTuple):
    """What is known of one entry."""

    weighted: float = 0.0
    """Calls, each counting half for every 14 days of its age."""
    calls: int = 0
    """Of the newest ones: how many there are, how many failed, and how long half of the others took at most."""
    errors: int = 0
    first_byte_ms: float | None = None


class Use(NamedTuple):
    """What is known of all entries that the team used."""

    entries: Mapping[str, Measured] = {}
    weighted: float = 0.0
    """The sum of all."""
    first_byte_ms: float | None = None
    """The median over the entries."""
    models: Mapping[str, tuple[str, ...]] = {}
    """Names of the team's models by the entry that they came from."""


NOTHING: Final = Use()


class _Model(NamedTuple):
    uid: str
    name: str
    entry: str
    is_gone: bool


async def read_use(conn: AsyncConnection, team: str, now_ms: int, *, forgotten_at: int | None = None) -> Use:
    """Return what the team's use tells; what lies before `forgotten_at` (ms) counts for nothing."""
    known = await _models(conn, team)
    weighted = await _weighted(conn, team, known, now_ms, forgotten_at)
    since_ms = max(now_ms - HALF_LIFE_DAYS * DAY_MS, forgotten_at or 0)
    sampled = await _sampled(conn, team, {one.uid: one.entry for one in known}, since_ms)
    entries = {
        entry: sampled.get(entry, Measured())._replace(weighted=weighted.get(entry, 0.0))
        for entry in weighted.keys() | sampled.keys()
    }
    times = [one.first_byte_ms for one in entries.values() if one.first_byte_ms is not None]
    names: dict[str, tuple[str, ...]] = {}
    for one in known:
        if not one.is_gone:
            names[one.entry] = (*names.get(one.entry, ()), one.name)
    return Use(entries, sum(weighted.values()), statistics.median(times) if times else None, names)


async def read_models(conn: AsyncConnection, team: str) -> dict[str, tuple[str, ...]]:
    """Return the names of the team's models by the entry that they came from."""
    names: dict[str, tuple[str, ...]] = {}
    for one in await _models(conn, team):
        if not one.is_gone:
            names[one.entry] = (*names.get(one.entry, ()), one.name)
    return names


def weight(day: str, today: str) -> float:
    """Return what a call of that day still counts.

    >>> weight("2026-11-07", "2026-11-21")
    0.5
    """
    age = (date.fromisoformat(today) - date.fromisoformat(day)).days
    return float(0.5 ** (max(age, 0) / HALF_LIFE_DAYS))


async def _models(conn: AsyncConnection, team: str) -> list[_Model]:
    query = (
        select(models.c.uid, models.c.name, models.c.catalogue_id, models.c.state)
        .join(teams, teams.c.id == models.c.team_id)
        .where(teams.c.name == team, models.c.catalogue_id.is_not(None))
        .order_by(models.c.name, models.c.created_at)
    )
    gone = {"draining", "deleted"}
    return [_Model(row[0], row[1], row[2], row[3] in gone) for row in await conn.execute(query)]


async def _weighted(
    conn: AsyncConnection, team: str, known: Iterable[_Model], now_ms: int, forgotten_at: int | None
) -> dict[str, float]:
    # Sums of days know a model by its name: who has the name now goes before who had it.
    by_name = {one.name: one.entry for one in sorted(known, key=lambda one: not one.is_gone)}
    today = day_of(now_ms)
    last = date.fromisoformat(today)
    days = [(last - timedelta(days=age)).isoformat() for age in range(_DAYS)]
    if forgotten_at is not None:
        days = [day for day in days if day > day_of(forgotten_at)]
    if not by_name or not days:
        return {}
    row = usage_daily.c  # the days one by one: the table's key begins with day and team
    query = (
        select(row.day, row.model, func.sum(row.requests))
        .where(row.day.in_(days), row.team == team, row.key_id != PREFLIGHT)
        .group_by(row.day, row.model)
    )
    found: dict[str, float] = {}
    for day, name, requests in await conn.execute(query):
        if (entry := by_name.get(name)) is not None:
            found[entry] = found.get(entry, 0.0) + int(requests) * weight(day, today)
    return found


async def _sampled(conn: AsyncConnection, team: str, known: Mapping[str, str], since_ms: int) -> dict[str, Measured]:
    if not known:
        return {}
    row = usage_calls.c
    newest = select(func.coalesce(func.max(row.id), 0) - _NEWEST).scalar_subquery()
    query = (
        select(row.model_uid, row.status, row.outcome, row.ttfb_ms)
        .where(row.id > newest, row.team == team, row.at >= since_ms, row.key_id != PREFLIGHT)
        .order_by(row.id.desc())
        .limit(_SAMPLE)
    )
    calls: dict[str, list[tuple[bool, float | None]]] = {}
    for uid, status, outcome, first_byte_ms in await conn.execute(query):
        if (entry := known.get(uid)) is not None:
            failed = outcome in _BROKEN or status >= _SERVER_ERROR
            calls.setdefault(entry, []).append((failed, first_byte_ms if 0 < status < _CLIENT_ERROR else None))
    return {entry: _measured(found) for entry, found in calls.items()}


def _measured(calls: list[tuple[bool, float | None]]) -> Measured:
    times = [time for failed, time in calls if time is not None and not failed]
    return Measured(0.0, len(calls), sum(failed for failed, _ in calls), statistics.median(times) if times else None)
