"""When keys were last used, written in batches: a request never waits for it (KEY-5, USE-7)."""

from collections.abc import Sequence

from gateway.keys import store
from gateway.keys.store import KeyUse
from gateway.storage.engine import Database
from gateway.storage.writer import BatchWriter
from gateway.tasks import Tasks

_INTERVAL_S = 5.0
"""`last_used_at` is true to a minute, so a few seconds more do not matter and one transaction serves many keys."""


def key_uses(database: Database, tasks: Tasks) -> BatchWriter[KeyUse]:
    """Return the writer whose `put` a KeyRing notes uses with; `drain` it before the database is closed."""

    async def write(uses: Sequence[KeyUse]) -> None:
        async with database.write() as conn:
            await store.note_uses(conn, uses)

    return BatchWriter(write, name="key uses", tasks=tasks, interval_s=_INTERVAL_S)
