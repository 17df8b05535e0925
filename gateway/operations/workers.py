"""Which processes serve this database, which revision of the registry each has seen, and what runs in it (LIF-6).

Each writes a row of its own once a second, or every few seconds when nothing has changed. Nobody waits for one that has
been silent for `DEAD_AFTER_S`: it was killed, or cannot reach the database. Machines' clocks must agree to a second or
two, which NTP does.
"""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import delete, insert, select, update

from gateway.errors import Unavailable
from gateway.storage.clock import Clock
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database
from gateway.storage.schema import workers
from gateway.storage.versions import REGISTRY_VERSION, read_version

BEAT_S: Final = 1.0
DEAD_AFTER_S: Final = 15.0
"""Silence after which nobody waits for a process any more (lifecycle.md section 8)."""
_UNCHANGED_S: Final = 5.0
"""A row that would say the same is written this often: a third of the silence that counts as death."""
_SETTLE_S: Final = 0.05
"""A call that was let in under the snapshot before is counted by then: in between it asks the database at most once."""
_FORGET_MS: Final = 3_600_000
"""What is left of a process that was killed is shown for an hour."""


class Worker(Struct, frozen=True):
    """A process that serves. `inflight` is how many calls run, by the model's uid; times are unix milliseconds."""

    id: str
    host: str
    pid: int
    role: str
    started_at: int
    heartbeat_at: int
    seen_version: int
    inflight: Mapping[str, int]

    def lives(self, now_ms: int, dead_after_s: float = DEAD_AFTER_S) -> bool:
        """Whether it has spoken lately."""
        return now_ms - self.heartbeat_at < dead_after_s * 1000


async def all_workers(conn: AsyncConnection) -> list[Worker]:
    """Return every process that has a row, the oldest first."""
    rows = await conn.execute(select(workers).order_by(workers.c.started_at, workers.c.id))
    return [Worker(**{**row, "inflight": json.loads(row["inflight"])}) for row in rows.mappings()]


async def live_workers(conn: AsyncConnection, now_ms: int, *, dead_after_s: float = DEAD_AFTER_S) -> list[Worker]:
    """Return the processes that have spoken lately."""
    return [one for one in await all_workers(conn) if one.lives(now_ms, dead_after_s)]


async def sweep(conn: AsyncConnection, now_ms: int) -> None:
    """Forget processes that have been silent for an hour."""
    await conn.execute(delete(workers).where(workers.c.heartbeat_at < now_ms - _FORGET_MS))


class Heartbeat:
    """Says that this process lives. `seen` gives the revision it serves, `inflight` its running calls by model."""

    def __init__(  # noqa: PLR0913 - keyword-only
        self,
        database: Database,
        clock: Clock,
        *,
        worker: str,
        role: str,
        seen: Callable[[], int],
        inflight: Callable[[], Mapping[str, int]],
        dead_after_s: float = DEAD_AFTER_S,
    ) -> None:
        self.worker = worker
        self.dead_after_s = dead_after_s
        self.living = 0
        """Processes that lived at the last beat."""
        self._database = database
        self._clock = clock
        self._about = {"host": socket.gethostname(), "pid": os.getpid(), "role": role, "started_at": clock.now_ms()}
        self._seen = seen
        self._inflight = inflight
        self._said: tuple[int, str] | None = None
        self._said_ms = 0
        self._beating = asyncio.Lock()
        self._surveying = asyncio.Lock()
        self._surveyed: tuple[list[Worker], int] | None = None
        self._surveyed_at = 0.0
        self._left = False

    async def beat(self) -> None:
        """Write what this process has seen and what runs in it, unless it would say the same again too soon.

        The revision is read before the calls are counted: whatever was let in under an older one is counted.
        """
        async with self._beating:
            if self._left:
                return
            version = self._seen()
            await asyncio.sleep(_SETTLE_S)
            said = version, json.dumps(dict(self._inflight()))
            now_ms = self._clock.now_ms()
            if said == self._said and now_ms - self._said_ms < min(_UNCHANGED_S, self.dead_after_s / 3) * 1000:
                return
            values = {"heartbeat_at": now_ms, "seen_version": said[0], "inflight": said[1]}
            async with self._database.write() as conn:
                await self._write(conn, values)
                self.living = len(await live_workers(conn, now_ms, dead_after_s=self.dead_after_s))
            self._said, self._said_ms = said, now_ms

    async def survey(self) -> tuple[list[Worker], int]:
        """Return the processes that live, this one as it is now, and the registry's revision in the database.

        None of it is older than the question; those who ask together share the look.
        """
        asked = self._clock.monotonic()
        async with self._surveying:
            if self._surveyed is None or self._surveyed_at < asked:
                self._surveyed_at = self._clock.monotonic()
                self._surveyed = await self._survey()
            return self._surveyed

    async def others(self, conn: AsyncConnection, *, now_ms: int) -> list[dict[str, int]]:
        """Return for each living process but this one how many calls of each model run there, by uid."""
        living = await live_workers(conn, now_ms, dead_after_s=self.dead_after_s)
        return [dict(one.inflight) for one in living if one.id != self.worker]

    async def everybody(self) -> tuple[list[Worker], int, int]:
        """Return every process with a row, the registry's revision in the database, and the time."""
        async with self._database.read() as conn:
            return await all_workers(conn), await read_version(conn, REGISTRY_VERSION), self._clock.now_ms()

    async def leave(self) -> None:
        """Take this process out: it stops in order, and nobody need wait for it."""
        async with self._beating:
            self._left = True
            if self._said is None:
                return
            with contextlib.suppress(Unavailable):  # then its silence says the same
                async with self._database.write() as conn:
                    await conn.execute(delete(workers).where(workers.c.id == self.worker))

    async def _survey(self) -> tuple[list[Worker], int]:
        await self.beat()
        workers, version, now_ms = await self.everybody()
        return [one for one in workers if one.lives(now_ms, self.dead_after_s)], version

    async def _write(self, conn: AsyncConnection, values: Mapping[str, Any]) -> None:
        changed = await conn.execute(update(workers).where(workers.c.id == self.worker).values(**values))
        if changed.rowcount == 0:
            await conn.execute(insert(workers).values(id=self.worker, **self._about, **values))
