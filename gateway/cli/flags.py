"""The flags that commands have in common: those of every command, and those of every command that changes something."""

import inspect
from dataclasses import dataclass, fields, replace
from typing import Annotated

import typer

from gateway.cli.output import Output


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What was said; None or False where nothing was."""

    server: str | None = None
    context: str | None = None
    key_file: str | None = None
    output: Output | None = None
    team: str | None = None
    debug: bool = False
    yes: bool = False
    no_input: bool = False
    dry_run: bool = False

    def over(self, outer: "Flags") -> "Flags":
        """Return these flags, filled up from those before the command's name."""
        missing = {field.name: getattr(outer, field.name) for field in fields(self) if not getattr(self, field.name)}
        return replace(self, **missing)


def _common(  # noqa: PLR0913 - each is a flag
    *,
    server: Annotated[
        str | None,
        typer.Option("--server", metavar="URL", help="Server to ask [MODELPORT_URL, the context, localhost:3000]."),
    ] = None,
    context: Annotated[
        str | None,
        typer.Option(
            "--context", metavar="CONTEXT", help="Server and key kept by `modelport context` [the current one]."
        ),
    ] = None,
    key_file: Annotated[
        str | None,
        typer.Option(
            "--key-file", "--token-file", metavar="PATH", help="File with the key, - for stdin [else MODELPORT_KEY]."
        ),
    ] = None,
    output: Annotated[
        Output | None, typer.Option("-o", "--output", help="Form of the data on stdout [table].", show_default=False)
    ] = None,
    team: Annotated[str | None, typer.Option("--team", metavar="TEAM", help="Team that names belong to.")] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the trace of a failure.")] = False,
) -> None:
    """Typer reads this signature; every command borrows it."""


def _changing(
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    no_input: Annotated[bool, typer.Option("--no-input", help="Never ask: refuse instead, as off a terminal.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done; change nothing.")] = False,
) -> None:
    """Typer reads this signature; every command that changes something borrows it."""


COMMON = dict(inspect.signature(_common, eval_str=True).parameters)
CHANGING = dict(inspect.signature(_changing, eval_str=True).parameters)
