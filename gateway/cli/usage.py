"""`modelport usage`: who used how much; what is exact, estimated and unknown stays apart."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer

from gateway.cli.client import PAGE_ITEMS
from gateway.cli.command import Session, command
from gateway.cli.failure import UsageFailure
from gateway.cli.output import Columns, JsonObject, show_data
from gateway.cli.talk import say, suggest

_DIMENSIONS = ("day", "team", "key", "model")
_SPAN = re.compile(r"([1-9][0-9]{0,3})([dw])")
_DAYS = {"d": 1, "w": 7}


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "usage", example="modelport usage --by model --since 7d")(_usage)


def _usage(  # noqa: PLR0913, PLR0917 - each is a flag
    session: Session,
    by: Annotated[
        str, typer.Option("--by", metavar="WHAT,…", help="A row for each: day, team, key, model; or several of them.")
    ] = "day,model",
    since: Annotated[
        str | None, typer.Option("--since", metavar="DAY|SPAN", help="First day: 2026-01-31, or 7d, 4w ago [30d].")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="DAY", help="Last day, included [today].")] = None,
    model: Annotated[str | None, typer.Option("--model", metavar="MODEL", help="Only this model.")] = None,
    key: Annotated[str | None, typer.Option("--key-id", metavar="ID", help="Only this key, key_…")] = None,
) -> None:
    """Sum up calls and tokens by day, model, key or team. Days are UTC.

    Exact numbers are the upstream's own; estimated ones are counted here; of unknown calls only their number is known.
    """
    groups = _groups(by)
    last = _day(until, option="--until") if until else None
    query = {"group_by": groups, "from": _first(since, last), "to": last}
    found = _read(session, {**query, "team": session.team, "model": model, "key": key})
    if session.output.is_data:
        show_data(found, session.output)
        return
    rows = [_flat(row) for row in found["items"]]
    if len(rows) > 1:
        rows.append({**_flat(found["total"]), groups[0]: "total"})
    session.rows(rows, _columns(groups))
    say(f"{found['first_day']} to {found['last_day']}, UTC; {found['total']['requests']} calls on {session.server}")
    if not rows:
        suggest('modelport call NAME "Say hello"')


def _groups(by: str) -> tuple[str, ...]:
    groups = tuple(dict.fromkeys(word.strip() for word in by.split(",") if word.strip()))
    for group in groups:
        if group not in _DIMENSIONS:
            # Inner import: difflib, which only this sentence needs.
            from gateway.registry.names import nearest

            close = nearest(group, list(_DIMENSIONS))
            question = f"; did you mean {close[0]}?" if close else ""
            raise UsageFailure(f"--by {group!r} is unknown{question}", hint=f"choose among {', '.join(_DIMENSIONS)}")
    if not groups:
        raise UsageFailure("--by names nothing", hint=f"choose among {', '.join(_DIMENSIONS)}")
    return groups


def _first(since: str | None, last: str | None) -> str | None:
    if since is None:
        return None
    if span := _SPAN.fullmatch(since):
        days = int(span[1]) * _DAYS[span[2]]
        until = date.fromisoformat(last) if last else datetime.now(UTC).date()
        return (until - timedelta(days=days - 1)).isoformat()
    return _day(since, option="--since")


def _day(text: str, *, option: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise UsageFailure(f"{option} {text!r} is no day", hint="write 2026-01-31, or for --since 7d or 4w") from error


def _read(session: Session, query: dict[str, str | tuple[str, ...] | None]) -> JsonObject:
    """Return the first page with the rows of all pages."""
    found: JsonObject = session.api.get("/usage", **query, limit=PAGE_ITEMS).body
    rows, cursor = list(found["items"]), found["next_cursor"]
    while cursor:
        page = session.api.get("/usage", **query, limit=PAGE_ITEMS, cursor=cursor).body
        rows, cursor = rows + page["items"], page["next_cursor"]
    return {name: found[name] for name in ("first_day", "last_day", "total")} | {"items": rows}


def _flat(row: JsonObject) -> JsonObject:
    exact, estimated, unknown = row["exact"], row["estimated"], row["unknown"]
    return {
        **{name: row.get(name) for name in _DIMENSIONS},
        "key": row.get("key_name") or row.get("key"),
        "calls": row["requests"],
        "in": exact["input_tokens"],
        "cached": exact["cached_tokens"],
        "out": exact["output_tokens"],
        "estimated in": estimated["input_tokens"],
        "estimated out": estimated["output_tokens"],
        "unknown": unknown["requests"],
    }


def _columns(groups: tuple[str, ...]) -> Columns:
    numbers = ("calls", "in", "cached", "out", "estimated in", "estimated out")
    return {**{one: one for one in groups}, **{one: one for one in numbers}, "unknown calls": "unknown"}
