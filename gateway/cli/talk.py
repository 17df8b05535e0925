"""Sentences for people: all of them go to stderr, so that stdout stays data. Questions are asked on a terminal only."""

import re
import sys

from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure, UsageFailure

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Controls but tab and line feed, and bidi marks: a name from elsewhere must not steer the terminal."""


def printable(text: str) -> str:
    r"""Return the text with what would steer a terminal written out.

    >>> printable("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], text)


def say(text: str) -> None:
    """Write one line to stderr."""
    sys.stderr.write(f"{printable(text)}\n")
    sys.stderr.flush()


def suggest(command: str, *, team: str | None = None) -> None:
    """Say what one would do next, in the same team; the last line of a command that succeeded."""
    say(f"Try: {command}" + (f" --team {team}" if team else ""))


def confirm(question: str, *, yes: bool, no_input: bool = False) -> None:
    """Return when the answer is yes; the default answer is no.

    Raises:
        UsageFailure: there is no terminal to ask on, and no `--yes`.
        Failure: declined.
    """
    if yes:
        return
    _require_terminal(question, no_input=no_input)
    if _answer(f"{question} [y/N] ").lower() not in {"y", "yes"}:
        raise Failure("nothing was changed", exit_code=ExitCode.DECLINED)


def confirm_name(what: str, name: str, *, yes: bool, no_input: bool = False) -> None:
    """Return when `name` was typed, exactly; whatever else is typed is a no.

    Raises:
        UsageFailure: there is no terminal to ask on, and no `--yes`.
        Failure: declined.
    """
    if yes:
        return
    _require_terminal(f"{what}?", no_input=no_input)
    typed = _answer(f"{what}? Type {name} to go on, anything else is no: ")
    if typed != name:
        other = f"{typed!r} is not {name!r}: " if typed else ""
        raise Failure(f"{other}nothing was changed", exit_code=ExitCode.DECLINED)


def _require_terminal(question: str, *, no_input: bool) -> None:
    if no_input:
        raise UsageFailure(f"{question} --no-input forbids to ask.", hint="add --yes when you mean it")
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageFailure(f"{question} There is no terminal to ask on.", hint="add --yes when you mean it")


def _answer(question: str) -> str:
    sys.stderr.write(printable(question))
    sys.stderr.flush()
    return sys.stdin.readline().strip()
