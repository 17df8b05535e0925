"""The database: there, whole, ours, of the right revision, and writable. It is only read.

An embedded database is opened so that not even SQLite's own side files come into being.
"""

import asyncio
import shlex
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from stat import S_IMODE

from gateway.doctor.finding import Finding, fail, ok, skip, warn
from gateway.doctor.machine import Machine
from gateway.errors import GatewayError
from gateway.settings import Settings
from gateway.storage.engine import Database, parse_url
from gateway.storage.migrate import read_revision
from gateway.storage.revisions import HEAD, REVISIONS

_CHECKED_BYTES = 256 * 1024**2  # a larger file takes longer than a person waits
_FOREIGN_BITS = 0o077
_UPGRADE = "modelport db upgrade"
_DEPRECATED = "modelport models list --state deprecated"
_RETIRED_WITHIN_S = 300  # a server looks every 30 s
_NEWER = "pip install --upgrade modelport"


def check_database(machine: Machine) -> Iterator[Finding]:
    """Look at whichever database the settings name."""
    settings = machine.settings
    if settings is None:
        yield skip("the configuration has to be mended first")
        return
    try:
        url = parse_url(settings.database_url)
    except GatewayError as error:
        yield fail(error.message, "unset MODELPORT_DATABASE__URL")
        return
    if url.get_backend_name() == "sqlite":
        yield from _sqlite(Path(url.database or ""))
    else:
        yield _postgresql(settings, f"pg_isready -h {url.host or 'localhost'} -p {url.port or 5432}")


def open_read_only(path: Path) -> sqlite3.Connection:
    """Return a connection that changes nothing: a database that nobody has open is read as a plain file."""
    beside = path.with_name(f"{path.name}-wal")
    open_elsewhere = beside.exists() and beside.stat().st_size > 0 and path.with_name(f"{path.name}-shm").exists()
    mode = "mode=ro" if open_elsewhere else "mode=ro&immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)


def _sqlite(path: Path) -> Iterator[Finding]:
    shown = shlex.quote(str(path))
    if not path.exists():
        yield skip(f"{path} is not there yet: the first start makes it", "modelport serve")
        return
    mode = S_IMODE(path.stat().st_mode)
    if not mode & 0o200:
        yield fail(f"nothing can be written to {path} (mode {mode:04o})", f"chmod 600 {shown}")
    elif mode & _FOREIGN_BITS:
        yield warn(f"{path} is open to other users (mode {mode:04o})", f"chmod 600 {shown}")
    try:
        with closing(open_read_only(path)) as database:
            whole = _is_whole(database, path)
            revision = _revision(database)
            overdue = _overdue(database) if revision == HEAD else 0
    except (sqlite3.Error, OSError) as error:
        whole, revision, overdue, why = False, None, 0, str(error)
    else:
        why = "its pages contradict each other"
    if not whole:
        copies = ", ".join(one.name for one in sorted(path.parent.glob(f"{path.name}.bak-*"))) or "none"
        yield fail(
            f"{path} is damaged or no database ({why}); copies beside it: {copies}", f"mv {shown} {shown}.damaged"
        )
        return
    yield _judged(revision, str(path), automatic=True)
    if overdue:
        what = "1 model stays" if overdue == 1 else f"{overdue} models stay"
        yield warn(f"{what} deprecated beyond the announced end: something points there", _DEPRECATED)


def _is_whole(database: sqlite3.Connection, path: Path) -> bool:
    if path.stat().st_size > _CHECKED_BYTES:
        return bool(database.execute("PRAGMA schema_version").fetchone())
    return bool(database.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))


def _revision(database: sqlite3.Connection) -> str | None:
    """Return the revision; "" when there are tables of ours without one."""
    tables = {str(row[0]) for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    row = (
        database.execute("SELECT version_num FROM alembic_version").fetchone() if "alembic_version" in tables else None
    )
    if row is not None:
        return str(row[0])
    return "" if tables & {"models", "teams", "keys"} else None


def _overdue(database: sqlite3.Connection) -> int:
    """Return how many models a running server could not retire at their sunset."""
    before_ms = int((time.time() - _RETIRED_WITHIN_S) * 1000)
    query = "SELECT count(*) FROM models WHERE state = 'deprecated' AND sunset_at <= ?"
    return int(database.execute(query, (before_ms,)).fetchone()[0])


def _judged(revision: str | None, place: str, *, automatic: bool) -> Finding:
    if revision == HEAD:
        return ok(f"{place} is whole and at revision {HEAD}")
    if revision == "":
        return fail(f"{place} holds tables with our names and no revision: it is somebody else's", _OWN)
    if revision is not None and revision not in REVISIONS:
        return fail(f"{place} is at revision {revision}, newer than {HEAD}, the newest known here", _NEWER)
    at = f"revision {revision}" if revision else "no revision yet"
    if automatic:
        return warn(f"{place} is at {at}; the next start brings it to {HEAD}, after a copy", _UPGRADE)
    return fail(f"{place} is at {at}, and {HEAD} is needed", _UPGRADE)


_OWN = "modelport serve --data-dir modelport-data"


def _postgresql(settings: Settings, command: str) -> Finding:
    try:
        return asyncio.run(_ask_postgresql(settings))
    except GatewayError as error:
        return fail(f"{error.message}{f'; {error.hint}' if error.hint else ''}", command)


async def _ask_postgresql(settings: Settings) -> Finding:
    database = await Database.open(settings.database_url, pgbouncer=settings.database.pgbouncer)
    try:
        revision = await read_revision(database)
        async with database.read() as conn:
            standby = (await conn.exec_driver_sql("SELECT pg_is_in_recovery()")).scalar_one()
    finally:
        await database.close()
    if standby:
        return fail("the PostgreSQL server is a standby: nothing can be written to it", "psql -c 'SELECT pg_promote()'")
    return _judged(revision, "PostgreSQL", automatic=settings.database.auto_migrate)
