"""`modelport discover`: the model servers on this machine, and the models to add from them."""

import shlex
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.command import Session, command
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure
from gateway.cli.making import Making, Outcome
from gateway.cli.output import Columns, JsonObject
from gateway.cli.talk import say, suggest

if TYPE_CHECKING:
    from gateway.discovery.scan import Found

ALL = "all"
"""The word that names every model that was found."""

_COLUMNS: Columns = {
    "engine": lambda row: f"{row['engine']}?" if row["guessed"] else row["engine"],
    "version": "version",
    "base_url": "base_url",
    "model": "model",
    "task": "task",
    "state": "state",
    "publish as": "name",
}
_OUTCOMES: Columns = {"kind": "kind", "name": "name", "outcome": "outcome", "detail": "detail"}
_SHOWN = 10  # lines to copy that still fit on a screen


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "discover", example="modelport discover", changes=True)(_discover)


def _discover(
    session: Session,
    host: Annotated[
        list[str] | None,
        typer.Option("--host", metavar="HOST", help="Ask this machine instead of this one; may be repeated."),
    ] = None,
    port: Annotated[
        list[int] | None,
        typer.Option(
            "--port", metavar="PORT", help="Ask this port instead of the usual ones; may be repeated.", min=1, max=65535
        ),
    ] = None,
    add: Annotated[
        list[str] | None, typer.Option("--add", metavar="NAME|all", help="Publish this model; may be repeated.")
    ] = None,
) -> None:
    """Find Ollama, vLLM, llama.cpp, LM Studio, TGI and other model servers on this machine and list their models.

    Nothing but this machine is asked unless --host names another one. Nothing is published without being asked for.
    """
    rows = _rows(host or [], port or [])
    if add:
        _add(session, _chosen(rows, add))
        return
    session.rows(rows, _COLUMNS)
    named = [row for row in rows if row["model"]]
    if not rows:
        _say_nothing_found(host, port)
    elif named:
        _offer(session, named)


def _rows(hosts: list[str], ports: list[int]) -> list[JsonObject]:
    # Inner imports: aiohttp takes 0.2 s, and --help must not.
    import asyncio

    from gateway.discovery.scan import scan

    found, refused = asyncio.run(scan(hosts, ports))
    for one in refused:
        say(f"{one.place} was not asked: {one.why}")
    if refused and not found:
        raise Failure("nothing may be asked there", exit_code=ExitCode.NOT_ALLOWED)
    rows: list[JsonObject] = []
    for server in found:
        rows += _of_server(server, taken={row["name"] for row in rows})
    return rows


def _of_server(server: "Found", *, taken: set[str | None]) -> list[JsonObject]:
    # Inner import: as above.
    from gateway.preflight.engines import suggested_name

    engine = server.engine
    common = {
        "engine": engine.name,
        "guessed": engine.guessed,
        "version": engine.version,
        "base_url": server.base_url,
        "url": server.base_url,
        "needs_key": engine.needs_key,
    }
    if not engine.models:
        state = "needs a key" if engine.needs_key else "loading" if engine.loading else "no models"
        return [{**common, "model": None, "task": None, "state": state, "name": None}]
    rows: list[JsonObject] = []
    for model in engine.models:
        name = _free(suggested_name(model.id), engine.name, taken)
        taken.add(name)
        state = {None: "ready", True: "loaded", False: "not loaded"}[model.loaded]
        rows.append({**common, "model": model.id, "task": model.task, "state": state, "name": name})
    return rows


def _free(name: str, engine: str, taken: set[str | None]) -> str:
    """Return the name, with the engine behind it where another server's model has it already."""
    slug = "".join(letter if letter.isalnum() else "-" for letter in engine.lower())
    candidates = [name, f"{name}-{slug}", *(f"{name}-{slug}-{number}" for number in range(2, len(taken) + 3))]
    return next(one for one in candidates if one not in taken)


def _say_nothing_found(host: list[str] | None, port: list[int] | None) -> None:
    # Inner import: as above.
    from gateway.preflight.engines import USUAL_PORTS

    where = ", ".join(host) if host else "this machine"
    ports = ", ".join(map(str, port or USUAL_PORTS))
    say(f"No model server answers on {where} (ports {ports}).")
    suggest("modelport discover --port PORT, or modelport serve --demo for a model that needs nothing")


def _offer(session: Session, rows: list[JsonObject]) -> None:
    """Ask on a terminal; elsewhere say the lines that would publish them."""
    if sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty() and not (session.no_input or session.dry_run):
        number = "this model" if len(rows) == 1 else f"these {len(rows)} models"
        try:
            session.confirm(f"Publish {number} on {session.server}?")
        except Failure:
            say(_LATER)
            _say_lines(rows)
            return
        _add(session, rows, asked=True)
        return
    _say_lines(rows)


_LATER = "Nothing was changed. Later, one by one:"


def _say_lines(rows: list[JsonObject]) -> None:
    for row in rows[:_SHOWN]:
        say(f"  {_line(row)}")
    if len(rows) > _SHOWN:
        say(f"  and {len(rows) - _SHOWN} more")
    suggest(f"modelport discover --add {ALL if len(rows) > 1 else rows[0]['name']}")


def _line(row: JsonObject) -> str:
    """Return the command that publishes a model."""
    words = ["modelport", "models", "add", row["name"], "--endpoint", row["base_url"]]
    if row["model"] != row["name"]:
        words += ["--upstream-model", row["model"]]
    if row["task"] != "chat":
        words += ["--task", row["task"]]
    return shlex.join(words)


def _chosen(rows: list[JsonObject], names: list[str]) -> list[JsonObject]:
    """Return the rows that are named, by the server's name or by ours.

    Raises:
        Failure: a name was not found.
    """
    named = [row for row in rows if row["model"]]
    if ALL in names:
        chosen = named
    else:
        chosen = [row for row in named if {row["model"], row["name"]} & set(names)]
        missing = set(names) - {text for row in chosen for text in (row["model"], row["name"])}
        if missing:
            raise _unknown(min(missing), named)
    if not chosen:
        raise Failure("no model was found to add", exit_code=ExitCode.NOT_FOUND, hint="modelport discover lists them")
    return chosen


def _unknown(name: str, rows: list[JsonObject]) -> Failure:
    # Inner import: difflib, which only this sentence needs.
    from gateway.registry.names import nearest

    close = nearest(name, [str(row["name"]) for row in rows])
    question = f"; did you mean {close[0]!r}?" if close else ""
    return Failure(
        f"model {name!r} was not found{question}", exit_code=ExitCode.NOT_FOUND, hint="modelport discover lists them"
    )


def _add(session: Session, rows: list[JsonObject], *, asked: bool = False) -> None:
    making = Making(session)
    making.plan([(row["name"], _body(row)) for row in rows])
    if session.dry_run:
        session.rows([one.as_data() for one in making.outcomes], _OUTCOMES)
        return
    if making.wanted and not asked:
        models = sum(step.outcome is Outcome.WOULD_MAKE for step in making.outcomes)
        session.confirm(f"Publish {models or making.wanted} of {len(rows)} models on {session.server}?")
    making.run()
    session.rows([one.as_data() for one in making.outcomes], _OUTCOMES)
    making.check()
    making.end()
    suggest(f'modelport call {rows[0]["name"]} "Say hello"')


def _body(row: JsonObject) -> JsonObject:
    endpoint = {"base_url": row["base_url"]}
    if row["model"] != row["name"]:
        endpoint["upstream_model"] = row["model"]
    return {"endpoints": [endpoint], **({} if row["task"] == "chat" else {"task": row["task"]})}
