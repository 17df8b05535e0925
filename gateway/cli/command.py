"""What every command has in common: the flags, the session made of them, and how it ends when something goes wrong.

A command is a function `(session, its own arguments)`; `command` gives it the flags that all commands take, after the
command's name as well as before it.
"""

import inspect
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Concatenate, ParamSpec

import typer

from gateway.cli.client import Api
from gateway.cli.exit_codes import ExitCode, exit_code_of
from gateway.cli.failure import Failure, UsageFailure
from gateway.cli.output import Columns, JsonObject, Output, show_data, show_object, show_rows
from gateway.cli.talk import say
from gateway.errors import ConfigError, GatewayError
from resolver import ResolveError

DEFAULT_SERVER = "http://localhost:3000"

P = ParamSpec("P")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What every command takes; None where nothing was said."""

    server: str | None = None
    key_file: str | None = None
    output: Output | None = None
    team: str | None = None
    debug: bool = False

    def over(self, outer: "Flags") -> "Flags":
        """Return these flags, filled up from those before the command's name."""
        missing = {field.name: getattr(outer, field.name) for field in fields(self) if not getattr(self, field.name)}
        return replace(self, **missing)


class Session:
    """One run of a command: the server it speaks to and the form of its answers."""

    def __init__(self, flags: Flags) -> None:
        named = flags.server or os.environ.get("MODELPORT_URL")
        self.names_server = named is not None and named != ""
        self.server = named or DEFAULT_SERVER
        self.team = flags.team
        self.output = flags.output or Output.TABLE
        self._key_file = flags.key_file

    @cached_property
    def api(self) -> Api:
        """The server's management API, with the caller's key."""
        return Api(self.server, self.key)

    @cached_property
    def key(self) -> str | None:
        """The caller's key: from --key-file, else MODELPORT_KEY."""
        if self._key_file is None:
            return check_secret(os.environ.get("MODELPORT_KEY", ""), source="MODELPORT_KEY") or None
        return read_secret(self._key_file, option="--key-file")

    def rows(self, rows: list[JsonObject], columns: Columns) -> None:
        """Write a list to stdout."""
        show_rows(rows, columns, self.output)

    def item(self, item: JsonObject, fields: Columns) -> None:
        """Write one object to stdout."""
        show_object(item, fields, self.output)


def flags_of(
    *,
    server: Annotated[
        str | None,
        typer.Option("--server", metavar="URL", help="Server to manage [MODELPORT_URL, else http://localhost:3000]."),
    ] = None,
    key_file: Annotated[
        str | None,
        typer.Option("--key-file", metavar="PATH", help="File with the key, - for stdin [else MODELPORT_KEY]."),
    ] = None,
    output: Annotated[
        Output | None, typer.Option("-o", "--output", help="Form of the data on stdout [table].", show_default=False)
    ] = None,
    team: Annotated[str | None, typer.Option("--team", metavar="TEAM", help="Team that names belong to.")] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the trace of a failure.")] = False,
) -> Flags:
    """Return the flags. Typer reads this signature; each command borrows it."""
    return Flags(server=server, key_file=key_file, output=output, team=team, debug=debug)


def command(
    app: typer.Typer, name: str, *, example: str
) -> Callable[[Callable[Concatenate[Session, P], None]], Callable[Concatenate[Session, P], None]]:
    """Register a function as a command. Its help is its docstring with the example before the options."""

    def register(function: Callable[Concatenate[Session, P], None]) -> Callable[Concatenate[Session, P], None]:
        _, *own = inspect.signature(function, eval_str=True).parameters.values()

        def run(context: typer.Context, flags: Flags, **given: Any) -> None:
            flags = flags.over(context.obj or Flags())
            with _reported(flags):
                function(Session(flags), **given)  # type: ignore[call-arg]  # typer gives what `own` declares

        text = inspect.cleandoc(function.__doc__ or "")
        app.command(name, help=f"{text}\n\n\b\nExample:\n  {example}")(with_flags(run, own))
        return function

    return register


def with_flags(function: Callable[..., None], own: Iterable[inspect.Parameter]) -> Callable[..., None]:
    """Return `function(context, flags, **own)` as typer wants it: one that declares its own arguments and the flags."""

    def run(context: typer.Context, **given: Any) -> None:
        function(context, flags_of(**{flag: given.pop(flag) for flag in _FLAGS}), **given)

    # As keywords, an argument without a default may follow an option that has one.
    parameters = [_CONTEXT, *(one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own), *_FLAGS.values()]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what typer reads
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


def read_secret(path: str, *, option: str) -> str:
    """Return the secret in a file, or on stdin for `-`.

    Raises:
        UsageFailure: it cannot be read, is empty or is no single word.
    """
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageFailure(f"{option} {path}: {reason}") from error
    secret = check_secret(text, source=f"{option} {path}")
    if not secret:
        raise UsageFailure(f"{option} {path}: it is empty")
    return secret


def check_secret(text: str, *, source: str) -> str:
    """Return the secret without the blanks around it; raise UsageFailure when it cannot stand in a header."""
    secret = text.strip()
    if not re.fullmatch(r"[\x21-\x7e]*", secret):
        raise UsageFailure(f"{source}: a key is one word of plain ASCII", hint="copy the key again")
    return secret


_FLAGS = dict(inspect.signature(flags_of, eval_str=True).parameters)
_CONTEXT = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)


@contextmanager
def _reported(flags: Flags) -> Iterator[None]:
    """End the command with the failure's sentence on stderr and its exit code."""
    try:
        yield
    except (Failure, GatewayError, ResolveError) as error:
        failure = _failure(error)
        if flags.debug:
            traceback.print_exc()
        say(f"Error: {failure.message}")
        if failure.hint:
            say(f"Hint: {failure.hint}")
        if flags.output is Output.JSON:
            problem = failure.problem or {"detail": failure.message, "hint": failure.hint}
            show_data({"exit_code": failure.exit_code, "problem": problem}, flags.output)
        raise typer.Exit(failure.exit_code) from error


def _failure(error: Failure | GatewayError | ResolveError) -> Failure:
    if isinstance(error, Failure):
        return error
    if isinstance(error, ResolveError):
        return UsageFailure(str(error))
    code = ExitCode.USAGE if isinstance(error, ConfigError) else exit_code_of(error.status, error.code)
    return Failure(error.message, exit_code=code, hint=error.hint)
