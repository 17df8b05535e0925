"""Numbers and rows of the record in the database, in as few trips to it as there can be: each change waits for them.

On SQLite it is one: the driver's thread takes the numbers, has the rows made, which need the hash before them, and
writes them. SQLAlchemy makes each statement twice as dear as it is.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, cast

from sqlalchemy import select

from gateway.audit.chain import GENESIS
from gateway.storage.connection import AsyncConnection
from gateway.storage.rows import insert_rows
from gateway.storage.schema import audit
from gateway.storage.versions import AUDIT_SEQUENCE, bump_version

MakeRows: TypeAlias = Callable[[int, str], Sequence[dict[str, Any]]]
"""Makes the rows from the first one's number and the hash of the row before it; may run in another thread."""
_NAMES = [column.name for column in audit.c]
_TAKE = (
    "UPDATE meta SET value = CAST(CAST(value AS INTEGER) + ? AS TEXT) WHERE key = ? "
    "RETURNING CAST(value AS INTEGER), (SELECT hash FROM audit WHERE seq = CAST(meta.value AS INTEGER) - ?)"
)
_INSERT = f"INSERT INTO audit ({', '.join(_NAMES)}) VALUES ({', '.join('?' * len(_NAMES))})"  # noqa: S608 - our schema


async def append(conn: AsyncConnection, count: int, make: MakeRows) -> str:
    """Raise the counter by `count`, write as many rows, and return the hash of the last one.

    Until the transaction ends nobody else can. Of a row before that is not there the hash is that of the beginning;
    `verify` tells that it is gone.
    """
    if conn.dialect.name == "sqlite":
        driver = cast("Any", conn.sync_connection).connection.driver_connection
        return str(await driver._execute(_append, driver._conn, count, make))  # noqa: SLF001 - one trip, as one_trip.py
    # Two statements: one alone would see the row before as it was when it began to wait for the counter.
    last = await bump_version(conn, AUDIT_SEQUENCE, by=count)
    previous = (await conn.execute(select(audit.c.hash).where(audit.c.seq == last - count))).scalar_one_or_none()
    rows = make(last - count + 1, _hash(previous))
    await insert_rows(conn, audit, _NAMES, [[row[name] for name in _NAMES] for row in rows])
    return str(rows[-1]["hash"])


def _append(connection: sqlite3.Connection, count: int, make: MakeRows) -> str:
    ((last, previous),) = connection.execute(_TAKE, (count, AUDIT_SEQUENCE, count)).fetchall()
    rows = make(last - count + 1, _hash(previous))
    connection.executemany(_INSERT, [[row[name] for name in _NAMES] for row in rows])
    return str(rows[-1]["hash"])


def _hash(previous: str | None) -> str:
    return GENESIS if previous is None else previous
