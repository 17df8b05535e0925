"""Database: this machine's own, without a server."""

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.command import Session, command
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure, UsageFailure
from gateway.cli.local import ConfigFile, DataDir, local_settings, sqlite_file, with_database
from gateway.cli.output import Columns, write_lines
from gateway.cli.talk import say
from gateway.errors import ConfigError

_FIELDS: Columns = {"database": "database", "revision": "revision", "needed": "needed", "current": "current"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True)
    command(group, "status", example="modelport db status")(_status)
    command(group, "upgrade", example="modelport db upgrade --config /etc/modelport.yaml")(_upgrade)
    command(group, "backup", example="modelport db backup before-upgrade.db")(_backup)
    command(group, "rewrap", example="modelport db rewrap --config /etc/modelport.yaml")(_rewrap)
    app.add_typer(group, name="db", help=__doc__)


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
    raise Failure("the database is newer than this program", exit_code=ExitCode.UNHEALTHY, hint="install the newer one")


def _upgrade(session: Session, config: ConfigFile = None, data_dir: DataDir = None) -> None:  # noqa: ARG001 - every command's shape
    """Bring the database to the revision that this program needs; an SQLite file is copied first."""
    settings = local_settings(config, data_dir)
    # Inner imports: as above.
    from gateway.storage.clock import SystemClock
    from gateway.storage.engine import Database
    from gateway.storage.migrate import Migration, migrate

    async def run(database: Database) -> Migration:
        return await migrate(database, clock=SystemClock())

    done = with_database(settings, run)
    if done.before == done.after:
        say(f"the database is at revision {done.after} already")
        return
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


def _rewrap(session: Session, config: ConfigFile = None, data_dir: DataDir = None) -> None:  # noqa: ARG001 - as above
    """Bring every stored credential under the newest key-encryption key, the first one that secrets.kek names."""
    settings = local_settings(config, data_dir)
    sqlite_file(settings)
    # Inner imports: as above.
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
        return await vault.rewrap()

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
