"""The table `audit`, for reading: filters and pages, newest first. Written by `trail.py` alone."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct
from sqlalchemy import JSON, ColumnElement, Select, cast, func, or_, select

from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import audit, teams

_ID = re.compile(r"[a-z]{2,6}_[a-z2-7]{20}")


class Row(NamedTuple):
    """A row with its sealed text."""

    seq: int
    record: str
    hash: str


class AuditWhere(Struct, frozen=True):
    """Which rows are read; `team_since` is when the caller's team was made: an older one of its name is not its own."""

    actor: str | None = None
    action: str | None = None
    target: str | None = None
    team: str | None = None
    team_since: int | None = None
    outcome: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None


async def newest(conn: AsyncConnection, where: AuditWhere, *, before: int | None, limit: int) -> Sequence[Row]:
    """Return up to `limit` rows, newest first, from below `before` on."""
    query = _select(conn, where).order_by(audit.c.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.seq < before)
    return [Row(row.seq, row.record, row.hash) for row in await conn.execute(query)]


async def oldest(conn: AsyncConnection, where: AuditWhere, *, after: int, limit: int) -> Sequence[Row]:
    """Return up to `limit` rows in their order, from behind `after` on."""
    query = _select(conn, where).where(audit.c.seq > after).order_by(audit.c.seq).limit(limit)
    return [Row(row.seq, row.record, row.hash) for row in await conn.execute(query)]


async def team_since(conn: AsyncConnection, name: str) -> int:
    """Return when the team of this name was made; the end of time when there is none."""
    found = (await conn.execute(select(teams.c.created_at).where(teams.c.name == name))).scalar_one_or_none()
    return 2**62 if found is None else int(found)


def _select(conn: AsyncConnection, where: AuditWhere) -> Select[tuple[int, str, str]]:
    query = select(audit.c.seq, audit.c.record, audit.c.hash)
    return query.where(*_conditions(conn.dialect.name, where))


def _conditions(dialect: str, where: AuditWhere) -> list[ColumnElement[bool]]:
    columns = audit.c
    found: list[ColumnElement[bool]] = [
        columns[name] == value for name in ("actor", "team", "outcome") if (value := getattr(where, name)) is not None
    ]
    if where.action is not None:
        found.append(_action(where.action))
    if where.target is not None:
        found.append(_target(dialect, where.target))
    lower = [bound for bound in (where.since_ms, where.team_since) if bound is not None]
    if lower:
        found.append(columns.at >= max(lower))
    if where.until_ms is not None:
        found.append(columns.at < where.until_ms)
    return found


def _action(action: str) -> ColumnElement[bool]:
    if action.endswith("*"):
        return audit.c.action.startswith(action.rstrip("*"), autoescape=True)
    return audit.c.action == action


def _target(dialect: str, target: str) -> ColumnElement[bool]:
    """An id is a column; a name stands in the text alone, and is looked for there."""
    if _ID.fullmatch(target):
        return audit.c.target == target
    if dialect == "postgresql":
        name = func.json_extract_path_text(cast(audit.c.record, JSON), "target", "name")
    else:
        name = func.json_extract(audit.c.record, "$.target.name")
    return or_(name == target, audit.c.target == target)
