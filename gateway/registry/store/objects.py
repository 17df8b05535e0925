"""Rows of `stored_objects`: for which team, at which endpoint a response, file or batch was made."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, select, tuple_
from sqlalchemy.dialects import sqlite

from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import stored_objects

GONE = ""
"""In place of an endpoint's id: the object was deleted, and its row goes."""


FINISHED = 0
"""In place of the time by which an object is finished: it is."""


class StoredObject(NamedTuple):
    """One object; times are in milliseconds. Without `unfinished_until` what was noted of it stays."""

    team_id: str
    object_id: str
    kind: str
    endpoint_id: str
    created_at: int
    unfinished_until: int | None = None


class Unfinished(NamedTuple):
    """An object that is still worked on."""

    team_id: str
    object_id: str
    kind: str
    endpoint_id: str


class Maker(NamedTuple):
    """Who made an object."""

    team_id: str
    object_id: str
    endpoint_id: str


async def put_objects(conn: AsyncConnection, objects: Collection[StoredObject]) -> None:
    """Write the rows and delete those that are gone; the newest word about an object counts."""
    newest: dict[tuple[str, str], StoredObject] = {}
    for one in objects:
        before = newest.get((one.team_id, one.object_id))
        told = one.unfinished_until if before is None or one.unfinished_until is not None else before.unfinished_until
        newest[one.team_id, one.object_id] = one._replace(unfinished_until=told)
    living = [one for one in newest.values() if one.endpoint_id != GONE]
    await _put(conn, [one._asdict() for one in living if one.unfinished_until is None], _PLACE)
    rows = [
        {**one._asdict(), "unfinished_until": one.unfinished_until or None}
        for one in living
        if one.unfinished_until is not None
    ]
    await _put(conn, rows, (*_PLACE, "unfinished_until"))
    if gone := [{"t": one.team_id, "o": one.object_id} for one in newest.values() if one.endpoint_id == GONE]:
        same = (stored_objects.c.team_id == bindparam("t"), stored_objects.c.object_id == bindparam("o"))
        await conn.execute(delete(stored_objects).where(*same), gone)


async def find_makers(conn: AsyncConnection, object_ids: Collection[str]) -> list[Maker]:
    """Return every team that made an object of one of these ids, teams that are gone included."""
    columns = (stored_objects.c.team_id, stored_objects.c.object_id, stored_objects.c.endpoint_id)
    query = select(*columns).where(stored_objects.c.object_id.in_(object_ids))
    return [Maker(*row) for row in await conn.execute(query)]


async def unfinished(
    conn: AsyncConnection, endpoint_ids: Collection[str], *, now_ms: int, limit: int
) -> list[Unfinished]:
    """Return up to `limit` objects that are still worked on at these endpoints."""
    row = stored_objects.c
    columns = (row.team_id, row.object_id, row.kind, row.endpoint_id)
    query = select(*columns).where(row.endpoint_id.in_(endpoint_ids), row.unfinished_until > now_ms)
    return [Unfinished(*found) for found in await conn.execute(query.order_by(row.object_id).limit(limit))]


_PLACE = ("kind", "endpoint_id", "created_at")
"""What the newest word about an object replaces."""


async def _put(conn: AsyncConnection, rows: list[dict[str, Any]], replaced: Collection[str]) -> None:
    if rows:
        query = _insert(conn.dialect.name)
        key = (stored_objects.c.object_id, stored_objects.c.team_id)
        fresh = {name: query.excluded[name] for name in replaced}
        await conn.execute(query.on_conflict_do_update(index_elements=key, set_=fresh), rows)


def _insert(dialect: str) -> Any:
    if dialect == "sqlite":
        return sqlite.insert(stored_objects)
    # Inner import: a tenth of a second of the start, and 5 MB, that SQLite does not need.
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(stored_objects)


async def forget_objects(conn: AsyncConnection, before_ms: int, *, limit: int) -> int:
    """Delete up to `limit` objects that were made before, oldest first, and return how many."""
    key = (stored_objects.c.object_id, stored_objects.c.team_id)
    made = stored_objects.c.created_at
    oldest = select(*key).where(made < before_ms).order_by(made).limit(limit)
    return (await conn.execute(delete(stored_objects).where(tuple_(*key).in_(oldest)))).rowcount
