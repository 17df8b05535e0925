"""The models that a filter means, counted and sealed: what is shown before a bulk change, and compared when it begins.

Read in pages, so that a hundred thousand of them neither fill the memory nor hold the event loop. Nothing is written.
"""

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, func, select

from gateway.lifecycle.brake import TRAFFIC_MS, Load
from gateway.lifecycle.filter import Filter
from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import models, teams, usage_calls
from gateway.storage.versions import REGISTRY_VERSION, read_version

Verb: TypeAlias = Literal["delete", "purge"]
LIVING: Final = ("draft", "active", "deprecated", "disabled")
SERVED: Final = ("active", "deprecated")
SAMPLE: Final = 100
_PAGE: Final = 2000
"""Rows that are read at once: some 5 ms of work in which nobody else is served."""


class Chosen(NamedTuple):
    """A model that the filter means."""

    uid: str
    name: str
    rev: int
    team: str


class Selection(Struct, frozen=True):
    """What a filter means at a revision of the registry. `token` is another one as soon as any of it changes."""

    load: Load
    sample: Sequence[Chosen]
    token: str
    revision: int


class Scope(Struct, frozen=True):
    """Which models a bulk change may reach: those of the filter, of the caller's team, in states that allow it."""

    verb: Verb
    filter: Filter
    team: str | None
    terms: str = ""
    """What else was asked for, as the token shall cover it."""

    def where(self, dialect: str, now_ms: int) -> Iterator[ColumnElement[bool]]:
        """Yield conditions on rows of `models` joined with `teams`."""
        yield from self.filter.where(dialect, now_ms)
        yield models.c.state == "deleted" if self.verb == "purge" else models.c.state.in_(LIVING)
        if self.team is not None:
            yield teams.c.name == self.team

    def chosen(self, dialect: str, now_ms: int, *columns: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
        """Return the query of these columns of the models that are meant."""
        joined = models.join(teams, teams.c.id == models.c.team_id)
        return select(*columns).select_from(joined).where(*self.where(dialect, now_ms))


async def look(conn: AsyncConnection, scope: Scope, *, now_ms: int) -> Selection:
    """Return what the scope means now; `conn` shows one moment of the database."""
    seal = hashlib.sha256("\n".join((scope.verb, scope.filter.text, scope.team or "", scope.terms, "")).encode())
    columns = (models.c.uid, models.c.name, models.c.rev, teams.c.name)
    query = scope.chosen(conn.dialect.name, now_ms, *columns).order_by(models.c.uid).limit(_PAGE)
    sample: list[Chosen] = []
    count, after = 0, ""
    while rows := (await conn.execute(query.where(models.c.uid > after))).all():
        seal.update("".join(f"{row[0]}.{row[2]}\n" for row in rows).encode())
        sample += [Chosen(*row) for row in rows[: max(SAMPLE - count, 0)]]
        count, after = count + len(rows), rows[-1][0]
        await asyncio.sleep(0)
    used = await _used(conn, scope, now_ms)
    load = Load(count, await _active(conn, scope.team), used)
    return Selection(load, sample, f"plan_{seal.hexdigest()}", await read_version(conn, REGISTRY_VERSION))


async def load_of(conn: AsyncConnection, uids: Sequence[str], team: str | None, *, now_ms: int) -> Load:
    """Return the same numbers for models that were named one by one."""
    recent = (usage_calls.c.at >= now_ms - TRAFFIC_MS, usage_calls.c.model_uid.in_(uids))
    used = await conn.execute(select(func.count(usage_calls.c.model_uid.distinct())).where(*recent))
    return Load(len(uids), await _active(conn, team), int(used.scalar_one()))


async def _used(conn: AsyncConnection, scope: Scope, now_ms: int) -> int:
    inside = scope.chosen(conn.dialect.name, now_ms, models.c.uid)
    recent = (usage_calls.c.at >= now_ms - TRAFFIC_MS, usage_calls.c.model_uid.in_(inside))
    query = select(func.count(usage_calls.c.model_uid.distinct())).where(*recent)
    return int((await conn.execute(query)).scalar_one())


async def _active(conn: AsyncConnection, team: str | None) -> int:
    query = select(func.count()).select_from(models).where(models.c.state.in_(SERVED))
    if team is not None:
        query = query.join(teams, teams.c.id == models.c.team_id).where(teams.c.name == team)
    return int((await conn.execute(query)).scalar_one())
