"""A statement on SQLite as one trip to the driver's thread, where the driver itself makes four of it.

aiosqlite asks its thread for a cursor, to execute, for the rows, and to close: with both threads switching, half a
millisecond for each statement. Here the thread does all of it at once; the rows are whole in memory either way. Taken
by `engine.py` alone.
"""

import collections
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.util import EMPTY_DICT


class _Outcome(NamedTuple):
    """What a statement left, in the words of the driver's cursor."""

    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    rows: Sequence[Any] = ()

    def close(self) -> None:
        """Do nothing: the driver's cursor is closed already."""


class OneTripCursor(AsyncAdapt_aiosqlite_cursor):
    """Executes a statement and fetches its rows in one call of the thread."""

    __slots__ = ()
    _awaitable_cursor_close = False

    def __init__(self, adapt_connection: Any) -> None:
        """Take the connection; the thread is not asked for anything yet."""
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection  # noqa: SLF001 - as the class above does
        self._cursor = cast("Any", _Outcome())
        self._soft_closed_memoized = EMPTY_DICT
        self._rows = collections.deque()

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        await self._go(execute, operation, parameters)

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        await self._go(_execute_many, operation, seq_of_parameters)

    async def _go(self, run: Callable[..., _Outcome], operation: str, parameters: Any) -> None:
        connection = cast("Any", self._connection)
        async with self._adapt_connection._execute_mutex:  # noqa: SLF001 - as the class above does
            outcome = await connection._execute(run, connection._conn, operation, parameters)  # noqa: SLF001 - its door
        self._cursor = cast("Any", outcome)
        self._rows = collections.deque(outcome.rows)


class OneTripConnection(AsyncAdapt_aiosqlite_connection):
    """A connection that makes such cursors."""

    __slots__ = ()
    _cursor_cls = OneTripCursor


class OneTrip(AsyncAdapt_aiosqlite_dbapi):
    """What SQLAlchemy takes for the driver (`module=`)."""

    def __init__(self) -> None:
        """Stand on aiosqlite."""
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *arg: Any, **kw: Any) -> OneTripConnection:
        """Connect as the driver does."""
        return OneTripConnection(self, super().connect(*arg, **kw).driver_connection)


async def execute_all(driver: Any, statements: Sequence[str]) -> None:
    """Execute statements without parameters on aiosqlite's connection in one trip, in the transaction that it has."""
    await driver._execute(_execute_each, driver._conn, statements)  # noqa: SLF001 - its door, as above


def execute(connection: sqlite3.Connection, operation: str, parameters: Any) -> _Outcome:
    """Carry a statement out, in the driver's thread; `prepared.py` has its own come here."""
    return _fetch(connection.execute(operation, () if parameters is None else parameters))


def _execute_each(connection: sqlite3.Connection, statements: Sequence[str]) -> None:
    for statement in statements:  # not executescript(), which commits first
        connection.execute(statement)


def _execute_many(connection: sqlite3.Connection, operation: str, parameters: Any) -> _Outcome:
    return _fetch(connection.executemany(operation, parameters))


def _fetch(cursor: sqlite3.Cursor) -> _Outcome:
    rows = cursor.fetchall() if cursor.description else ()  # rowcount of UPDATE … RETURNING is true after its rows
    outcome = _Outcome(cursor.description, cursor.rowcount, cursor.lastrowid, rows)
    cursor.close()
    return outcome
