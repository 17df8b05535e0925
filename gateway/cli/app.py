"""The tree of commands: each noun and verb registers itself here, and the flags may stand before any of them."""

import inspect
from typing import Annotated

import typer

from gateway.cli import (
    aliases,
    call,
    config,
    db,
    discover,
    doctor,
    endpoints,
    gateways,
    importing,
    init,
    keys,
    models,
    report,
    resolve,
    teams,
    use,
    version,
)
from gateway.cli.command import Flags, with_flags
from gateway.cli.serve import serve

_HELP = """\
One address per model: publish models, resolve their addresses, call them.

\b
Example:
  modelport serve --demo
  modelport models add qwen3 --endpoint http://localhost:8000/v1
  modelport call qwen3 "Say hello"
"""

# Plain help instead of rich's: it comes 90 ms earlier, and a pipe gets the same text as a terminal.
app = typer.Typer(
    help=_HELP, no_args_is_help=True, rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False
)


def _show_version(wanted: bool) -> None:
    if wanted:
        version.show_version()
        raise typer.Exit


def _root(
    context: typer.Context,
    flags: Flags,
    show_version: Annotated[  # noqa: ARG001 - typer's way: the callback below acts
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    context.obj = flags


_, _, *_OWN = inspect.signature(_root, eval_str=True).parameters.values()

app.callback()(with_flags(_root, _OWN))
app.command("serve")(serve)
for noun in (models, endpoints, aliases, teams, gateways, keys):
    app.add_typer(noun.app, name=noun.NOUN.plural, help=noun.__doc__)
for verb in (resolve, use, call, importing, discover, doctor, report, db, config, init, version):
    verb.register(app)
