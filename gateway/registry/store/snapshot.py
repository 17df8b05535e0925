"""The whole registry, read at one moment: what `registry.py` makes a snapshot of."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.registry.record import (
    AliasRecord,
    DefaultRecord,
    EndpointRecord,
    GatewayRecord,
    ModelRecord,
    Rows,
    TeamRecord,
)
from gateway.storage import schema
from gateway.storage.versions import REGISTRY_VERSION, read_version


async def read_revision(conn: AsyncConnection) -> int:
    """Return the registry's revision, which every change raises."""
    return await read_version(conn, REGISTRY_VERSION)


async def read_rows(conn: AsyncConnection) -> Rows:
    """Return every row; `Database.read` shows one moment, so revision and rows belong together."""
    endpoints = select(schema.endpoints).order_by(schema.endpoints.c.created_at, schema.endpoints.c.id)
    aliases = select(schema.aliases).order_by(schema.aliases.c.name)
    return Rows(
        revision=await read_revision(conn),
        teams=tuple(TeamRecord(*row) for row in await conn.execute(select(schema.teams))),
        gateways=tuple(GatewayRecord(*row) for row in await conn.execute(select(schema.gateways))),
        models=tuple(ModelRecord(*row) for row in await conn.execute(select(schema.models))),
        endpoints=tuple(EndpointRecord(*row) for row in await conn.execute(endpoints)),
        aliases=tuple(AliasRecord(*row) for row in await conn.execute(aliases)),
        defaults=tuple(DefaultRecord(*row) for row in await conn.execute(select(schema.team_defaults))),
    )
