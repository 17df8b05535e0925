"""`modelport explain`: how a name becomes an address, or whose an address is."""

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.address import find_address, warn
from gateway.cli.command import Session, command
from gateway.cli.exit_codes import ExitCode
from gateway.cli.explaining import is_address, steps_of
from gateway.cli.failure import Failure
from gateway.cli.output import Columns, JsonObject, Output, show_data, write_lines
from gateway.cli.talk import say, suggest

if TYPE_CHECKING:
    from resolver import ResolvedURL

_STEPS: Columns = {"step": "step", "value": "value", "why": "why"}
_SHOWN = 10  # models of one address that still fit on a screen


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "explain", example="modelport explain http://localhost:3000/access/models/default/")(_explain)


def _explain(
    session: Session,
    what: Annotated[str, typer.Argument(metavar="URL|NAME", help="An address or base_url; or a model or alias.")],
) -> None:
    """Show each step from a model's name to its address; of an address, which rule reads it, and whose it is.

    An address that the rule refuses is exit 2; one where nothing is published here is exit 3.
    """
    if is_address(what):
        _explain_address(session, what)
        return
    address = find_address(session, what)
    _show(
        session, address.resolved, steps_of(session.server, session.target.source, address.resolved, address.published)
    )
    suggest(f'modelport call {what} "Say hello"', team=session.team)


def _explain_address(session: Session, text: str) -> None:
    # Inner import: the resolver takes 15 ms, and --help must not.
    from resolver import resolve

    resolved = resolve(text, server=session.server)
    warn(resolved)
    rows = steps_of(session.server, session.target.source, resolved, {"base_url": text})
    try:
        found = _whose(session, str(resolved))
    except Failure:
        if session.output in {Output.TABLE, Output.URL}:
            _show(session, resolved, rows)
            say("Whose it is, the server was asked in vain:")
        raise
    _show(session, resolved, [*rows, *found])
    if not found:
        raise Failure(
            f"nothing is published at {resolved} here",
            exit_code=ExitCode.NOT_FOUND,
            hint="modelport models list shows every address",
        )


def _whose(session: Session, url: str) -> list[JsonObject]:
    """Return which gateway or team answers there, and the models that are called there."""
    # Inner import: as above.
    from resolver import resolve

    models = [row for row in session.api.items("/models") if _covers(str(row["url"]), url)]
    longest = max((len(str(row["url"]).rstrip("/")) for row in models), default=0)
    models = [row for row in models if len(str(row["url"]).rstrip("/")) == longest]
    gateways = [row for row in session.api.items("/gateways") if _covers(str(row["url"]), url)]
    teams = [row for row in session.api.items("/teams") if not row.get("gateway") and _covers(str(row["url"]), url)]
    rows = [_row("gateway", row["name"], f"published at {row['url']}") for row in gateways]
    names = sorted({str(row["team"]) for row in models} | {str(row["name"]) for row in teams})
    rows += [_row("team", name, "its models are called there") for name in names]
    rows += [_row("model", row["name"], f"{row['uid']} of team {row['team']}, {row['url']}") for row in models[:_SHOWN]]
    if not models and not gateways and _covers(str(resolve("/v1/", server=session.server)), url):
        rows.append(_row("team", "that of the key", "the server answers there for whichever team a caller's key has"))
    if len(models) > _SHOWN:
        rows.append(_row("model", "…", f"and {len(models) - _SHOWN} more: modelport models list"))
    return rows


def _covers(base_url: str, url: str) -> bool:
    """Whether a call to `url` is one below `base_url`; the slash at the end makes no difference."""
    return f"{url.rstrip('/')}/".startswith(f"{base_url.rstrip('/')}/")


def _row(step: str, value: str, why: str) -> JsonObject:
    return {"step": step, "value": value, "why": why}


def _show(session: Session, resolved: "ResolvedURL", rows: list[JsonObject]) -> None:
    if session.output is Output.URL:
        write_lines([str(resolved)])
    elif session.output is Output.TABLE:
        session.rows(rows, _STEPS)
    else:
        show_data({"url": str(resolved), "kind": resolved.kind, "steps": rows}, session.output)
