"""The record of changes: who did what, when, from where and why; and whether anybody altered it."""

import time
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.audit_rows import (
    COLUMNS,
    MOST_OF_A_PAGE,
    PATH,
    Action,
    Actor,
    Local,
    Outcome,
    Since,
    Target,
    Until,
    find_rows,
    moment,
    query_of,
    show_lines,
)
from gateway.cli.command import Session, command, group
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure, UsageFailure
from gateway.cli.local import ConfigFile, DataDir
from gateway.cli.output import Columns, JsonObject, Output, show_data
from gateway.cli.talk import say

_POLL_S = 1.0

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
    query = query_of(session, actor, action, target, outcome, since, until)
    rows = list(find_rows(session, query, number, local=local, config=config, data_dir=data_dir))
    session.rows(rows, COLUMNS)
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
    query = query_of(session, actor, action, target, outcome, None, None)

    def newest(most: int) -> list[JsonObject]:
        return list(find_rows(session, query, most, local=local, config=config, data_dir=data_dir))[::-1]

    rows = newest(max(number, 1))
    seen = rows[-1]["seq"] if rows else 0
    shown = rows if number else []
    if not follow:
        session.rows(shown, COLUMNS)
        return
    show_lines(session, shown)
    while True:
        time.sleep(_POLL_S)
        fresh = [row for row in newest(MOST_OF_A_PAGE) if row["seq"] > seen]
        seen = fresh[-1]["seq"] if fresh else seen
        show_lines(session, fresh)


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
        found = session.api.get(f"{PATH}/verify").body
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
    query = query_of(session, actor, action, target, outcome, since, until)
    if local:
        # Inner import: as above.
        from gateway.cli import local_audit

        lines = local_audit.export(config, data_dir, query)
    else:
        lines = session.api.lines(f"{PATH}/export", **query)
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
    until = moment(before, option="--before")
    # Inner import: as above.
    from gateway.cli import local_audit

    plan = local_audit.plan_archive(config, data_dir, until)
    if plan.last == 0:
        say(f"no row is older than {until}: nothing to archive")
        return
    say(f"rows {plan.first} to {plan.last} would go from the database into {to}")
    if session.dry_run:
        say("Dry run: nothing was changed.")
        return
    session.confirm(f"Move {plan.last - plan.first + 1} rows into {to}?")
    local_audit.archive(config, data_dir, plan, to)
    say(f"rows {plan.first} to {plan.last} are in {to} now; keep it as long as the law wants")
