"""Rows of the record of changes on the command line: flags that choose them, where they come from, how they look."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from gateway.cli.change import given
from gateway.cli.command import Session
from gateway.cli.failure import UsageFailure
from gateway.cli.output import Columns, JsonObject, Output, show_data
from gateway.cli.talk import printable

PATH: Final = "/audit"
MOST_OF_A_PAGE: Final = 200
_SPAN = re.compile(r"([1-9][0-9]{0,4})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

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

COLUMNS: Columns = {
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


def find_rows(  # noqa: PLR0913 - keyword-only where it matters
    session: Session,
    query: dict[str, str],
    most: int,
    *,
    local: bool,
    config: Path | None,
    data_dir: Path | None,
) -> Iterator[JsonObject]:
    """Yield up to `most` rows that the query means, newest first."""
    if local:
        # Inner import: what reads the database takes 0.4 s.
        from gateway.cli import local_audit

        yield from local_audit.rows(config, data_dir, query, most)
        return
    cursor: str | None = None
    while most > 0:
        page = session.api.get(PATH, **query, limit=min(most, MOST_OF_A_PAGE), cursor=cursor).body
        yield from page["items"]
        most -= len(page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            return


def query_of(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    actor: str | None,
    action: str | None,
    target: str | None,
    outcome: str | None,
    since: str | None,
    until: str | None,
) -> dict[str, str]:
    """Return the query of the API that the flags mean."""
    return given(
        actor=actor,
        action=action,
        target=target,
        outcome=outcome,
        team=session.team,
        since=moment(since, option="--since") if since else None,
        until=moment(until, option="--until") if until else None,
    )


def moment(text: str, *, option: str) -> str:
    """Return a time as the API takes it; a span counts back from now."""
    if span := _SPAN.fullmatch(text):
        back = datetime.now(UTC) - timedelta(**{_UNITS[span[2]]: int(span[1])})
        return f"{back:%Y-%m-%dT%H:%M:%SZ}"
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageFailure(
            f"{option} {text!r} is no time", hint="write 2026-11-20, 2026-11-20T08:00:00Z, or 2h, 7d, 4w ago"
        ) from error
    return text


def show_lines(session: Session, rows: list[JsonObject]) -> None:
    """Write rows one by one, as they come: for programs as lines of JSON."""
    for row in rows:
        if session.output.is_data:
            show_data(row, Output.NDJSON)
        else:
            cells = (column(row) if callable(column) else row[column] for column in COLUMNS.values())
            typer.echo(printable("  ".join("-" if cell in {None, ""} else str(cell) for cell in cells)))
