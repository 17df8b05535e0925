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


def confirm(question: str, *, yes: bool) -> None:
    """Return when the answer is yes; the default answer is no.

    Raises:
        UsageFailure: there is no terminal to ask on, and no `--yes`.
        Failure: declined.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageFailure(f"{question} There is no terminal to ask on.", hint="add --yes when you mean it")
    sys.stderr.write(f"{printable(question)} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise Failure("nothing was changed", exit_code=ExitCode.DECLINED)
