"""`modelport models deprecate`, `reactivate`, `protect` and `references`: what comes before a deletion."""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Literal

import typer

from gateway.cli.change import given
from gateway.cli.client import PAGE_ITEMS
from gateway.cli.command import Session, command
from gateway.cli.lookup import find
from gateway.cli.model_shown import FIELDS
from gateway.cli.models import NOUN, Name
from gateway.cli.output import Columns, JsonObject
from gateway.cli.talk import say, suggest

_COLUMNS: Columns = {
    "kind": lambda row: row["kind"].replace("_", " "),
    "name": "name",
    "id": "id",
    "sole": "sole",
    "declared at": "declared_at",
}
_NOT_ROWS = {"call": "calls in flight"}
_LEAVING = frozenset({"draining", "deleted"})


def register(app: typer.Typer) -> None:
    """Add the commands."""
    example = "modelport models deprecate qwen3 --sunset 2027-12-31 --successor qwen4"
    command(app, "deprecate", example=example, changes=True)(_deprecate)
    command(app, "retire", example=example.replace("deprecate", "retire"), changes=True, hidden=True)(_deprecate)
    command(app, "reactivate", example="modelport models reactivate qwen3", changes=True)(_reactivate)
    command(app, "protect", example="modelport models protect qwen3 on", changes=True)(_protect)
    command(app, "references", example="modelport models references qwen3")(_references)


def _deprecate(
    session: Session,
    name: Name,
    sunset: Annotated[
        str | None,
        typer.Option("--sunset", metavar="TIME", help="When it is deleted: 2027-12-31 (the end of that day, UTC)."),
    ] = None,
    successor: Annotated[
        str | None, typer.Option("--successor", metavar="MODEL", help="The model that callers are told to use.")
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why; kept on the record.")] = None,
) -> None:
    """Announce that a model is going: calls work as before, and each answer says until when and what to use.

    On the day of --sunset it is deleted, unless something still points at it.
    """
    row = find(session, NOUN, name)
    body = given(sunset_at=sunset, successor=successor, reason=reason)
    path = f"{NOUN.path_of(row)}/deprecation"
    after = session.api.once("POST", path, body, etag=row["etag"], replayed=False).body
    session.item(after, FIELDS)
    suggest(f"modelport models references {row['name']}", team=session.team)


def _reactivate(
    session: Session,
    name: Name,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why; kept on the record.")] = None,
) -> None:
    """Take a deprecation back: no date, no successor, no headers any more."""
    row = find(session, NOUN, name)
    path = f"{NOUN.path_of(row)}/deprecation"
    after = session.api.once("DELETE", path, etag=row["etag"], reason=reason, replayed=False).body
    session.item(after, FIELDS)
    suggest(f'modelport call {row["name"]} "Say hello"', team=session.team)


def _protect(
    session: Session,
    name: Name,
    switch: Annotated[Literal["on", "off"], typer.Argument(metavar="on|off", help="Whether it is kept.")],
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why; kept on the record.")] = None,
) -> None:
    """Keep a model from being deleted, by anybody; `off` needs a permission of its own."""
    row = find(session, NOUN, name)
    body = {"enabled": switch == "on", **given(reason=reason)}
    path = f"{NOUN.path_of(row)}/protection"
    after = session.api.once("POST", path, body, etag=row["etag"], replayed=False).body
    session.item(after, FIELDS)
    say(f"model {row['name']!r} {'is protected' if switch == 'on' else 'can be deleted again'}")


def _references(
    session: Session,
    name: Name,
    kind: Annotated[
        str | None,
        typer.Option("--kind", metavar="KIND", help="Only these: alias, fallback, key, team_default, successor, …"),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", help="At most so many rows.", min=1)] = 1000,
) -> None:
    """List what points at a model, and how many there are of each kind."""
    row = find(session, NOUN, name)
    path = f"{NOUN.path_of(row)}/references"
    first = session.api.get(path, kind=kind, limit=min(limit, PAGE_ITEMS)).body
    rows = list(islice(_all(session, path, kind, first), limit))
    if session.output.is_data:
        session.item({"items": rows, "counts": first["counts"], "total": first["total"]}, {})
        return
    session.rows(rows, _COLUMNS)
    counts = [f"{number} {_NOT_ROWS.get(one, one.replace('_', ' '))}" for one, number in first["counts"].items()]
    say(f"model {row['name']!r} ({row['state']}): {', '.join(counts) or 'nothing points at it'}")
    if row["state"] not in _LEAVING:
        suggest(f"modelport models delete {row['name']} --dry-run", team=session.team)


def _all(session: Session, path: str, kind: str | None, page: JsonObject) -> Iterator[JsonObject]:
    """Give the rows of the page and of those behind it."""
    while True:
        yield from page["items"]
        if not page.get("next_cursor"):
            return
        page = session.api.get(path, kind=kind, limit=PAGE_ITEMS, cursor=page["next_cursor"]).body
