"""`modelport resolve`: the address of a model, and nothing else on stdout."""

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.address import find_address, warn
from gateway.cli.command import Session, command
from gateway.cli.explaining import is_address, steps_of
from gateway.cli.output import JsonObject, Output, show_data, write_lines
from gateway.cli.talk import say

if TYPE_CHECKING:
    from resolver import ResolvedURL


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "resolve", example="curl $(modelport resolve qwen3)models")(_resolve)


def _resolve(
    session: Session,
    name: Annotated[
        str, typer.Argument(metavar="MODEL", help="A model or alias; or a base_url, which is resolved without asking.")
    ],
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Explain each step on stderr.")] = False,
) -> None:
    """Print the address to call for a model."""
    if is_address(name):
        # Inner import: the resolver takes 15 ms, and --help must not.
        from resolver import resolve

        resolved = resolve(name, server=session.server)
        warn(resolved)
        _show(session, resolved, {"base_url": name}, verbose=verbose)
    else:
        address = find_address(session, name)
        _show(session, address.resolved, address.published, verbose=verbose)


def _show(session: Session, resolved: "ResolvedURL", published: JsonObject, *, verbose: bool) -> None:
    if verbose:
        for step in steps_of(session.server, session.target.source, resolved, published):
            say(f"{step['step']:<9} {step['value']}  ({step['why']})")
    if session.output in {Output.TABLE, Output.URL}:
        write_lines([str(resolved)])
    else:
        answer = {**published, "url": str(resolved), "kind": resolved.kind, "warnings": list(resolved.warnings)}
        show_data(answer, session.output)
