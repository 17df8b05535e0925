"""Reading the whole record, past SQLAlchemy: 100,000 rows a second are the aim, and a row object each is too much.

Rows come in pieces, each its own short transaction, so that a long look holds up nobody.
"""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import select

from gateway.audit.chain import GENESIS
from gateway.audit.verifying import Row
from gateway.storage.engine import Database
from gateway.storage.schema import audit
from gateway.storage.versions import AUDIT_SEQUENCE, read_version

AT_ONCE = 2000
"""Rows of one piece: some 10 ms of work."""
ARCHIVE = "audit.archive"
_IN_UTF8 = {"sqlite": "CAST(record AS BLOB)", "postgresql": "convert_to(record, 'UTF8')"}
"""The text as bytes: what is hashed, without making a str of it first."""
_NAMES = [column.name for column in audit.c]
_BEHIND = {
    dialect: f"SELECT {', '.join(_NAMES).replace('record', text)} FROM audit WHERE seq > "  # noqa: S608 - the schema's
    for dialect, text in _IN_UTF8.items()
}


class Start(NamedTuple):
    """Where the record stands: the number of its newest row, and where the last archive ended."""

    counter: int
    archived_to: int = 0
    archived_hash: str = GENESIS


async def read_start(database: Database) -> Start:
    """Return where the record begins and ends, by what the database itself says."""
    archives = select(audit.c.record).where(audit.c.action == ARCHIVE).order_by(audit.c.seq.desc()).limit(1)
    async with database.read() as conn:
        counter = await read_version(conn, AUDIT_SEQUENCE)
        text = (await conn.execute(archives)).scalar_one_or_none()
    if text is None:
        return Start(counter)
    try:
        after = json.loads(text)["after"]
        return Start(counter, int(after["to"]), str(after["last_hash"]))
    except (ValueError, KeyError, TypeError):  # an edited row, which the verifier will tell
        return Start(counter)


async def each_piece(database: Database, take: Callable[[Sequence[Row]], object], *, after: int = 0) -> None:
    """Give every row from behind `after` on, piece by piece, to `take`, which runs in a thread."""
    if database.path is not None:
        place: int | None = after
        while place is not None:
            place = await asyncio.to_thread(_piece_of_file, database.path, place, take)
        return
    while rows := await _fetch(database, after):
        await asyncio.to_thread(take, rows)
        after = rows[-1][0]


def _piece_of_file(path: Path, after: int, take: Callable[[Sequence[Row]], object]) -> int | None:
    """Take some pieces and return the last row's number; None at the end."""
    with closing(sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True, timeout=5)) as connection:
        for _ in range(_PIECES_OF_A_CONNECTION):
            rows = connection.execute(f"{_BEHIND['sqlite']}? ORDER BY seq LIMIT {AT_ONCE}", (after,)).fetchall()
            if not rows:
                return None
            take(rows)
            after = rows[-1][0]
    return after


_PIECES_OF_A_CONNECTION = 50


def _quoted(path: Path) -> str:
    return str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


async def _fetch(database: Database, after: int) -> list[Row]:
    async with database.read() as conn:
        driver: Any = (await conn.get_raw_connection()).driver_connection
        found: list[Row] = await driver.fetch(f"{_BEHIND['postgresql']}$1 ORDER BY seq LIMIT {AT_ONCE}", after)
        return found
