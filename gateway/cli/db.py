"""Database: this machine's own, without a server."""

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.command import Session, command, group
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure, UsageFailure
from gateway.cli.local import ConfigFile, DataDir, local_settings, sqlite_file, with_database
from gateway.cli.output import Columns, write_lines
from gateway.cli.talk import say, suggest
from gateway.errors import ConfigError

if TYPE_CHECKING:
    from gateway.settings import Settings
    from gateway.storage.migrate import Migration

_FIELDS: Columns = {"database": "database", "revision": "revision", "needed": "needed", "current": "current"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    db = typer.Typer(no_args_is_help=True)
    command(db, "status", example="modelport db status")(_status)
    command(db, "upgrade", example="modelport db upgrade --config /etc/modelport.yaml", changes=True)(_upgrade)
    command(db, "downgrade", example="modelport db downgrade 0001", changes=True)(_downgrade)
    command(db, "backup", example="modelport db backup before-upgrade.db")(_backup)
    command(db, "rewrap", example="modelport db rewrap --config /etc/modelport.yaml", changes=True)(_rewrap)
    group(db, app, "db", about=__doc__, example="modelport db status")


def _status(session: Session, config: ConfigFile = None, data_dir: DataDir = None) -> None:
    """Show which revision the database has and which one this program needs; exit 12 when they differ."""
    settings = local_settings(config, data_dir)
    path = sqlite_file(settings)
    # Inner imports: SQLAlchemy takes 0.3 s.
    from gateway.storage.migrate import read_revision
    from gateway.storage.revisions import HEAD, REVISIONS

    found = with_database(settings, read_revision)
    row = {"database": str(path or "PostgreSQL"), "revision": found, "needed": HEAD, "current": found == HEAD}
    session.item(row, _FIELDS)
    if found == HEAD:
        return
    if found is None or found in REVISIONS:
        raise Failure("the database is behind", exit_code=ExitCode.UNHEALTHY, hint="run: modelport db upgrade")
    raise Failure(
        f"the database is at revision {found}, newer than this program, which knows {HEAD}",
        exit_code=ExitCode.UNHEALTHY,
        hint="install the newer modelport again; its `modelport db downgrade` takes the database back",
    )


def _upgrade(session: Session, config: ConfigFile = None, data_dir: DataDir = None) -> None:
    """Bring the database to the revision that this program needs; an SQLite file is copied first."""
    settings = local_settings(config, data_dir)
    # Inner imports: as above.
    from gateway.cli.recording import as_command, note_migration
    from gateway.storage.clock import SystemClock
    from gateway.storage.engine import Database
    from gateway.storage.migrate import Migration, migrate, read_revision
    from gateway.storage.revisions import HEAD

    async def run(database: Database) -> Migration:
        with as_command():
            return await migrate(database, clock=SystemClock(), note=note_migration(settings, database, "upgrade"))

    if session.dry_run:
        _rehearse(with_database(settings, read_revision) if _exists(settings) else None, HEAD)
        return
    done = with_database(settings, run)
    if done.before == done.after:
        say(f"the database is at revision {done.after} already")
    else:
        _tell(done)
    suggest("modelport serve")


def _downgrade(
    session: Session,
    revision: Annotated[
        str | None, typer.Argument(metavar="[REVISION]", help="Where to go back to [one step back].")
    ] = None,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Take the database back to an older revision, for an older modelport; an SQLite file is copied first.

    What only the newer revision can hold is lost, but for the copy. Stop every server that uses the database before.
    """
    settings = local_settings(config, data_dir)
    sqlite_file(settings)
    # Inner imports: as above.
    from gateway.cli.recording import as_command, note_migration
    from gateway.storage.clock import SystemClock
    from gateway.storage.engine import Database
    from gateway.storage.migrate import Migration, downgrade, read_revision
    from gateway.storage.revisions import REVISIONS

    found = with_database(settings, read_revision)
    target = revision or _below(found, REVISIONS)

    async def run(database: Database) -> Migration:
        with as_command():
            note = note_migration(settings, database, "downgrade")
            return await downgrade(database, target, clock=SystemClock(), note=note)

    if session.dry_run:
        _rehearse(found, target)
        return
    if found != target:
        say(f"This goes: what revision {found} of the database holds and {target} has no place for")
        session.confirm(f"Take the database from revision {found} back to {target}?")
    done = with_database(settings, run)
    if done.before == done.after:
        say(f"the database is at revision {target} already")
        return
    _tell(done)
    say("Now start the older modelport: this one would bring the database up again.")


def _below(found: str | None, revisions: tuple[str, ...]) -> str:
    if found in revisions[1:]:
        return revisions[revisions.index(found) - 1]
    if found == revisions[0]:
        raise UsageFailure(
            f"revision {found} is the first one: there is nothing below it", hint="modelport db backup keeps a copy"
        )
    if found is None:
        raise UsageFailure("the database is empty", hint="run: modelport db upgrade")
    raise UsageFailure(
        f"the database is at revision {found}, to which this program does not know the way",
        hint="run this with the newer modelport, which made it",
    )


def _rehearse(found: str | None, target: str) -> None:
    if found == target:
        say(f"Dry run: the database is at revision {target} already")
    else:
        say(f"Dry run: nothing was changed. The database would go from revision {found or 'none'} to {target}")


def _exists(settings: "Settings") -> bool:
    """Whether there is a database to read: opening an embedded one would make it."""
    try:
        sqlite_file(settings)
    except Failure:
        return False
    return True


def _tell(done: "Migration") -> None:
    say(f"the database went from revision {done.before or 'none'} to {done.after}")
    if done.copy is not None:
        say(f"the old one is kept as {done.copy}")


def _backup(
    session: Session,  # noqa: ARG001 - every command's shape
    target: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Where to [beside it].")] = None,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Copy the embedded database, also while a server uses it, and print the copy's path."""
    settings = local_settings(config, data_dir)
    path = sqlite_file(settings)
    if path is None:
        raise UsageFailure("this command copies SQLite files only", hint="PostgreSQL has its own: pg_dump")
    if target is None:
        target = path.with_name(f"{path.name}.bak-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    _copy(path, target)
    write_lines([target])
    if settings.secrets.pepper is None or settings.secrets.kek is None:
        say(f"Keep the key files in {settings.data_dir} with it: without them the copy opens no stored secret.")


def _rewrap(session: Session, config: ConfigFile = None, data_dir: DataDir = None) -> None:
    """Bring every stored credential under the newest key-encryption key, the first one that secrets.kek names."""
    settings = local_settings(config, data_dir)
    sqlite_file(settings)
    # Inner imports: as above.
    from gateway.cli.recording import as_command, note_rewrap
    from gateway.storage.clock import SystemClock
    from gateway.storage.engine import Database
    from gateway.storage.migrate import require_current
    from gateway.vault.setup import KEK_FILE, make_vault

    async def run(database: Database) -> int:
        await require_current(database)
        vault = make_vault(settings, database, environment=os.environ, clock=SystemClock())
        made = settings.secrets.kek is not None or (settings.data_dir / KEK_FILE).exists()
        if not made and not await vault.root_keys_in_use():
            return 0  # nor is a key made for nothing
        if not made:
            raise ConfigError(f"there is no {KEK_FILE} in {settings.data_dir}", hint="name the server's --data-dir")
        with as_command():
            return await vault.rewrap(note_rewrap(settings, database))

    if session.dry_run:
        say("Dry run: nothing was changed. Every stored credential would be read and written under the newest key.")
        return
    moved = with_database(settings, run)
    say(f"{moved} stored credentials were brought under the newest key; older ones may go from secrets.kek")


def _copy(path: Path, target: Path) -> None:
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError as error:
        raise UsageFailure(f"{target} exists", hint="name another file") from error
    except OSError as error:
        raise UsageFailure(f"{target}: {error.strerror}") from error
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
    except sqlite3.Error as error:
        target.unlink(missing_ok=True)
        raise Failure(f"{path} could not be copied: {error}", exit_code=ExitCode.UNEXPECTED) from error
