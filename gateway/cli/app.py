"""The tree of commands: each noun and verb registers itself here, and the flags may stand before any of them."""

import inspect
from typing import Annotated

import typer

from gateway.cli import (
    aliases,
    audit,
    call,
    check,
    completion,
    config,
    context,
    db,
    deprecating,
    discover,
    doctor,
    endpoints,
    explain,
    gateways,
    importing,
    init,
    keys,
    models,
    operations,
    publish,
    pull,
    registry,
    report,
    resolve,
    restoring,
    retiring,
    teams,
    usage,
    use,
    version,
)
from gateway.cli.command import Flags, group, with_flags
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
    ctx: typer.Context,
    flags: Flags,
    show_version: Annotated[  # noqa: ARG001 - typer's way: the callback below acts
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    ctx.obj = flags


_, _, *_OWN = inspect.signature(_root, eval_str=True).parameters.values()

app.callback()(with_flags(_root, _OWN))
app.command("serve")(serve)
for noun in (models, endpoints, aliases, teams, gateways, keys):
    group(noun.app, app, noun.NOUN.plural, about=noun.__doc__, example=f"modelport {noun.NOUN.plural} list")
for life in (retiring, restoring, deprecating):
    life.register(models.app)
group(registry.app, app, "registry", about=registry.__doc__, example="modelport registry login registry.example.com")
_VERBS = (
    resolve,
    explain,
    use,
    call,
    check,
    publish,
    pull,
    usage,
    operations,
    audit,
    importing,
    discover,
    doctor,
    report,
    context,
    config,
    init,
    db,
    completion,
    version,
)
for verb in _VERBS:
    verb.register(app)
