"""Rows of keys' allow-lists that name a model: a grant hangs on the model, not on its name.

For whoever publishes, renames or retires a model, inside that transaction. A whole name in a key's own team is linked
to the model that has it; patterns with * or ?, and the names of keys of every team, are words and no references.
`hold` comes before the first look: after it no other writer changes a grant until the transaction ends (lock order:
registry_version, keys_version). Whoever changes what a key may call raises its revision: processes read anew only keys
whose revision is another.
"""

from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import bindparam, delete, select, update

from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import key_models, keys, meta
from gateway.storage.versions import KEYS_VERSION

_AT_ONCE: Final = 500
"""Rows of one statement: some 5 ms of work in which nobody else is served."""


async def hold(conn: AsyncConnection) -> None:
    """Keep other writers of keys out until the transaction ends; no process reads its keys anew for this."""
    if conn.dialect.name != "sqlite":  # there the transaction is the only one that writes
        await conn.execute(select(meta.c.value).where(meta.c.key == KEYS_VERSION).with_for_update())


async def link(conn: AsyncConnection, team_id: str, uids: Mapping[str, str]) -> None:
    """Link rows that name models, by their names, which are published from now on; what keys may call stays the same.

    No link that there is already is changed.
    """
    await hold(conn)
    own = select(keys.c.id).where(keys.c.team_id == team_id)
    loose = (key_models.c.model_uid.is_(None), key_models.c.key_id.in_(own))
    if (await conn.execute(select(key_models.c.key_id).where(*loose).limit(1))).first() is None:
        return
    change = (
        update(key_models).where(*loose, key_models.c.pattern == bindparam("name")).values(model_uid=bindparam("uid"))
    )
    rows = [{"name": name, "uid": uid} for name, uid in uids.items()]
    for start in range(0, len(rows), _AT_ONCE):
        await conn.execute(change, rows[start : start + _AT_ONCE])


async def unlink_declared(conn: AsyncConnection, uids: Collection[str]) -> None:
    """Leave words of links to these models in keys that a file limits."""
    declared = select(keys.c.id).where(keys.c.managed_by.is_not(None))
    own = (key_models.c.model_uid.in_(uids), key_models.c.key_id.in_(declared))
    await conn.execute(update(key_models).where(*own).values(model_uid=None))


async def rename(conn: AsyncConnection, team_id: str, uid: str, name: str, *, now_ms: int) -> bool:
    """Have linked rows name the model as it is called from now on; return whether a key changed.

    A row of a key that a file declares keeps its name, which is the file's, and loses the link.
    """
    await hold(conn)
    linked = key_models.c.model_uid == uid
    await unlink_declared(conn, [uid])
    holders = select(key_models.c.key_id).where(linked)
    touched = await conn.execute(
        update(keys).where(keys.c.id.in_(holders)).values(rev=keys.c.rev + 1, updated_at=now_ms)
    )
    named_twice = (key_models.c.model_uid.is_(None), key_models.c.pattern == name, key_models.c.key_id.in_(holders))
    await conn.execute(delete(key_models).where(*named_twice))
    await conn.execute(update(key_models).where(linked).values(pattern=name))
    await link(conn, team_id, {name: uid})
    return touched.rowcount > 0
