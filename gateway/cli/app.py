"""The tree of commands, and the flags, which may stand before any of them. A command's module has a `register`."""

import inspect
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Annotated, Final

import typer

from gateway.cli import plain_values
from gateway.cli.command import Flags, with_flags

COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "serve": ("serve",),
    "models": ("models", "retiring", "restoring", "deprecating"),
    "endpoints": ("endpoints",),
    "aliases": ("aliases",),
    "teams": ("teams",),
    "gateways": ("gateways",),
    "keys": ("keys",),
    "registry": ("registry",),
    "catalogue": (
        "catalogue",
        "catalogue_state",
        "catalogue_decisions",
        "catalogue_hub",
        "catalogue_entries",
        "catalogue_publishers",
        "catalogue_rules",
        "catalogue_recommend",
    ),
    "resolve": ("resolve",),
    "explain": ("explain",),
    "use": ("use",),
    "call": ("call",),
    "check": ("check",),
    "publish": ("publish",),
    "pull": ("pull",),
    "download": ("download",),
    "usage": ("usage",),
    "operations": ("operations",),
    "audit": ("audit",),
    "import": ("importing",),
    "discover": ("discover",),
    "doctor": ("doctor",),
    "report": ("report",),
    "context": ("context",),
    "config": ("config",),
    "init": ("init",),
    "db": ("db",),
    "completion": ("completion",),
    "version": ("version",),
}
"""The first word of each command in the order of the help, and the modules of this package that have it.

The first module registers itself with the root, the others with its `app`.
"""

_HELP = """\
One address per model: publish models, resolve their addresses, call them.

\b
Example:
  modelport serve --demo
  modelport models add qwen3 --endpoint http://localhost:8000/v1
  modelport call qwen3 "Say hello"
"""


def _show_version(wanted: bool) -> None:
    if wanted:
        # Inner import, as each command's: most calls ask for something else.
        from gateway.cli.version import show_version

        show_version()
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


def tree(words: Sequence[str] = ()) -> typer.Typer:
    """Return the commands: all, or the one alone that the first of the words names (all of them take 90 ms to load)."""
    plain_values.take()
    # Plain help instead of rich's: it comes 90 ms earlier, and a pipe gets the same text as a terminal.
    root = typer.Typer(
        help=_HELP, no_args_is_help=True, rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False
    )
    root.callback()(with_flags(_root, _OWN))
    for name in words[:1] if words and words[0] in COMMANDS else COMMANDS:
        noun, *more = (import_module(f"gateway.cli.{one}") for one in COMMANDS[name])
        noun.register(root)
        for one in more:
            one.register(noun.app)
    return root
