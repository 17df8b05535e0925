"""`modelport doctor`: what is wrong, and the command that mends it."""

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.command import Session, command
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import UsageFailure
from gateway.cli.local import ConfigFile, DataDir
from gateway.cli.output import Columns, JsonObject, Output
from gateway.cli.talk import printable, say

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.doctor.machine import Machine

_COLUMNS: Columns = {"check": "check", "status": "status", "message": "message", "command": "command"}
_CHECKS: Columns = {"check": "check", "about": "about"}
_FAIL = "fail"


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "doctor", example="modelport doctor")(_doctor)


def _doctor(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    only: Annotated[
        str | None, typer.Option("--only", metavar="NAME,…", help="Only these checks; --list names them.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Name the checks; look at nothing.")] = False,
    live: Annotated[bool, typer.Option("--live", help="Also call each model with a few tokens.")] = False,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Look at everything that a server needs and say what is wrong, with the command that mends it.

    Nothing is changed. Exit 12 when something fails. A server need not run, and the configuration may be broken.
    """
    # Inner import: the server's half of the program takes 0.4 s, and --help must not.
    from gateway.doctor.table import CHECKS

    if list_:
        session.rows([{"check": check.name, "about": check.about} for check in CHECKS], _CHECKS)
        return
    names = _names(only, [check.name for check in CHECKS])
    rows = findings(machine_of(session, config, data_dir, live=live), names, show=session.output is Output.TABLE)
    if session.output is not Output.TABLE:
        session.rows(rows, _COLUMNS)
    failed = sum(row["status"] == _FAIL for row in rows)
    say(_sum(rows))
    if failed:
        raise typer.Exit(ExitCode.UNHEALTHY)


def findings(machine: "Machine", only: tuple[str, ...] = (), *, show: bool = False) -> list[JsonObject]:
    """Return every finding as data; with `show` each is written as soon as it is known."""
    # Inner import: as above.
    from gateway.doctor.table import examine
    from gateway.observe.masking import mask

    rows: list[JsonObject] = []
    for check, finding in examine(machine, only):
        row = {
            "check": check,
            "status": str(finding.status),
            "message": mask(finding.message),
            "command": None if finding.command is None else mask(finding.command),
        }
        rows.append(row)
        if show:
            _show(row)
    return rows


def machine_of(session: Session, config: "Path | None", data_dir: "Path | None", *, live: bool = False) -> "Machine":
    """Return what the checks look at, whatever state the configuration is in."""
    # Inner import: as above.
    from gateway.cli.machine import read_machine

    return read_machine(session, config, data_dir, live=live)


def _names(only: str | None, known: list[str]) -> tuple[str, ...]:
    names = tuple(name.strip() for name in (only or "").split(",") if name.strip())
    for name in names:
        if name not in known:
            # Inner import: difflib, which only this sentence needs.
            from gateway.registry.names import nearest

            close = nearest(name, known)
            question = f"; did you mean {close[0]}?" if close else ""
            raise UsageFailure(f"--only {name}: there is no such check{question}", hint=f"choose {', '.join(known)}")
    return names


def _show(row: JsonObject) -> None:
    typer.echo(printable(f"{row['status']:<5} {row['check']:<10} {row['message']}"))
    if row["command"] and row["status"] != "ok":
        typer.echo(printable(f"{'':<17}$ {row['command']}"))


def _sum(rows: list[JsonObject]) -> str:
    counts = [(sum(row["status"] == status for row in rows), status) for status in ("fail", "warn", "skip", "ok")]
    return ", ".join(f"{count} {status}" for count, status in counts if count) + "; nothing was changed"
