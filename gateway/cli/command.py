"""What every command has in common: its help, its flags, and how it ends when something goes wrong.

A command is a function `(session, its own arguments)`; `command` gives it the flags that all commands take, after the
command's name as well as before it. One that changes something has `--yes`, `--no-input` and `--dry-run` besides.
"""

import inspect
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec

import typer

from gateway.cli.exit_codes import ExitCode, exit_code_of
from gateway.cli.failure import Failure, UsageFailure
from gateway.cli.flags import CHANGING, COMMON, Flags
from gateway.cli.output import Output, show_data
from gateway.cli.rehearsal import Rehearsed, show
from gateway.cli.session import Session
from gateway.cli.talk import say
from gateway.cli.target import DEFAULT_SERVER, check_secret, read_secret
from gateway.errors import ConfigError, GatewayError

__all__ = [
    "DEFAULT_SERVER",
    "Flags",
    "Session",
    "check_secret",
    "command",
    "group",
    "read_secret",
    "reported",
    "with_flags",
]

P = ParamSpec("P")

_SERVER_MATTERS = frozenset({ExitCode.NOT_FOUND, ExitCode.NOT_ALLOWED, ExitCode.UNREACHABLE})


def command(
    app: typer.Typer, name: str, *, example: str, changes: bool = False, hidden: bool = False
) -> Callable[[Callable[Concatenate[Session, P], None]], Callable[Concatenate[Session, P], None]]:
    """Register a function as a command. Its help is its docstring with the example before the options."""

    def register(function: Callable[Concatenate[Session, P], None]) -> Callable[Concatenate[Session, P], None]:
        _, *own = inspect.signature(function, eval_str=True).parameters.values()

        def run(ctx: typer.Context, flags: Flags, **given: Any) -> None:
            session = Session(flags.over(ctx.obj or Flags()))
            with reported(session.flags, session):
                function(session, **given)  # type: ignore[call-arg]  # typer gives what `own` declares

        text = inspect.cleandoc(function.__doc__ or "")
        wrapped = with_flags(run, own, changes=changes)
        app.command(name, help=f"{text}\n\n\b\nExample:\n  {example}", hidden=hidden)(wrapped)
        return function

    return register


def group(app: typer.Typer, parent: typer.Typer, name: str, *, about: str | None, example: str) -> None:
    """Register a group of commands; its help has an example before the options, too."""
    parent.add_typer(app, name=name, help=f"{inspect.cleandoc(about or '')}\n\n\b\nExample:\n  {example}")


def with_flags(
    function: Callable[..., None], own: Iterable[inspect.Parameter], *, changes: bool = False
) -> Callable[..., None]:
    """Return `function(context, flags, **own)` as typer wants it: one that declares its own arguments and the flags."""
    flags = COMMON | CHANGING if changes else COMMON

    def run(ctx: typer.Context, **given: Any) -> None:
        function(ctx, Flags(**{flag: given.pop(flag) for flag in flags}), **given)

    # As keywords, an argument without a default may follow an option that has one.
    parameters = [_CONTEXT, *(one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own), *flags.values()]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what typer reads
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


# Not called `context`: that is one of the flags.
_CONTEXT = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)


@contextmanager
def reported(flags: Flags, session: Session | None = None) -> Iterator[None]:
    """End the command with the failure's sentence on stderr and its exit code; a trace is shown with --debug alone."""
    try:
        yield
    except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
        raise
    except Rehearsed as rehearsed:
        show(rehearsed, flags.output or Output.TABLE)
    except Exception as error:  # the rim of the command line: whatever it was, a person reads one sentence
        failure = _failure(error)
        if flags.debug:
            traceback.print_exc()
        say(f"Error: {failure.message}")
        if session is not None and session.asked_server and failure.exit_code in _SERVER_MATTERS:
            say(f"Server: {session.server} (from {session.target.source})")
        if failure.hint:
            say(f"Hint: {failure.hint}")
        if flags.output in {Output.JSON, Output.NDJSON} and not failure.told:
            problem = failure.problem or {"detail": failure.message, "hint": failure.hint}
            show_data({"exit_code": failure.exit_code, "problem": problem}, flags.output)
        raise typer.Exit(failure.exit_code) from error


def _failure(error: Exception) -> Failure:
    if isinstance(error, Failure):
        return error
    if isinstance(error, GatewayError):
        code = ExitCode.USAGE if isinstance(error, ConfigError) else exit_code_of(error.status, error.code)
        return Failure(error.message, exit_code=code, hint=error.hint)
    # Inner import: the resolver takes 15 ms, and --help must not. Had nobody used it, it would not have raised.
    if "resolver" in sys.modules:
        from resolver import ResolveError

        if isinstance(error, ResolveError):
            return UsageFailure(str(error))
    return Failure(
        f"this is a fault of modelport: {type(error).__name__}: {error}",
        exit_code=ExitCode.UNEXPECTED,
        hint="run it again with --debug to see where; `modelport report` collects what a helper needs",
    )
