"""Numbers and rows of the record in the database, in as few trips to it as there can be: each change waits for them.

On SQLite a statement of SQLAlchemy's is four trips to the driver's thread; here both statements go past it, one each.
"""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import insert, select

from gateway.audit.chain import GENESIS
from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import audit
from gateway.storage.versions import AUDIT_SEQUENCE, bump_version

_AT_ONCE = 500
"""Rows of one statement."""
_NAMES = [column.name for column in audit.c]
_INSERT = f"INSERT INTO audit ({', '.join(_NAMES)}) VALUES ({', '.join('?' * len(_NAMES))})"  # noqa: S608 - the schema's
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


async def insert_rows(conn: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Write the rows."""
    if conn.dialect.name == "sqlite":
        driver = await _driver(conn)
        if len(rows) == 1:
            await driver.execute_fetchall(_INSERT, [rows[0][name] for name in _NAMES])
        else:
            await driver.executemany(_INSERT, [[row[name] for name in _NAMES] for row in rows])
        return
    for start in range(0, len(rows), _AT_ONCE):
        await conn.execute(insert(audit), rows[start : start + _AT_ONCE])


async def _driver(conn: AsyncConnection) -> Any:
    return cast("Any", (await conn.get_raw_connection()).driver_connection)
