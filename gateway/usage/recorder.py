"""How rows of usage leave a call: into a bounded queue, and from there in batches to the database (USE-7).

A call never waits for the database. What the full queue, or a database that is away for long, cost is counted.
"""

from collections.abc import Sequence

from gateway.storage.engine import Database
from gateway.storage.writer import BatchWriter
from gateway.tasks import Tasks
from gateway.usage import store
from gateway.usage.model import UsageRecord


class Usage:
    """Takes the rows of the data plane. One for the process."""

    def __init__(self, database: Database, tasks: Tasks) -> None:
        self._database = database
        self._writer = BatchWriter(self._write, name="usage", tasks=tasks)

    def record(self, record: UsageRecord) -> None:
        """Queue a row; a full queue loses and counts it."""
        self._writer.put(record)

    def __len__(self) -> int:
        """How many rows wait."""
        return len(self._writer)

    @property
    def lost(self) -> int:
        """How many rows were lost since the start."""
        return self._writer.lost

    async def drain(self) -> None:
        """Write everything that waits, before the database is closed."""
        await self._writer.drain()

    async def _write(self, records: Sequence[UsageRecord]) -> None:
        async with self._database.write() as conn:
            await store.add(conn, records)
