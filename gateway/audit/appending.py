"""Numbers and rows of the record in the database, in as few trips to it as there can be: each change waits for them.

On SQLite SQLAlchemy makes each statement twice as dear as it is; here both go past it.
"""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import select

from gateway.audit.chain import GENESIS
from gateway.storage.connection import AsyncConnection
from gateway.storage.rows import insert_rows
from gateway.storage.schema import audit
from gateway.storage.versions import AUDIT_SEQUENCE, bump_version

_NAMES = [column.name for column in audit.c]
_TAKE = (
    "UPDATE meta SET value = CAST(CAST(value AS INTEGER) + ? AS TEXT) WHERE key = ? "
    "RETURNING CAST(value AS INTEGER), (SELECT hash FROM audit WHERE seq = CAST(meta.value AS INTEGER) - ?)"
)


async def take_numbers(conn: AsyncConnection, count: int) -> tuple[int, str]:
    """Raise the counter and return the first number with the hash of the row before it.

    Until the transaction ends nobody else can. Of a row that is not there the hash is that of the beginning; `verify`
    tells that it is gone.
    """
    if conn.dialect.name == "sqlite":
        ((last, previous),) = await (await _driver(conn)).execute_fetchall(_TAKE, (count, AUDIT_SEQUENCE, count))
    else:  # two statements: one alone would see the row before as it was when it began to wait for the counter
        last = await bump_version(conn, AUDIT_SEQUENCE, by=count)
        previous = (await conn.execute(select(audit.c.hash).where(audit.c.seq == last - count))).scalar_one_or_none()
    return int(last) - count + 1, GENESIS if previous is None else str(previous)


async def append(conn: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Write the rows."""
    await insert_rows(conn, audit, _NAMES, [[row[name] for name in _NAMES] for row in rows])


async def _driver(conn: AsyncConnection) -> Any:
    return cast("Any", (await conn.get_raw_connection()).driver_connection)
