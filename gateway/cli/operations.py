"""Operations: long work of the server, such as a model that drains before it is deleted."""

import json
from collections.abc import Sequence
from typing import Annotated, TypeAlias

import typer

from gateway.cli.client import segment
from gateway.cli.command import Session, command, group
from gateway.cli.exit_codes import ExitCode, exit_code_of
from gateway.cli.failure import Failure
from gateway.cli.output import Columns, JsonObject, Output, write_lines
from gateway.cli.talk import say, suggest
from gateway.cli.waiting import RUNNING, Timeout, Wait, seconds, wait_for

_PATH = "/operations"
_LONG = "5m"

Id: TypeAlias = Annotated[str, typer.Argument(metavar="OPERATION", help="The operation's id, op_….")]
Ids: TypeAlias = Annotated[list[str], typer.Argument(metavar="OPERATION", help="Ids of operations, op_….")]


def _progress(row: JsonObject) -> str:
    """Return how far it is.

    >>> _progress({"done": 3, "total": 4, "failed": 1}), _progress({"done": 3, "total": None, "failed": 0})
    ('3/4, 1 refused', '3')
    """
    far = f"{row['done']}/{row['total']}" if row.get("total") is not None else str(row["done"])
    return far + (f", {row['failed']} refused" if row.get("failed") else "")


def _waits_for(row: JsonObject) -> list[str]:
    """Return what it waits for, one word for each process.

    >>> _waits_for({"blockers": [{"worker": "wrk_a", "host": "gpu1", "inflight": 2, "behind": False}]})
    ['wrk_a on gpu1 (2 calls)']
    """
    return [
        f"{one['worker']} on {one['host']} ({_calls(one['inflight'])}{', has not seen the change' * one['behind']})"
        for one in row.get("blockers") or ()
    ]


def _calls(number: int) -> str:
    return f"{number} call{'' if number == 1 else 's'}"


def _why(row: JsonObject) -> str | None:
    return (row.get("error") or {}).get("message")


_COLUMNS: Columns = {
    "id": "id",
    "kind": "kind",
    "of": lambda row: row.get("target_name") or row.get("target"),
    "team": "team",
    "state": lambda row: "cancelling" if row["cancel_requested"] and row["state"] in RUNNING else row["state"],
    "done": _progress,
    "since": lambda row: row["created_at"][:19].replace("T", " "),
    "by": "actor",
}
_FIELDS: Columns = {
    **{name: column for name, column in _COLUMNS.items() if name != "since"},
    "waits for": _waits_for,
    "at the latest": "due_at",
    "created at": "created_at",
    "finished at": "finished_at",
    "result": lambda row: json.dumps(row["result"], ensure_ascii=False) if row.get("result") else None,
    "why not": _why,
}
_ITEMS: Columns = {
    "position": "position",
    "item": "item",
    "outcome": "outcome",
    "detail": lambda row: json.dumps(row["detail"], ensure_ascii=False) if row.get("detail") else None,
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    operations = typer.Typer(no_args_is_help=True)
    command(operations, "list", example="modelport operations list --state running")(_list)
    command(operations, "show", example="modelport operations show op_6xk3v2c7qd5tzj4hwy2a")(_show)
    command(operations, "watch", example="modelport operations watch op_6xk3v2c7qd5tzj4hwy2a --timeout 10m")(_watch)
    command(operations, "items", example="modelport operations items op_6xk3v2c7qd5tzj4hwy2a -o ndjson")(_items)
    command(operations, "cancel", example="modelport operations cancel op_6xk3v2c7qd5tzj4hwy2a", changes=True)(_cancel)
    group(operations, app, "operations", about=__doc__, example="modelport operations list")


def _list(
    session: Session,
    state: Annotated[
        str | None, typer.Option("--state", metavar="STATE", help="pending, running, done, failed or cancelled.")
    ] = None,
    kind: Annotated[str | None, typer.Option("--kind", metavar="KIND", help="As drain.")] = None,
) -> None:
    """List operations, the newest first; finished ones are kept for a month."""
    rows = list(session.api.items(_PATH, team=session.team, state=state, kind=kind))
    session.rows(rows, _COLUMNS)
    if running := [row for row in rows if row["state"] in RUNNING]:
        suggest(f"modelport operations watch {running[0]['id']}")


def _show(session: Session, operation: Id) -> None:
    """Show how far an operation is, and what it waits for."""
    session.item(session.api.get(_path(operation)).body, _FIELDS)


def _watch(session: Session, operation: Ids, timeout: Timeout = _LONG) -> None:
    """Wait until operations have ended. Ctrl-C and --timeout end the waiting alone; the ids are on stdout then."""
    limit_s = seconds(timeout, "--timeout")
    waited = {one: _about(session.api.get(_path(one)).body) for one in operation}
    ended = wait_for(session, waited, timeout_s=limit_s)
    rows = [ended[one] for one in waited]
    if len(rows) == 1:
        session.item(rows[0], _FIELDS)
    else:
        session.rows(rows, _COLUMNS)
    _end(rows)


def _items(session: Session, operation: Id) -> None:
    """Show what became of each thing that an operation was about: ok, or the code of its refusal."""
    rows = (json.loads(line) for line in session.api.lines(f"{_path(operation)}/items"))
    if session.output is Output.NDJSON:
        write_lines(json.dumps(row) for row in rows)  # as they come, however many
    else:
        session.rows(list(rows), _ITEMS)


def _cancel(session: Session, operation: Id, wait: Wait = True, timeout: Timeout = _LONG) -> None:
    """Have an operation stop: a model that drains is published again. What is done already stays done."""
    limit_s = seconds(timeout, "--timeout")
    row: JsonObject = session.api.post(f"{_path(operation)}/cancel").body
    if wait:
        row = wait_for(session, {operation: f"cancelling {_about(row)}"}, timeout_s=limit_s)[operation]
    session.item(row, _FIELDS)
    if row["state"] in RUNNING:
        suggest(f"modelport operations watch {operation}")
    elif row["state"] != "cancelled":
        raise Failure(
            f"the operation was {row['state']} before it could be cancelled",
            exit_code=ExitCode.CHANGED,
            hint="a model that it deleted can be restored: modelport models restore UID",
            told=True,
        )


def _path(operation: str) -> str:
    return f"{_PATH}/{segment(operation)}"


def _about(row: JsonObject) -> str:
    name = row.get("target_name") or row.get("target")
    return f"{row['kind'].replace('_', ' ')} of {name!r}" if name else str(row["kind"].replace("_", " "))


def _end(rows: Sequence[JsonObject]) -> None:
    """End as the operations did.

    Raises:
        Failure: one of them failed or was cancelled, or some of its items were refused (exit 9).
    """
    bad = [row for row in rows if row["state"] != "done"]
    if not bad:
        if partial := next((row for row in rows if row["failed"]), None):
            raise Failure(
                f"{partial['failed']} of {partial['done']} were refused",
                exit_code=ExitCode.PARTIAL,
                hint=f"modelport operations items {partial['id']} says why",
                told=True,
            )
        say("done")
        return
    first, error = bad[0], bad[0].get("error") or {}
    if len(bad) < len(rows):
        code = ExitCode.PARTIAL
    elif first["state"] == "cancelled":
        code = ExitCode.CHANGED
    else:
        code = exit_code_of(int(error.get("status", 500)), str(error.get("code", "")))
    raise Failure(
        f"{_about(first)} {'was cancelled' if first['state'] == 'cancelled' else 'failed'}"
        + (f": {error['message']}" if error else ""),
        exit_code=code,
        hint=error.get("hint"),
        told=True,
    )
