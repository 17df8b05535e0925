"""Rows of `stored_objects`: for which team, at which endpoint a response, file or batch was made."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, select, tuple_
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import stored_objects

GONE = ""
"""In place of an endpoint's id: the object was deleted, and its row goes."""


class StoredObject(NamedTuple):
    """One object; `created_at` is in milliseconds."""

    team_id: str
    object_id: str
    kind: str
    endpoint_id: str
    created_at: int


class Maker(NamedTuple):
    """Who made an object."""

    team_id: str
    object_id: str
    endpoint_id: str


async def put_objects(conn: AsyncConnection, objects: Collection[StoredObject]) -> None:
    """Write the rows and delete those that are gone; the newest word about an object counts."""
    newest = {(one.team_id, one.object_id): one for one in objects}
    if rows := [one._asdict() for one in newest.values() if one.endpoint_id != GONE]:
        query = _insert(conn.dialect.name)
        key = (stored_objects.c.object_id, stored_objects.c.team_id)
        fresh = {name: query.excluded[name] for name in ("kind", "endpoint_id", "created_at")}
        await conn.execute(query.on_conflict_do_update(index_elements=key, set_=fresh), rows)
    if gone := [{"t": one.team_id, "o": one.object_id} for one in newest.values() if one.endpoint_id == GONE]:
        same = (stored_objects.c.team_id == bindparam("t"), stored_objects.c.object_id == bindparam("o"))
        await conn.execute(delete(stored_objects).where(*same), gone)


async def find_makers(conn: AsyncConnection, object_ids: Collection[str]) -> list[Maker]:
    """Return every team that made an object of one of these ids, teams that are gone included."""
    columns = (stored_objects.c.team_id, stored_objects.c.object_id, stored_objects.c.endpoint_id)
    query = select(*columns).where(stored_objects.c.object_id.in_(object_ids))
    return [Maker(*row) for row in await conn.execute(query)]


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
