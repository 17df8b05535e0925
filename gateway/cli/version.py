"""`modelport version`."""

import typer

from gateway import __version__
from gateway.cli.command import Session, command
from gateway.cli.output import show_data, write_lines


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "version", example="modelport version")(_version)


def show_version() -> None:
    """Write the version to stdout."""
    write_lines([f"modelport {__version__}"])


def _version(session: Session) -> None:
    """Show the version."""
    if session.output.is_data:
        show_data({"modelport": __version__}, session.output)
    else:
        show_version()
