"""This machine's own database, for commands that need no server: which one it is, and how it is opened."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias, TypeVar

import typer

from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure

if TYPE_CHECKING:
    from gateway.settings import Settings
    from gateway.storage.engine import Database

T = TypeVar("T")

ConfigFile: TypeAlias = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", envvar="MODELPORT_CONFIG", help="The server's configuration.")
]
DataDir: TypeAlias = Annotated[
    Path | None, typer.Option("--data-dir", metavar="DIR", help="Where the server keeps its database [modelport-data].")
]


def local_settings(config: Path | None, data_dir: Path | None) -> "Settings":
    """Return the settings that a server started here would have."""
    # Inner import: pydantic takes 0.2 s, and only local commands need the settings.
    from gateway.configuration.loading import discover, load

    return load(discover(config), flags={} if data_dir is None else {"data_dir": data_dir}).settings


def sqlite_file(settings: "Settings") -> Path | None:
    """Return the embedded database's file, None on PostgreSQL.

    Raises:
        Failure: there is no such file: this is not where the server was started.
    """
    # Inner import: SQLAlchemy takes 0.3 s.
    from gateway.storage.engine import parse_url

    url = parse_url(settings.database_url)
    if url.get_backend_name() != "sqlite":
        return None
    path = Path(url.database or "")
    if not path.is_file():
        raise Failure(
            f"there is no database at {path}",
            exit_code=ExitCode.NOT_FOUND,
            hint="run this where the server was started, or name its --data-dir or --config",
        )
    return path


def with_database(settings: "Settings", work: Callable[["Database"], Awaitable[T]]) -> T:
    """Open the database, do the work and close it again."""
    # Inner imports: as above.
    import asyncio

    from gateway.storage.engine import Database

    async def run() -> T:
        database = await Database.open(settings.database_url, pgbouncer=settings.database.pgbouncer)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())
