"""Waiting for operations of the server: what one sees meanwhile, and how the wait ends.

Used by the commands that begin something long. An interrupted or timed-out wait ends nothing on the server: the ids go
to stdout, so that a script can go on with them.
"""

import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, TypeAlias

import typer

from gateway.cli.client import segment
from gateway.cli.command import Session
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import Failure, UsageFailure
from gateway.cli.output import JsonObject, write_lines
from gateway.cli.talk import printable, say

Wait: TypeAlias = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Wait until it is done; else its id is printed.", show_default=False)
]
Timeout: TypeAlias = Annotated[
    str, typer.Option("--timeout", metavar="TIME", help="How long to wait: 90, 30s, 5m, 1h. It goes on without you.")
]

RUNNING = frozenset({"pending", "running"})
_ASK_S = 10  # the server answers earlier, as soon as something changes
_PAUSE_S = 0.25  # at least, between two questions: an answer that comes at once must not make this a loop
_AWAY_S = 1.0  # between two questions to a server that does not answer: it may be starting again
_SPAN = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(ms|s|m|h)?")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, None: 1}


def seconds(text: str, option: str) -> float:
    """Return how many seconds a text like 30s means.

    >>> seconds("5m", "--timeout"), seconds("0", "--drain")
    (300.0, 0.0)

    Raises:
        UsageFailure: it means none.
    """
    found = _SPAN.fullmatch(text)
    if found is None:
        raise UsageFailure(f"{option} {text!r} is no time", hint="write seconds, or 30s, 5m, 1h; 0 is at once")
    return float(found[1]) * _UNITS[found[2]]


def wait_for(session: Session, waited: Mapping[str, str], *, timeout_s: float) -> dict[str, JsonObject]:
    """Return the operations once all have ended, by id; `waited` says of each id what it is about.

    Raises:
        Failure: the time is over (exit 10) or Ctrl-C was pressed (130); they go on, and their ids are on stdout.
    """
    deadline = time.monotonic() + timeout_s
    ended: dict[str, JsonObject] = {}
    try:
        with _shown() as show:
            for operation, about in waited.items():
                found = _follow(session, operation, about, deadline, show)
                if found is None:
                    raise _left(session, waited, ended, f"not done within {timeout_s:g} s", ExitCode.TIMED_OUT)
                ended[operation] = found
    except KeyboardInterrupt:
        raise _left(session, waited, ended, "interrupted", ExitCode.INTERRUPTED) from None
    return ended


def _follow(
    session: Session, operation: str, about: str, deadline: float, show: Callable[[str], None]
) -> JsonObject | None:
    """Return the operation once it has ended; None when the time is over before."""
    while True:
        left = deadline - time.monotonic()
        began = time.monotonic()
        try:
            row: JsonObject = session.api.get(
                f"/operations/{segment(operation)}", wait=f"{max(0, min(int(left), _ASK_S))}s"
            ).body
        except Failure as failure:
            if failure.exit_code is not ExitCode.UNREACHABLE or left <= 0:
                raise
            show(f"{about}: {failure.message}; it goes on when the server is back")
            time.sleep(min(_AWAY_S, left))
            continue
        if row["state"] not in RUNNING:
            return row
        if left <= 0:
            return None
        show(_words(row, about))
        time.sleep(max(0.0, min(_PAUSE_S - (time.monotonic() - began), left)))


def _words(row: JsonObject, about: str) -> str:
    """Say how far an operation is.

    >>> _words({"done": 2, "total": 3, "blockers": [{"worker": "w", "inflight": 1}]}, "draining model 'a'")
    "draining model 'a': 2 of 3, 1 call in flight"
    """
    parts = [f"{row['done']} of {row['total']}"] if row.get("total") and row["total"] > 1 else []
    calls = sum(int(one.get("inflight") or 0) for one in row.get("blockers") or ())
    if calls:
        parts.append(f"{calls} call{'' if calls == 1 else 's'} in flight{_until(row)}")
    elif row.get("blockers"):
        parts.append(f"{len(row['blockers'])} of the processes still to hear of it")
    return f"{about}: {', '.join(parts) or 'waiting'}"


def _until(row: JsonObject) -> str:
    due = row.get("due_at")
    return f", ended at {due[11:19]} UTC at the latest" if due else ""


@contextmanager
def _shown() -> Iterator[Callable[[str], None]]:
    """Give what shows a line: in one place on a terminal, else a line for each change."""
    if sys.stderr.isatty():
        # Inner import: 40 ms that only a terminal needs.
        from rich.console import Console
        from rich.text import Text

        with Console(stderr=True, highlight=False).status("") as status:
            yield lambda text: status.update(Text(printable(text)))
        return
    last = ""

    def tell(text: str) -> None:
        nonlocal last
        if text != last:
            say(text)
            last = text

    yield tell


def _left(
    session: Session, waited: Mapping[str, str], ended: Mapping[str, JsonObject], why: str, code: ExitCode
) -> Failure:
    """Return the failure of a wait that is given up, after the ids went to stdout."""
    going = [operation for operation in waited if operation not in ended]
    if not session.output.is_data:
        write_lines(going)
    say(f"It goes on without you: {', '.join(going)}")
    return Failure(
        f"{waited[going[0]]}: {why}",
        exit_code=code,
        hint=f"modelport operations watch {going[0]}",
        problem={"code": code.name.lower(), "detail": why, "operations": going},
    )
