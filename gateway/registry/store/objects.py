"""Rows of `stored_objects`: at which endpoint a response, file or batch was made."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import stored_objects


class StoredObject(NamedTuple):
    """One object; `created_at` is in milliseconds."""

    team_id: str
    object_id: str
    kind: str
    endpoint_id: str
    created_at: int


async def put_objects(conn: AsyncConnection, objects: Collection[StoredObject]) -> None:
    """Write the rows; the newest of several about one object stays."""
    if not objects:
        return
    insert = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    query = insert(stored_objects)
    key = (stored_objects.c.team_id, stored_objects.c.object_id)
    fresh = {name: query.excluded[name] for name in ("kind", "endpoint_id", "created_at")}
    rows = {(one.team_id, one.object_id): one._asdict() for one in objects}
    await conn.execute(query.on_conflict_do_update(index_elements=key, set_=fresh), list(rows.values()))


async def find_object(conn: AsyncConnection, team_id: str, object_id: str) -> str | None:
    """Return the id of the endpoint that made the object."""
    query = select(stored_objects.c.endpoint_id).where(*_same(team_id, object_id))
    return (await conn.execute(query)).scalar_one_or_none()


async def delete_object(conn: AsyncConnection, team_id: str, object_id: str) -> None:
    """Remove the row, if there is one."""
    await conn.execute(delete(stored_objects).where(*_same(team_id, object_id)))


def _same(team_id: str, object_id: str) -> tuple[ColumnElement[bool], ...]:
    return stored_objects.c.team_id == team_id, stored_objects.c.object_id == object_id
