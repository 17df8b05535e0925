"""Moving the oldest rows into a file (LIF-23): the record then begins with the hash at which the file ends.

The move is itself on the record, with the file's SHA-256, in the transaction of the removal; `verify` starts there.
This is the one place that goes past the triggers, as the owner of the database's tables.
"""

import asyncio
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import delete, func, select, text

from gateway.audit.event import Event
from gateway.audit.model import export_line
from gateway.audit.reading import ARCHIVE, each_piece
from gateway.audit.trail import Trail
from gateway.audit.verifying import Row
from gateway.storage.clock import Clock
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database
from gateway.storage.schema import audit


class Segment(NamedTuple):
    """Rows from the first to the last, with the hash at which they end; 0 when there are none."""

    first: int
    last: int
    last_hash: str


async def plan(database: Database, before_ms: int) -> Segment:
    """Return the rows that are older; the newest row of all stays."""
    young = select(func.min(audit.c.seq)).where(audit.c.at >= before_ms)
    ends = select(func.min(audit.c.seq), func.max(audit.c.seq))
    async with database.read() as conn:
        first_young = (await conn.execute(young)).scalar_one_or_none()
        first, newest = (await conn.execute(ends)).one()
        if newest is None:
            return Segment(0, 0, "")
        last = min(newest, first_young or newest) - 1
        found = (await conn.execute(select(audit.c.hash).where(audit.c.seq == last))).scalar_one_or_none()
    return Segment(0, 0, "") if found is None else Segment(int(first), int(last), str(found))


async def move(database: Database, trail: Trail, clock: Clock, segment: Segment, target: Path) -> None:
    """Write the rows into a new file, then remove them and say so, in one transaction.

    Raises:
        FileExistsError, OSError: the file cannot be made; then nothing was changed.
    """
    digest = await _write(database, segment, target)
    event = Event(
        ARCHIVE,
        "audit",
        name=target.name,
        after={"from": segment.first, "to": segment.last, "last_hash": segment.last_hash, "file_sha256": digest},
    )
    async with database.write() as conn:
        await _remove(conn, segment)
        await trail.write(conn, [event], clock.now_ms())


async def _write(database: Database, segment: Segment, target: Path) -> str:
    """Write the rows and return the file's SHA-256; what was begun is taken away again when it fails."""
    descriptor = await asyncio.to_thread(os.open, target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    digest = hashlib.sha256()
    try:
        with os.fdopen(descriptor, "wb") as file:

            def take(rows: Sequence[Row]) -> None:
                lines = "".join(export_line(row[8].decode(), row[9]) for row in rows if row[0] <= segment.last).encode()
                digest.update(lines)
                file.write(lines)

            await each_piece(database, take, after=segment.first - 1)
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
    except BaseException:
        await asyncio.to_thread(target.unlink, missing_ok=True)
        raise
    return digest.hexdigest()


async def _remove(conn: AsyncConnection, segment: Segment) -> None:
    """Delete the rows; the trigger that forbids it is away for this transaction alone."""
    gone = delete(audit).where(audit.c.seq.between(segment.first, segment.last))
    if conn.dialect.name == "postgresql":
        await conn.execute(text("ALTER TABLE audit DISABLE TRIGGER audit_append_only"))
        await conn.execute(gone)
        await conn.execute(text("ALTER TABLE audit ENABLE TRIGGER audit_append_only"))
        return
    made = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'audit_no_delete'"
    sql = (await conn.execute(text(made))).scalar_one()
    await conn.execute(text("DROP TRIGGER audit_no_delete"))
    await conn.execute(gone)
    await conn.exec_driver_sql(sql)
