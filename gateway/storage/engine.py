"""How a store reaches the database: one `Database` per process, with transactions for reading and for writing.

Made by the composition root, taken by constructor in every `store.py`. What is settled here (libraries.md section 6):

- SQLite runs in WAL mode; a write begins with BEGIN IMMEDIATE, because a reading transaction that turns into a writing
  one fails with BUSY_SNAPSHOT, which no busy timeout retries. Within the process writers queue on a lock instead.
- PostgreSQL reads are REPEATABLE READ READ ONLY, so that both databases show one moment to one `read()`.
- A database that is busy or away is a 503 with `Retry-After` (`Unavailable`), never a 500.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Literal, Self, cast

from sqlalchemy import URL, event, make_url
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import NullPool

from gateway.errors import ConfigError, Unavailable
from gateway.storage.connection import AsyncConnection, AsyncEngine, create_async_engine

Dialect = Literal["sqlite", "postgresql"]

_BUSY_TIMEOUT_MS = 5000  # longer than any transaction of ours; a waiting writer of another process is not an error
_POOL_TIMEOUT_S = 10
_CONNECT_TIMEOUT_S = 10
_SQLITE_BUSY = {5, 6}  # SQLITE_BUSY, SQLITE_LOCKED: the low byte of the extended code
# Serialisation failure, deadlock, lock not available, too many connections, shutting down, cannot connect now.
_POSTGRES_BUSY = {"40001", "40P01", "55P03", "53300", "57P01", "57P03"}


class Database:
    """An open database. `url` may hold a password: it is for this package only."""

    def __init__(self, url: URL, engine: AsyncEngine) -> None:
        self.url = url
        self.dialect: Dialect = "sqlite" if url.get_backend_name() == "sqlite" else "postgresql"
        self._readers = engine.execution_options(**_READ_OPTIONS[self.dialect])
        self._writers = engine.execution_options(begin="BEGIN IMMEDIATE")
        self._engine = engine
        self._writing = asyncio.Lock()

    @classmethod
    async def open(cls, url: str, *, pgbouncer: bool = False) -> Self:
        """Connect once and return the database.

        `url` is `sqlite:///path` or `postgresql://user:password@host/name`; `pgbouncer` leaves out what transaction
        pooling breaks (prepared statements, our own pool).

        Raises:
            ConfigError: the URL is not understood, a driver is missing, or nobody answers there.
        """
        parsed = parse_url(url)
        if parsed.get_backend_name() == "sqlite":
            engine = _sqlite_engine(parsed)
        else:
            engine = _postgresql_engine(parsed, pgbouncer=pgbouncer)
        database = cls(parsed, engine)
        try:
            async with database.read() as conn:
                await conn.exec_driver_sql("SELECT 1")
        except (SQLAlchemyError, Unavailable, OSError, TypeError) as error:  # TypeError: a parameter the driver lacks
            await engine.dispose()
            message = f"database.url: cannot open {_shown(parsed)}: {_first_line(error)}"
            raise ConfigError(message, hint=_open_hint(message)) from error
        return database

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection that shows one moment of the database and refuses to write."""
        async with _transaction(self._readers) as conn:
            yield conn

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection inside one transaction: committed at the end, rolled back by any exception.

        On SQLite this process has one writer at a time. Do not wait for anything but the database inside.
        """
        async with contextlib.AsyncExitStack() as stack:
            if self.dialect == "sqlite":
                await stack.enter_async_context(self._writing)
            yield await stack.enter_async_context(_transaction(self._writers))

    @contextlib.asynccontextmanager
    async def change_schema(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection for `migrate`: as `write()`, but foreign keys of SQLite are checked only at the end.

        SQLite alters a table by making it anew, and dropping the old one would delete what refers to it.

        Raises:
            RuntimeError: a row refers to nothing afterwards; everything is rolled back.
        """
        async with self._writing, self._engine.connect() as conn:
            if self.dialect == "sqlite":  # ignored inside a transaction, so it goes past SQLAlchemy
                driver: Any = (await conn.get_raw_connection()).driver_connection
                await driver.execute("PRAGMA foreign_keys=OFF")
            await conn.execution_options(begin="BEGIN IMMEDIATE")
            try:
                with _busy_is_unavailable():
                    async with conn.begin():
                        yield conn
                        await _check_references(conn, self.dialect)
            finally:
                await conn.invalidate()  # never back into the pool without foreign keys

    @property
    def path(self) -> Path | None:
        """The SQLite file, None on PostgreSQL."""
        return Path(cast("str", self.url.database)) if self.dialect == "sqlite" else None

    async def close(self) -> None:
        """Close every connection. Without this, SQLite's threads would outlive the event loop."""
        await self._engine.dispose()


_READ_OPTIONS: dict[Dialect, dict[str, Any]] = {
    "sqlite": {"begin": "BEGIN", "read_only": True},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}


def parse_url(url: str) -> URL:
    """Return the URL with the asynchronous driver filled in.

    Raises:
        ConfigError: neither SQLite nor PostgreSQL, or SQLite without a file.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError("database.url: not a database URL", hint=_URL_HINT) from error
    backend = {"postgres": "postgresql"}.get(parsed.get_backend_name(), parsed.get_backend_name())
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+asyncpg")
    if backend != "sqlite":
        raise ConfigError(f"database.url: {backend!r} is not served here", hint=_URL_HINT)
    if parsed.database in {None, "", ":memory:"}:
        raise ConfigError("database.url: SQLite needs a file, a database in memory is not shared", hint=_URL_HINT)
    return parsed.set(drivername="sqlite+aiosqlite")


_OPEN_HINTS = {
    "startup parameter": "behind PgBouncer set database.pgbouncer",
    "file is not a database": "put a copy in its place (`modelport db backup` makes them), or take another data_dir",
    "malformed": "it is damaged: put a copy in its place (`modelport db backup` makes them)",
}
"""What to do, by words of the driver's message."""


def _open_hint(message: str) -> str | None:
    general = "is the server there, and are name and password right?" if "postgresql" in message else None
    return next((hint for words, hint in _OPEN_HINTS.items() if words in message), general)


_URL_HINT = "use sqlite:////var/lib/modelport/modelport.db or postgresql://user:password@host/modelport"


@contextlib.asynccontextmanager
async def _transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with contextlib.AsyncExitStack() as stack:
        try:
            conn = await stack.enter_async_context(engine.connect())
            await stack.enter_async_context(conn.begin())
        except (PoolTimeoutError, DBAPIError, OSError) as error:
            raise _unavailable(error) from error
        with _busy_is_unavailable():
            yield conn
            await conn.commit()


@contextlib.contextmanager
def _busy_is_unavailable() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if _is_busy(error):
            raise _unavailable(error) from error
        raise


async def _check_references(conn: AsyncConnection, dialect: Dialect) -> None:
    if dialect == "sqlite" and (row := (await conn.exec_driver_sql("PRAGMA foreign_key_check")).first()):
        raise RuntimeError(f"a row of {row.table} refers to a row of {row.parent} that is not there")


def _sqlite_engine(url: URL) -> AsyncEngine:
    from gateway.storage.one_trip import OneTrip  # imports the driver, which PostgreSQL does without

    path = Path(cast("str", url.database))
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))  # hashes and secrets live in it
    except OSError as error:
        raise ConfigError(f"database.url: cannot open {path}: {error.strerror}") from error
    engine = create_async_engine(url, module=OneTrip(), pool_timeout=_POOL_TIMEOUT_S, hide_parameters=True)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    event.listen(engine.sync_engine, "before_cursor_execute", _refuse_write)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None  # the driver would send a deferred BEGIN of its own
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={_BUSY_TIMEOUT_MS}", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    connection.exec_driver_sql(connection.get_execution_options()["begin"])


def _refuse_write(*call: Any) -> None:
    """Hold SQLite to what PostgreSQL refuses by itself, so that a wrong store fails on both."""
    context = cast("DefaultExecutionContext", call[4])
    if context.execution_options.get("read_only") and (context.isinsert or context.isupdate or context.isdelete):
        raise RuntimeError("a write inside Database.read(): use Database.write()")


def _postgresql_engine(url: URL, *, pgbouncer: bool) -> AsyncEngine:
    connect: dict[str, Any] = {
        "timeout": _CONNECT_TIMEOUT_S,
        "server_settings": {"application_name": "modelport", "jit": "off"},  # jit costs 100 ms on a first small query
    }
    options: dict[str, Any] = {"pool_pre_ping": True, "pool_timeout": _POOL_TIMEOUT_S}
    if pgbouncer:  # the next transaction may run on another server connection: nothing of ours may stay on this one
        connect |= {"statement_cache_size": 0, "prepared_statement_cache_size": 0, "server_settings": {}}
        connect["prepared_statement_name_func"] = str  # returns "": the unnamed statement, gone with the next one
        options = {"poolclass": NullPool}
    try:
        return create_async_engine(url, connect_args=connect, hide_parameters=True, **options)
    except ModuleNotFoundError as error:
        raise ConfigError(
            "database.url: PostgreSQL needs the driver asyncpg", hint='install "modelport[postgres]"'
        ) from error


def _is_busy(error: DBAPIError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _SQLITE_BUSY
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _POSTGRES_BUSY


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable(
        f"the database does not answer: {_first_line(error)}", code="database_busy", headers={"Retry-After": "1"}
    )


def _first_line(error: BaseException) -> str:
    """What went wrong, without SQL, parameters or addresses."""
    cause = error.__cause__ if isinstance(error, Unavailable) else error
    text = str(getattr(cause, "orig", cause)).strip() or type(cause).__name__
    return text.splitlines()[0]


def _shown(url: URL) -> str:
    return url.set(drivername=url.get_backend_name(), query={}).render_as_string(hide_password=True)
