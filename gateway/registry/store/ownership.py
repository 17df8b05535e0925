"""Who declares a row, and where: written beside the services' own changes, without a new revision of the row.

Nothing that a call reads hangs on it, so no snapshot is made anew for a line that moved.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, bindparam, update

from gateway.registry.store.tables import ALIASES, ENDPOINTS, GATEWAYS, MODELS, TEAMS
from gateway.storage import schema
from gateway.storage.connection import AsyncConnection

_KEYS: dict[str, Any] = {entity.table.name: entity.key for entity in (TEAMS, GATEWAYS, MODELS, ENDPOINTS, ALIASES)} | {
    "keys": schema.keys.c.id
}


async def set_owner(conn: AsyncConnection, table: Table, key: str, *, by: str | None, at: str | None) -> None:
    """Note who declares the row (None: nobody, it is the API's again) and at which file:line."""
    await conn.execute(update(table).where(_KEYS[table.name] == key).values(managed_by=by, managed_at=at))


async def release_endpoints(conn: AsyncConnection, model_uid: str) -> None:
    """Note that nobody declares the endpoints of a model any more."""
    own = schema.endpoints.c.model_uid == model_uid
    await conn.execute(update(schema.endpoints).where(own).values(managed_by=None, managed_at=None))


async def set_places(conn: AsyncConnection, table: Table, places: Mapping[str, str]) -> None:
    """Note at which file:line rows are declared now, by their keys."""
    if places:
        change = update(table).where(_KEYS[table.name] == bindparam("row_key"))
        await conn.execute(change, [{"row_key": key, "managed_at": at} for key, at in places.items()])
