"""The record of changes: who did what, when, from where and why; and whether anybody altered it."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from gateway.cli.change import given
from gateway.cli.command import Session, command, group
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure, UsageFailure
from gateway.cli.local import ConfigFile, DataDir
from gateway.cli.output import Columns, JsonObject, Output, show_data
from gateway.cli.talk import printable, say

_PATH = "/audit"
_SPAN = re.compile(r"([1-9][0-9]{0,4})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_POLL_S = 1.0
_MOST_OF_A_PAGE = 200

Actor: TypeAlias = Annotated[
    str | None, typer.Option("--actor", metavar="WHO", help="A key's id, or local, file, cli, system.")
]
Action: TypeAlias = Annotated[
    str | None, typer.Option("--action", metavar="WHAT", help="As model.delete; 'model.*' for all about models.")
]
Target: TypeAlias = Annotated[
    str | None, typer.Option("--target", metavar="OBJECT", help="The id of what it was done to, or its name then.")
]
Outcome: TypeAlias = Annotated[
    str | None, typer.Option("--outcome", metavar="OUTCOME", help="ok, denied, conflict or error.")
]
Since: TypeAlias = Annotated[
    str | None, typer.Option("--since", metavar="TIME|SPAN", help="2026-11-20, 2026-11-20T08:00:00Z, or 2h, 7d ago.")
]
Until: TypeAlias = Annotated[str | None, typer.Option("--until", metavar="TIME|SPAN", help="The same, excluded.")]
Local: TypeAlias = Annotated[
    bool, typer.Option("--local", help="In this machine's own database, without a server and without a key.")
]

_COLUMNS: Columns = {
    "seq": "seq",
    "at": lambda row: row["at"][:19].replace("T", " "),
    "who": lambda row: row["actor"]["name"] or row["actor"]["id"] or row["actor"]["type"],
    "action": "action",
    "object": lambda row: row["target"]["name"] or row["target"]["uid"],
    "team": lambda row: row["target"]["team"],
    "outcome": lambda row: row["outcome"] + (f" +{row['repeated']}" if row["repeated"] else ""),
    "via": lambda row: row["actor"]["via"],
    "why": "reason",
}
_FINDINGS: Columns = {"row": "seq", "problem": "problem", "message": "message"}
_VERIFIED: Columns = {
    "intact": "intact",
    "rows": "rows",
    "first row": "first_seq",
    "last row": "last_seq",
    "last hash": "last_hash",
    "archived to": "archived_to",
    "checkpoints": "checkpoints",
    "covered to": "covered_to",
    "public key": "public_key",
    "seconds": "seconds",
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    audit = typer.Typer(no_args_is_help=True)
    command(audit, "list", example="modelport audit list --action 'model.*' --since 7d")(_list)
    command(audit, "tail", example="modelport audit tail --follow")(_tail)
    command(audit, "verify", example="modelport audit verify --local --data-dir /var/lib/modelport")(_verify)
    command(audit, "export", example="modelport audit export --since 2026-11-01 > november.ndjson")(_export)
    command(
        audit,
        "archive",
        example="modelport audit archive --before 2026-01-01 --to 2025.ndjson",
        changes=True,
    )(_archive)
    group(audit, app, "audit", about=__doc__, example="modelport audit verify")


def _list(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    actor: Actor = None,
    action: Action = None,
    target: Target = None,
    outcome: Outcome = None,
    since: Since = None,
    until: Until = None,
    number: Annotated[int, typer.Option("-n", "--number", metavar="N", min=1, help="At most so many rows.")] = 50,
    local: Local = False,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """List what was changed, newest first."""
    query = _query(session, actor, action, target, outcome, since, until)
    rows = list(_rows(session, query, number, local=local, config=config, data_dir=data_dir))
    session.rows(rows, _COLUMNS)
    if not rows:
        say("nothing on the record fits")


def _tail(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    number: Annotated[int, typer.Option("-n", "--number", metavar="N", min=0, help="So many of the newest.")] = 10,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with what is written from now on.")] = False,
    actor: Actor = None,
    action: Action = None,
    target: Target = None,
    outcome: Outcome = None,
    local: Local = False,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Show the newest changes, oldest first; with --follow each new one as it comes, until Ctrl-C."""
    query = _query(session, actor, action, target, outcome, None, None)

    def newest(most: int) -> list[JsonObject]:
        return list(_rows(session, query, most, local=local, config=config, data_dir=data_dir))[::-1]

    rows = newest(max(number, 1))
    seen = rows[-1]["seq"] if rows else 0
    shown = rows if number else []
    if not follow:
        session.rows(shown, _COLUMNS)
        return
    _show_lines(session, shown)
    while True:
        time.sleep(_POLL_S)
        fresh = [row for row in newest(_MOST_OF_A_PAGE) if row["seq"] > seen]
        seen = fresh[-1]["seq"] if fresh else seen
        _show_lines(session, fresh)


def _verify(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    public_key: Annotated[
        str | None,
        typer.Option("--public-key", metavar="KEY", help="Believe checkpoints of this key alone; noted elsewhere."),
    ] = None,
    checkpoints: Annotated[
        Path | None, typer.Option("--checkpoints", metavar="FILE", help="Hold it against this copy of the file.")
    ] = None,
    local: Local = False,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Read the whole record and say what was edited, removed, moved, cut off or forged; exit 12 when anything was.

    Nothing is changed. With --local a server need not run; it needs the server's data_dir or the keys that it names.
    """
    if local:
        # Inner import: what reads the database takes 0.4 s.
        from gateway.cli import local_audit

        found = local_audit.verify(config, data_dir, public_key=public_key, checkpoints=checkpoints)
    elif public_key or checkpoints:
        raise UsageFailure("--public-key and --checkpoints go with --local", hint="the server has its own")
    else:
        found = session.api.get(f"{_PATH}/verify").body
    if session.output is Output.TABLE:
        session.item(found, _VERIFIED)
        if found["findings"]:
            session.rows(found["findings"], _FINDINGS)
    else:
        show_data(found, session.output)
    if found["intact"]:
        return
    more = found["findings_total"] - len(found["findings"])
    failure = Failure(
        f"the record of changes is not as it was written: {found['findings_total']} findings"
        + (f", of which {more} are not shown" if more else ""),
        exit_code=ExitCode.UNHEALTHY,
        hint="keep the database and the file of checkpoints as they are; docs/how-to/audit.md says what each means",
    )
    failure.told = True
    raise failure


def _export(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    actor: Actor = None,
    action: Action = None,
    target: Target = None,
    outcome: Outcome = None,
    since: Since = None,
    until: Until = None,
    local: Local = False,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Write the record to stdout, oldest first: one JSON object a line, whose last member is the row's hash."""
    query = _query(session, actor, action, target, outcome, since, until)
    if local:
        # Inner import: as above.
        from gateway.cli import local_audit

        lines = local_audit.export(config, data_dir, query)
    else:
        lines = session.api.lines(f"{_PATH}/export", **query)
    for line in lines:
        typer.echo(line, nl=False)


def _archive(
    session: Session,
    before: Annotated[str, typer.Option("--before", metavar="TIME|SPAN", help="Rows that are older than this.")],
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="A new file, one row a line.")],
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Move the oldest rows of this machine's own database into a file. The record is verified first, and says it.

    What is left begins with the hash at which the file ends; the file is for keeping, verified as an export is.
    """
    moment = _moment(before, option="--before")
    # Inner import: as above.
    from gateway.cli import local_audit

    plan = local_audit.plan_archive(config, data_dir, moment)
    if plan.last == 0:
        say(f"no row is older than {moment}: nothing to archive")
        return
    say(f"rows {plan.first} to {plan.last} would go from the database into {to}")
    if session.dry_run:
        say("Dry run: nothing was changed.")
        return
    session.confirm(f"Move {plan.last - plan.first + 1} rows into {to}?")
    local_audit.archive(config, data_dir, plan, to)
    say(f"rows {plan.first} to {plan.last} are in {to} now; keep it as long as the law wants")


def _rows(  # noqa: PLR0913 - keyword-only where it matters
    session: Session,
    query: dict[str, str],
    most: int,
    *,
    local: bool,
    config: Path | None,
    data_dir: Path | None,
) -> Iterator[JsonObject]:
    if local:
        # Inner import: as above.
        from gateway.cli import local_audit

        yield from local_audit.rows(config, data_dir, query, most)
        return
    cursor: str | None = None
    while most > 0:
        page = session.api.get(_PATH, **query, limit=min(most, _MOST_OF_A_PAGE), cursor=cursor).body
        yield from page["items"]
        most -= len(page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            return


def _query(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    actor: str | None,
    action: str | None,
    target: str | None,
    outcome: str | None,
    since: str | None,
    until: str | None,
) -> dict[str, str]:
    return given(
        actor=actor,
        action=action,
        target=target,
        outcome=outcome,
        team=session.team,
        since=_moment(since, option="--since") if since else None,
        until=_moment(until, option="--until") if until else None,
    )


def _moment(text: str, *, option: str) -> str:
    """Return a time as the API takes it; a span counts back from now."""
    if span := _SPAN.fullmatch(text):
        moment = datetime.now(UTC) - timedelta(**{_UNITS[span[2]]: int(span[1])})
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageFailure(
            f"{option} {text!r} is no time", hint="write 2026-11-20, 2026-11-20T08:00:00Z, or 2h, 7d, 4w ago"
        ) from error
    return text


def _show_lines(session: Session, rows: list[JsonObject]) -> None:
    """Write rows one by one, as they come: for programs as lines of JSON."""
    for row in rows:
        if session.output.is_data:
            show_data(row, Output.NDJSON)
        else:
            cells = (column(row) if callable(column) else row[column] for column in _COLUMNS.values())
            typer.echo(printable("  ".join("-" if cell in {None, ""} else str(cell) for cell in cells)))
