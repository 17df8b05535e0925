"""The holder of the newest snapshot: who reads it never waits, who changed something reloads it, others notice.

Made once by the composition root. Reading is `registry.snapshot`, an attribute and nothing more.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from gateway.errors import Unavailable
from gateway.registry.loading import let_go, load
from gateway.registry.snapshot import EndpointRoute, Snapshot
from gateway.registry.store.snapshot import read_revision
from gateway.storage.engine import Database

Listener = Callable[[Snapshot, tuple[EndpointRoute, ...]], None]
"""Told after a swap: the new snapshot, and the endpoints of the one before that are gone or different in it."""
LOOK_EVERY_S = 0.05
"""All callers of unknown names together ask the database at most this often, whatever names they invent."""
LOOK_TIMEOUT_S = 1.0
"""What they wait for a database that does not answer."""


class Registry:
    """Holds `snapshot`. Empty until the first `reload`."""

    def __init__(self, database: Database) -> None:
        self.snapshot = Snapshot()
        self._stale: list[Any] = []  # the tables of the snapshot before, until somebody has the time to free them
        self._database = database
        self._reloading = asyncio.Lock()
        self._listeners: list[Listener] = []
        self._looking = asyncio.Lock()
        self._looked_at = 0.0
        self._looked_revision = 0

    def on_change(self, listener: Listener) -> None:
        """Call `listener(now, closed)` after each swap, for example to close connections of changed endpoints."""
        self._listeners.append(listener)

    async def reload(self, *, at_least: int | None = None) -> Snapshot:
        """Read what changed and swap the snapshot; with `at_least`, only when this revision is not in it yet.

        Callers that come together share the work: one of them reads what all of them have written.
        """
        async with self._reloading:
            if at_least is not None and self.snapshot.revision >= at_least:
                return self.snapshot
            async with self._database.read() as conn:
                draft = await load(conn, self.snapshot)
            before, whole = self.snapshot.tables(), draft.whole
            values = await _values(self.snapshot) if whole else []
            now, closed = draft.finish()
            del draft
            await asyncio.sleep(0)
            self.snapshot = now
            for listener in self._listeners:
                listener(self.snapshot, closed)
            del closed
            await self._let_go(before, values, later=not whole)
            return self.snapshot

    async def poll(self) -> bool:
        """Reload when another process changed the registry; meant to be called every second (LIF-6).

        What is left of the snapshot before goes here, too, where nobody waits for it.
        """
        await self._let_go([], [], later=False)
        async with self._database.read() as conn:
            revision = await read_revision(conn)
        if revision == self.snapshot.revision:
            return False
        await self.reload(at_least=revision)
        return True

    async def _let_go(self, tables: list[Any], values: list[object], *, later: bool) -> None:
        """Free what only an older snapshot holds; of tables whose values are in the present one `later` will do."""
        stale, self._stale = self._stale, []
        if later:
            self._stale = tables
        else:
            stale += tables
            tables.clear()
        await let_go(stale, values)

    async def newest(self) -> Snapshot:
        """Return a snapshot that is not older than this question, for a name that is not in the present one (CMP-21).

        What bounds it: one look at a time reads one number, the next begins LOOK_EVERY_S after it at the earliest,
        and everybody who asked before a look began shares it. While the database is away the present snapshot counts.
        """
        clock = asyncio.get_running_loop().time
        asked = clock()
        async with self._looking:
            if self._looked_at < asked:
                await asyncio.sleep(self._looked_at + LOOK_EVERY_S - clock())
                began = clock()
                try:
                    async with asyncio.timeout(LOOK_TIMEOUT_S), self._database.read() as conn:
                        self._looked_revision = await read_revision(conn)
                except (TimeoutError, Unavailable):
                    self._looked_revision = self.snapshot.revision
                self._looked_at = began
            revision = self._looked_revision  # whoever shares the look waits for what it found, too
        if revision != self.snapshot.revision:
            await self.reload(at_least=revision)
        return self.snapshot


async def _values(snapshot: Snapshot) -> list[object]:
    """Return what is in the tables; each of 100,000 entries takes some milliseconds."""
    values: list[object] = []
    for table in (snapshot.endpoints, snapshot.by_uid, snapshot.retired):
        values += table.values()
        await asyncio.sleep(0)
    return values
