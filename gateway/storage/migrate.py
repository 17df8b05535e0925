"""Bringing a database to the schema that this program knows: once at the start, and by `modelport db upgrade`."""

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.revisions import HEAD
from gateway.storage.schema import alembic_version, meta, metadata
from gateway.storage.versions import VERSIONS


async def create_schema(conn: AsyncConnection) -> None:
    """Make every table in an empty database, at the newest revision, without alembic."""
    await conn.run_sync(metadata.create_all)
    await conn.run_sync(alembic_version.create)
    await conn.execute(insert(alembic_version).values(version_num=HEAD))
    await conn.execute(insert(meta), [{"key": name, "value": "0"} for name in VERSIONS])
