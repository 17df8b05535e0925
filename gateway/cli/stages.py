"""A server's check of endpoints as it happens: one line for each stage, a spinner on a terminal meanwhile.

Used by `check`, and by the commands that register endpoints.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Annotated, TypeAlias

import typer

from gateway.cli.command import Session
from gateway.cli.exit_codes import ExitCode, exit_code_of
from gateway.cli.failure import Failure
from gateway.cli.output import JsonObject
from gateway.cli.talk import printable, say

Force: TypeAlias = Annotated[
    bool, typer.Option("--force", help="Keep what the check finds wrong, switched off (for administrators).")
]
NoCheck: TypeAlias = Annotated[bool, typer.Option("--no-check", help="Do not check it first (for administrators).")]

PATH = "/preflight"
FAIL = "fail"
_SILENT = frozenset({"pass", "skipped"})


def rehearse(session: Session, path: str, body: JsonObject) -> None:
    """Have the server look at what is to be made, before a check that may take a minute; nothing is asked or kept.

    Raises:
        Failure: a value does not fit, or a name is taken.
    """
    if not session.dry_run:
        session.api.post(path, body, validate_only="true", preflight="skip")


def check_first(session: Session, wanted: list[JsonObject], *, force: bool, no_check: bool) -> dict[str, str]:
    """Show what a check finds of each endpoint, on stderr, and return how the registration is to be asked for.

    Raises:
        Failure: one fails, and it is not forced.
    """
    if not no_check and not session.dry_run:
        for body in wanted:
            report = follow(session, body, show=say)
            if report["verdict"] == FAIL and not force:
                raise failure_of(report, force="--force registers it all the same, switched off")
    return wishes(force=force, no_check=no_check)


def wishes(*, force: bool, no_check: bool) -> dict[str, str]:
    """Return the parameters of a registration or a change that say how it is checked."""
    return {**({"force": "true"} if force else {}), **({"preflight": "skip"} if no_check else {})}


def follow(session: Session, body: JsonObject, *, show: Callable[[str], None]) -> JsonObject:
    """Have something checked, show each stage as it ends, and return the whole report.

    Raises:
        Failure: the server refuses to check, or broke off.
    """
    with _spinner():
        for name, data in session.api.events(PATH, body):
            if name == "stage":
                for line in lines_of(data):
                    show(line)
            elif name == "problem":
                code = exit_code_of(int(data.get("status", 0)), str(data.get("code")))
                raise Failure(str(data.get("detail")), exit_code=code, hint=data.get("hint"), problem=data)
            elif name == "report":
                return data
    raise Failure("the check broke off", exit_code=ExitCode.UNREACHABLE, hint="try again; the server's log says why")


def lines_of(stage: JsonObject) -> list[str]:
    """Return a stage as people read it.

    >>> lines_of({"verdict": "pass", "stage": "trial", "message": "it answered a chat call", "took_ms": 12.3})
    ['pass     trial      it answered a chat call (12 ms)']
    """
    took = float(stage.get("took_ms") or 0)
    times = f" ({took:.0f} ms)" if took >= 1 and not stage.get("cached") else ""
    kept = ", from an earlier check" if stage.get("cached") else ""
    lines = [f"{stage['verdict']:<8} {stage['stage']:<10} {stage['message']}{kept}{times}"]
    if stage.get("hint") and stage["verdict"] not in _SILENT:
        lines.append(f"{'':<20}{stage['hint']}")
    close = stage.get("did_you_mean") or ()
    if close and str(close[0]) not in lines[0]:
        lines.append(f"{'':<20}did you mean {' or '.join(map(str, close))}?")
    return [printable(line) for line in lines]


def failure_of(report: JsonObject, *, force: str | None = None) -> Failure:
    """Return the failure that a report means: the first stage that failed."""
    failed = next(stage for one in report["endpoints"] for stage in one["stages"] if stage["verdict"] == FAIL)
    usage = failed["code"] == "invalid_url"
    hint = "; ".join(text for text in (failed.get("hint"), None if usage else force) if text)
    code = ExitCode.USAGE if usage else ExitCode.UNHEALTHY
    return Failure(failed["message"], exit_code=code, hint=hint or None, problem=report)


@contextlib.contextmanager
def _spinner() -> Iterator[None]:
    if not (sys.stderr.isatty() and sys.stdout.isatty()):
        yield
        return
    # Inner imports: 40 ms that only a terminal needs.
    from rich.console import Console

    with Console(stderr=True).status("checking"):
        yield
