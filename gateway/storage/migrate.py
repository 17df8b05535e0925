"""Bringing a database to the schema that this program knows: once at the start, and by `modelport db upgrade`.

A database that is up to date costs one read; alembic (668 ms to import) is loaded only when a step has to be run. Every
way here is one transaction: a start that is interrupted leaves the old schema, or none.
"""

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from sqlalchemy import Connection, func, insert, inspect, select

from gateway.errors import ConfigError
from gateway.storage.clock import Clock
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database
from gateway.storage.one_trip import execute_all
from gateway.storage.revisions import HEAD, REVISIONS
from gateway.storage.schema import alembic_version, meta, metadata
from gateway.storage.versions import VERSIONS

STEPS = Path(__file__).with_name("migrations")
"""Where alembic finds the steps."""
NEW_SQLITE = Path(__file__).with_name("schema") / "new.sqlite.sql"
"""Every table and trigger of `schema`, written out (`make fmt`): SQLAlchemy needs 50 ms for it at each first start."""
_LOCK = 0x6D6F64656C706F72  # "modelpor": the advisory lock that one migrating process holds


class Migration(Struct, frozen=True):
    """What a start found and did: `before` is None for a new database, `copy` the file that was kept."""

    before: str | None
    after: str
    copy: Path | None = None


Note = Callable[[AsyncConnection, Migration], Awaitable[object]]
"""Told of a migration inside its transaction, for the record of changes."""


async def migrate(database: Database, *, clock: Clock, automatic: bool = True, note: Note | None = None) -> Migration:
    """Bring the database to HEAD and return what was done; on SQLite its file is copied first.

    Several processes may start at once: one migrates, the others wait and find it done. `note` is told of what was done
    inside the transaction, as its last step.

    Raises:
        ConfigError: the database is newer than this program, holds tables of somebody else, or is behind while
            `automatic` is False.
    """
    found = await read_revision(database)
    if found == HEAD:
        return Migration(found, HEAD)
    _check_known(found)
    if not automatic:
        raise ConfigError(
            f"the database is at revision {found or 'none'}, but this program needs {HEAD}",
            hint="run `modelport db upgrade`, or set database.auto_migrate",
        )
    async with database.change_schema() as conn:
        if database.dialect == "postgresql":
            await conn.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        done = await _change(conn, database.path, clock)
        if note is not None and done.before != done.after:
            await note(conn, done)
        return done


async def downgrade(database: Database, target: str, *, clock: Clock, note: Note | None = None) -> Migration:
    """Take the database back to an older revision and return what was done; on SQLite its file is copied first.

    `note` is told of what is about to be done inside the transaction, before the first step; the copy has not got it.

    What newer tables and columns hold is lost; the copy has it. No server may use the database meanwhile.

    Raises:
        ConfigError: the revision is unknown, or newer than the database's; the database is empty, or newer than this
            program, which then does not know the way down.
    """
    if target not in REVISIONS:
        raise ConfigError(f"there is no revision {target}", hint=f"choose one of {', '.join(REVISIONS)}")
    async with database.change_schema() as conn:
        if database.dialect == "postgresql":
            await conn.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        found = await conn.run_sync(_revision)
        _check_known(found)
        if found is None:
            raise ConfigError("the database is empty", hint="run `modelport db upgrade`")
        if found == target:
            return Migration(found, target)
        if REVISIONS.index(target) > REVISIONS.index(found):
            raise ConfigError(f"the database is at revision {found}, below {target}", hint="run `modelport db upgrade`")
        copy = None if database.path is None else await asyncio.to_thread(_copy, database.path, found, clock.now_ms())
        done = Migration(found, target, copy)
        if note is not None:
            await note(conn, done)
        await conn.run_sync(run_steps, target)
        return done


async def read_revision(database: Database) -> str | None:
    """Return the database's revision; None when it is empty.

    Raises:
        ConfigError: it holds tables with our names but no revision.
    """
    async with database.read() as conn:
        return await conn.run_sync(_revision)


async def require_current(database: Database) -> None:
    """Raise ConfigError unless the database is the one that this program works with."""
    if (found := await read_revision(database)) != HEAD:
        raise ConfigError(f"the database is at revision {found}, not {HEAD}", hint="run `modelport db upgrade`")


async def create_schema(conn: AsyncConnection) -> None:
    """Make every table in an empty database, at the newest revision, without alembic."""
    if conn.dialect.name == "sqlite":
        driver = (await conn.get_raw_connection()).driver_connection
        await execute_all(driver, NEW_SQLITE.read_text("utf-8").split(";\n\n"))
    else:
        await conn.run_sync(metadata.create_all)
        await conn.run_sync(alembic_version.create)
    await conn.execute(insert(alembic_version).values(version_num=HEAD))
    await conn.execute(insert(meta), [{"key": name, "value": "0"} for name in VERSIONS])


def run_steps(connection: Connection, target: str) -> None:
    """Run alembic's steps up or down to the revision (or `base`), inside the connection's transaction."""
    from alembic import command  # 668 ms, paid only by a database that is behind
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(STEPS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    at = _revision(connection)
    down = target == "base" or (at is not None and target in REVISIONS[: REVISIONS.index(at)])
    (command.downgrade if down else command.upgrade)(config, target)


async def _change(conn: AsyncConnection, path: Path | None, clock: Clock) -> Migration:
    found = await conn.run_sync(_revision)  # again: another process may have been first
    if found == HEAD:
        return Migration(found, HEAD)
    _check_known(found)
    if found is None:
        await create_schema(conn)
        return Migration(None, HEAD)
    copy = None if path is None else await asyncio.to_thread(_copy, path, found, clock.now_ms())
    await conn.run_sync(run_steps, HEAD)
    return Migration(found, HEAD, copy)


def _revision(connection: Connection) -> str | None:
    tables = _tables(connection)
    if alembic_version.name in tables:
        return connection.execute(select(alembic_version.c.version_num)).scalar_one_or_none()
    if foreign := sorted(tables & metadata.tables.keys()):
        raise ConfigError(
            f"the database holds tables with our names ({', '.join(foreign)}) but no revision: it is somebody else's",
            hint="give modelport a database of its own in database.url",
        )
    return None


def _tables(connection: Connection) -> set[str]:
    if connection.dialect.name == "sqlite":
        return set(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())
    return set(inspect(connection).get_table_names())


def _check_known(found: str | None) -> None:
    if found is not None and found not in REVISIONS:
        raise ConfigError(
            f"the database is at revision {found}, which is newer than {HEAD}, the newest that this program knows",
            hint="install the newer modelport again; its `modelport db downgrade` takes the database back, "
            "or restore the copy that it made before its migration",
        )


def _copy(path: Path, found: str, now_ms: int) -> Path:
    """Copy the SQLite file beside itself and return the copy; it has its name only once it is whole."""
    stamp = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    copy = path.with_name(f"{path.name}.bak-{found}-{stamp}")
    partial = copy.with_name(f"{copy.name}.part")
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        source, target = sqlite3.connect(path), sqlite3.connect(partial)
        try:
            source.backup(target)
        finally:
            target.close()
            source.close()
        return partial.replace(copy)
    except (OSError, sqlite3.Error) as error:
        raise ConfigError(f"the database was not migrated, because {path} could not be copied: {error}") from error
