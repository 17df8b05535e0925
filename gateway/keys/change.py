"""How keys are changed: one transaction that raises `keys_version` and writes the record, then the ring anew."""

import contextlib
from collections.abc import AsyncIterator

from msgspec import Struct, field

from gateway.audit.event import Event
from gateway.audit.trail import Trail
from gateway.keys.ring import KeyRing
from gateway.storage.clock import Clock
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database
from gateway.storage.versions import KEYS_VERSION, bump_version


class KeyChange(Struct, frozen=True):
    """An open transaction with its time and what goes on the record with it."""

    conn: AsyncConnection
    now_ms: int
    events: list[Event] = field(default_factory=list)


class KeyChanges:
    """Makes transactions of keys. `ring` is None where no requests are verified."""

    def __init__(self, database: Database, clock: Clock, trail: Trail, ring: KeyRing | None) -> None:
        self._database = database
        self._clock = clock
        self._trail = trail
        self._ring = ring

    @contextlib.asynccontextmanager
    async def begin(self) -> AsyncIterator[KeyChange]:
        """Give a transaction; when it is committed, this process accepts and refuses accordingly.

        Raising the version comes first: it keeps other writers of keys out until the end.
        """
        async with self._database.write() as conn:
            await bump_version(conn, KEYS_VERSION)
            change = KeyChange(conn, self._clock.now_ms())
            yield change
            await self._trail.write(conn, change.events, change.now_ms)
        if self._ring is not None:
            await self._ring.reload()
