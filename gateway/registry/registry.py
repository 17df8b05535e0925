"""The holder of the newest snapshot: who reads it never waits, who changed something reloads it, others notice.

Made once by the composition root. Reading is `registry.snapshot`, an attribute and nothing more.
"""

import asyncio
from collections.abc import Callable

from gateway.registry.snapshot import Snapshot, build
from gateway.registry.store.snapshot import read_revision, read_rows
from gateway.storage.engine import Database

Listener = Callable[[Snapshot, Snapshot], None]
"""Told after a swap: the snapshot before, and the one now."""


class Registry:
    """Holds `snapshot`. Empty until the first `reload`."""

    def __init__(self, database: Database) -> None:
        self.snapshot = Snapshot()
        self._database = database
        self._reloading = asyncio.Lock()
        self._listeners: list[Listener] = []

    def on_change(self, listener: Listener) -> None:
        """Call `listener(before, now)` after each swap, for example to close connections of changed endpoints."""
        self._listeners.append(listener)

    async def reload(self, *, at_least: int | None = None) -> Snapshot:
        """Read the registry anew and swap the snapshot; with `at_least`, only when this revision is not in it yet.

        Callers that come together share the work: one of them reads what all of them have written.
        """
        async with self._reloading:
            if at_least is not None and self.snapshot.revision >= at_least:
                return self.snapshot
            async with self._database.read() as conn:
                rows = await read_rows(conn)
            before, self.snapshot = self.snapshot, build(rows, self.snapshot)
            for listener in self._listeners:
                listener(before, self.snapshot)
            return self.snapshot

    async def poll(self) -> bool:
        """Reload when another process changed the registry; meant to be called every second (LIF-6)."""
        async with self._database.read() as conn:
            revision = await read_revision(conn)
        if revision == self.snapshot.revision:
            return False
        await self.reload()
        return True
