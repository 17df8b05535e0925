"""Counters in the database that tell every process to read again: each change to the registry or the keys bumps one.

A store bumps inside the transaction of its change, and does so first: on PostgreSQL the counter's row is then the lock
that lets one writer of that kind in at a time, as BEGIN IMMEDIATE does on SQLite (lifecycle.md section 5, step 8).
"""

from sqlalchemy import BigInteger, Text, cast, select, update

from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import meta

REGISTRY_VERSION = "registry_version"
KEYS_VERSION = "keys_version"
AUDIT_SEQUENCE = "audit_sequence"
"""The number of the newest row of the record; raised last in a transaction, by as many as it writes."""
VERSIONS = (REGISTRY_VERSION, KEYS_VERSION, AUDIT_SEQUENCE)


async def read_version(conn: AsyncConnection, name: str) -> int:
    """Return the counter; 0 in a new database."""
    return int((await conn.execute(select(meta.c.value).where(meta.c.key == name))).scalar_one())


async def bump_version(conn: AsyncConnection, name: str, *, by: int = 1) -> int:
    """Add to the counter and return it; until the transaction ends, no other process can do the same."""
    raised = cast(cast(meta.c.value, BigInteger) + by, Text)
    change = update(meta).where(meta.c.key == name).values(value=raised).returning(meta.c.value)
    return int((await conn.execute(change)).scalar_one())
