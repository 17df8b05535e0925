"""Configuration: what is in effect and why, what is wrong in a file, what a change would do."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from gateway.cli.command import Session, command, group
from gateway.cli.config_reload import reload, tell
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure, UsageFailure
from gateway.cli.local import ConfigFile
from gateway.cli.output import Columns, JsonObject, Output, show_data, show_rows, write_lines
from gateway.cli.talk import say

if TYPE_CHECKING:
    from gateway.configuration.finding import Finding
    from gateway.configuration.loading import Configuration

_app = typer.Typer(no_args_is_help=True)

_PATH = "/settings"

File: TypeAlias = Annotated[
    Path | None,
    typer.Argument(metavar="FILE", help="The file [MODELPORT_CONFIG, else modelport.yaml here].", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(_app, "reload", example="modelport config reload --server https://models.example.com", changes=True)(reload)
    group(_app, app, "config", about=__doc__, example="modelport config show --changed")


def _place(row: JsonObject) -> str:
    origin = row["origin"]
    return str(origin["place"] or origin["source"])


_SHOWN: Columns = {"setting": "name", "value": lambda row: _cell(row["value"]), "from": _place}
_CHANGES: Columns = {
    "what": "name",
    "now": lambda row: _cell(row["before"]),
    "then": lambda row: _cell(row["after"]),
    "takes effect": lambda row: row["why"] or row["effect"],
}


@command(_app, "show", example="modelport config show --changed")
def show(
    session: Session,
    config: ConfigFile = None,
    changed: Annotated[bool, typer.Option("--changed", help="Without what has its default.")] = False,
) -> None:
    """Show every setting with its value and where that came from: default, file and line, variable or flag.

    Of the server that --server, MODELPORT_URL or a context names; else of one started here, as with --config.
    """
    if session.names_server and config is None:
        data = session.api.get(_PATH).body
        data["reload"] = session.api.get(f"{_PATH}/reload").body
        say(f"configuration of {session.server}")
        tell(data["reload"])
    else:
        data = _local(config)
        say("configuration of a server that is started here; --server URL asks a running one")
    if changed:
        data["settings"] = [row for row in data["settings"] if row["origin"]["source"] != "default"]
    if session.output is not Output.TABLE:
        show_data(data, session.output)
        return
    show_rows([*data["settings"], *data["declared"]], _SHOWN, session.output)


@command(_app, "check", example="modelport config check /etc/modelport/modelport.yaml")
def check(
    session: Session,
    file: File = None,
    live: Annotated[
        bool, typer.Option("--live", help="Call the upstreams of its models, too, with a few tokens each.")
    ] = False,
) -> None:
    """Name everything that is wrong in a file, with line and key; exit 12 when there is something.

    Opens nothing but the file; with --live each declared endpoint is checked, down to the smallest call, as a server
    started here would. Without FILE the variables of this shell are judged as well, as at a start.
    """
    path = _file(file)
    found = _findings(path, environment={} if file else None)
    if live and not found:
        _check_live(session, path, environment={} if file else None)
        return
    if session.output is Output.TABLE:
        write_lines(str(finding) for finding in found)
    else:
        show_data([_as_data(finding) for finding in found], session.output)
    if found:
        count = f"{len(found)} findings" if len(found) > 1 else "1 finding"
        say(f"{count}: a server with this configuration does not start")
        raise typer.Exit(ExitCode.UNHEALTHY)
    say(f"{path or 'defaults and variables'}: nothing is wrong")


def _check_live(session: Session, path: Path | None, *, environment: dict[str, str] | None) -> None:
    # Inner import: --help must not wait for it.
    from gateway.cli.config_live import check_live

    reports, failed = check_live(session, _loaded(path, environment=environment))
    if session.output is not Output.TABLE:
        show_data(reports, session.output)
    if failed:
        say(f"{failed} of {len(reports)} endpoints would not work")
        raise typer.Exit(ExitCode.UNHEALTHY)
    count = f"{len(reports)} endpoints were" if len(reports) != 1 else "1 endpoint was"
    say(f"{path or 'defaults and variables'}: nothing is wrong; {count} checked")


@command(_app, "diff", example="modelport config diff modelport.yaml")
def diff(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The configuration as it would be.")],
    other: Annotated[
        Path | None, typer.Argument(metavar="OTHER", help="A file to compare with, instead of a server.")
    ] = None,
) -> None:
    """Show what FILE would change in the running server, or what differs from another file.

    Says of each change whether it takes effect at once, after a restart, or not at all because a variable goes before.
    """
    # Inner imports: pydantic takes 0.2 s.
    from gateway.configuration.comparing import as_a_server_shows, changed_objects, changed_settings, shown_of
    from gateway.configuration.view import shown_declared, shown_settings
    from gateway.declared.hot import HOT

    new = _loaded(file, environment={})
    settings, declared = shown_settings(new), shown_declared(new.declared, new.document)
    if other is not None:
        old = _loaded(other, environment={})
        hot = HOT
        before = shown_settings(old), shown_declared(old.declared, old.document)
    else:
        answer = session.api.get(_PATH).body
        hot = frozenset(row["name"] for row in answer["settings"] if row["hot"])
        before = shown_of(answer["settings"]), shown_of(answer["declared"])
        settings, declared = as_a_server_shows(settings), as_a_server_shows(declared)
    changes = [
        *changed_settings(before[0], settings, hot=hot.__contains__),
        *changed_objects(before[1], declared),
    ]
    session.rows([change._asdict() for change in changes], _CHANGES)
    restarts = sum(change.effect == "after a restart" for change in changes)
    say(f"{len(changes)} changes, {restarts} of them after a restart" if changes else "nothing would change")


@command(_app, "fmt", example="modelport config fmt --check modelport.yaml", changes=True)
def fmt(
    session: Session,
    file: File = None,
    check_only: Annotated[bool, typer.Option("--check", help="Write nothing; exit 12 when it would change.")] = False,
) -> None:
    """Write a file in its canonical form: sections in order, two blanks of indentation, comments kept.

    `-` reads stdin and writes stdout; with --dry-run a file is written to stdout, too.
    """
    # Inner imports: the YAML parser takes 20 ms, pydantic 0.2 s.
    from gateway.configuration.document import read_text
    from gateway.configuration.formatting import formatted
    from gateway.configuration.writing import replace_file

    path = _file(file)
    if path is None:
        raise UsageFailure("there is no modelport.yaml here", hint="name the file, or write one: modelport init")
    text = sys.stdin.read() if str(path) == "-" else read_text(path)
    done = formatted(text, path)
    if check_only:
        if done != text:
            raise Failure(
                f"{path} is not in its canonical form",
                exit_code=ExitCode.UNHEALTHY,
                hint=f"run: modelport config fmt {path}",
            )
    elif session.dry_run or str(path) == "-":
        sys.stdout.write(done)
    elif done != text:
        try:
            replace_file(path, done)
        except OSError as error:
            raise UsageFailure(f"{path} cannot be written: {error.strerror}") from error
        say(f"{path} formatted")
    else:
        say(f"{path} is in its canonical form already")


@command(_app, "schema", example="modelport config schema > modelport.schema.json")
def schema(session: Session) -> None:
    """Write the JSON schema of the file, for editors."""
    # Inner import: as above.
    from gateway.cli.template import config_schema

    show_data(config_schema(), Output.YAML if session.output is Output.YAML else Output.JSON)


def _local(config: Path | None) -> JsonObject:
    # Inner imports: pydantic takes 0.2 s.
    from gateway.configuration.loading import discover
    from gateway.configuration.view import settings_data
    from gateway.declared.hot import HOT

    return settings_data(_loaded(discover(config), environment=None), hot=HOT.__contains__)


def _loaded(path: Path | None, *, environment: dict[str, str] | None) -> "Configuration":
    """Return a configuration whose declared objects are right as well.

    Raises:
        ConfigurationError: everything that is wrong in it.
    """
    # Inner imports: as above.
    from gateway.configuration.loading import load
    from gateway.declared.reading import read_declared

    configuration = load(path, environment=environment)
    read_declared(configuration.declared, configuration.document)
    return configuration


def _findings(path: Path | None, *, environment: dict[str, str] | None) -> "list[Finding]":
    # Inner imports: as above.
    from gateway.configuration.document import read
    from gateway.configuration.finding import ConfigurationError
    from gateway.configuration.loading import examine, in_order
    from gateway.declared.reading import examine_declared

    try:
        document = read(path) if path is not None else None
    except ConfigurationError as error:
        return list(error.findings)
    reading = examine(document, environment=environment)
    _, declared = examine_declared(reading.declared, document)
    return in_order([*reading.findings, *declared], document)


def _file(named: Path | None) -> Path | None:
    """Return the file that a server started here would read, unless one is named."""
    # Inner import: as above.
    from gateway.configuration.loading import discover

    by_variable = os.environ.get("MODELPORT_CONFIG")
    return named or discover(Path(by_variable) if by_variable else None)


def _as_data(finding: "Finding") -> JsonObject:
    file, colon, line = finding.where.rpartition(":")
    placed = bool(colon) and line.isdigit()
    return {
        "where": finding.where,
        "file": file if placed else None,
        "line": int(line) if placed else None,
        "key": finding.key or None,
        "message": finding.message,
        "hint": finding.hint,
    }


def _cell(value: Any) -> Any:
    return "(empty)" if value == "" else value
