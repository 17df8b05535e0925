"""Which server declares the objects of a database, when several serve from it.

One at a time: the holder says every few seconds that it lives, and what its file says. Another server whose file says
the same has nothing to do; one whose file says something else changes nothing and tells so, until the holder has been
silent for `LEASE_MS`. So two different files are a finding, and never take turns in deleting each other's objects.
"""

import json
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import insert, select, update

from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import meta
from gateway.storage.versions import KEYS_VERSION, REGISTRY_VERSION

LEASE_MS = 20_000
"""Silence after which another server may declare: longer than a restart, through which a file keeps its database."""
RENEW_MS = 5_000
_KEY = "declared_by"


class Holder(NamedTuple):
    """Who declares: host and file, what the file says, and when that was last said (unix milliseconds)."""

    name: str
    digest: str
    seen_ms: int

    def lives(self, now_ms: int) -> bool:
        """Whether it has spoken within the lease."""
        return now_ms - self.seen_ms < LEASE_MS


async def read_holder(conn: AsyncConnection) -> Holder | None:
    """Return who declares, alive or not; None when nobody ever has."""
    text = (await conn.execute(select(meta.c.value).where(meta.c.key == _KEY))).scalar_one_or_none()
    return None if text is None else Holder(*json.loads(text))


class State(NamedTuple):
    """Who declares, and the counters that every change of the registry or the keys raises."""

    holder: Holder | None
    versions: Mapping[str, str]


async def read_state(conn: AsyncConnection) -> State:
    """Return both, in one statement."""
    query = select(meta.c.key, meta.c.value).where(meta.c.key.in_((_KEY, REGISTRY_VERSION, KEYS_VERSION)))
    found = {str(row.key): str(row.value) for row in await conn.execute(query)}
    text = found.pop(_KEY, None)
    return State(None if text is None else Holder(*json.loads(text)), found)


async def write_holder(conn: AsyncConnection, holder: Holder) -> None:
    """Note who declares."""
    value = json.dumps(holder)
    changed = await conn.execute(update(meta).where(meta.c.key == _KEY).values(value=value))
    if changed.rowcount == 0:
        await conn.execute(insert(meta).values(key=_KEY, value=value))


async def lock(conn: AsyncConnection) -> None:
    """Keep every other writer of the registry out until the transaction ends; on SQLite it is out already."""
    await conn.execute(select(meta.c.value).where(meta.c.key == REGISTRY_VERSION).with_for_update())
