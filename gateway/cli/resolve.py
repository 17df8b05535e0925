"""`modelport resolve`: the address of a model, and nothing else on stdout."""

import re
from typing import Annotated

import typer

from gateway.cli.address import find_address, warn
from gateway.cli.command import Session, command
from gateway.cli.output import JsonObject, Output, show_data, write_lines
from gateway.cli.talk import say
from resolver import ResolvedURL, resolve

_ADDRESS = re.compile(r"/|[A-Za-z][A-Za-z0-9+.-]*://")
"""How a published address begins; no model's name can, since no part between its slashes is empty."""

_KINDS = {
    "gateway": "a full URL: it is called as it is",
    "server": "a path: it is put behind the server's URL",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "resolve", example="curl $(modelport resolve qwen3)models")(_resolve)


def _resolve(
    session: Session,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A model or alias; or a base_url, which is resolved without asking.")
    ],
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Explain each step on stderr.")] = False,
) -> None:
    """Print the address to call for a model."""
    if _ADDRESS.match(name):
        resolved = resolve(name, server=session.server)
        warn(resolved)
        _show(session, resolved, {"base_url": name}, verbose=verbose)
    else:
        address = find_address(session, name)
        _show(session, address.resolved, address.published, verbose=verbose)


def _show(session: Session, resolved: ResolvedURL, published: JsonObject, *, verbose: bool) -> None:
    if verbose:
        _explain(session.server, resolved, published)
    if session.output in {Output.TABLE, Output.URL}:
        write_lines([str(resolved)])
    else:
        answer = {**published, "url": str(resolved), "kind": resolved.kind, "warnings": list(resolved.warnings)}
        show_data(answer, session.output)


def _explain(server: str, resolved: ResolvedURL, published: JsonObject) -> None:
    steps = {"server": server}
    if "model" in published:
        steps["model"] = f"{published['model']} of team {published['team']} ({published['uid']})"
        steps["via"] = str(published["via"])
    steps["base_url"] = f"{published['base_url']} is {_KINDS[resolved.kind]}"
    steps["url"] = str(resolved)
    for name, value in steps.items():
        say(f"{name:<9} {value}")
