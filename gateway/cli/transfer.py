"""How a long transfer looks: a bar on a terminal, lines on a pipe, one JSON document per line with `-o json`.

Also what publish and pull have in common: whose account they use, and how an error ends.
"""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from gateway.cli.command import Session
from gateway.cli.exit_codes import ExitCode
from gateway.cli.failure import UsageFailure
from gateway.cli.local import local_settings
from gateway.cli.output import Output, write_lines
from gateway.cli.talk import say

if TYPE_CHECKING:
    from gateway.publish.messages import PublishError
    from gateway.publish.service import Access

Reference: TypeAlias = Annotated[str, typer.Argument(metavar="REF", help="registry.host[:port]/team/model:tag")]
PlainHttp: TypeAlias = Annotated[bool, typer.Option("--plain-http", help="Speak http:// with this registry.")]
Username: TypeAlias = Annotated[
    str | None, typer.Option("--username", metavar="USER", help="With --password-stdin; else the login that is kept.")
]
PasswordStdin: TypeAlias = Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")]
CredentialReference: TypeAlias = Annotated[
    str | None,
    typer.Option("--credential", metavar="REF", help="env:NAME or file:PATH that holds user:password."),
]

_EVERY_S = 0.5
"""Between two lines of progress."""


class Reporter:
    """What one sees of a transfer. `event` may be called from any thread."""

    def __init__(self, session: Session) -> None:
        self.is_json = session.output in {Output.JSON, Output.NDJSON}
        self._lock = threading.Lock()
        self._phase, self._size, self._done = "", 0, 0
        self._said_at = 0.0
        self._bar: Callable[[str, int, int], None] | None = None

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draw a bar while the transfer runs, if there is a terminal."""
        if self.is_json or not sys.stderr.isatty():
            yield
            return
        # Inner import: 40 ms that only a terminal needs.
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("", total=None, visible=False)

            def draw(phase: str, done: int, size: int) -> None:
                progress.update(task, description=phase, completed=done, total=size or None, visible=bool(phase))

            self._bar = draw
            yield
            self._bar = None

    def event(self, event: dict[str, Any]) -> None:
        """Show something that happened."""
        with self._lock:
            kind = event["event"]
            if kind in {"phase", "package"}:
                self._phase = event.get("phase", "pull")
                self._size, self._done = event["size"], 0
            elif kind == "layer" and event["state"] in {"exists", "mounted"}:
                self._done += event["size"]
            if kind == "bytes":
                self._done += event["count"]
                self._progress()
            else:
                self._tell(event)

    def write(self, **event: Any) -> None:
        """Write one JSON line, with `-o json` alone."""
        if self.is_json:
            write_lines([json.dumps(event, ensure_ascii=sys.stdout.encoding.lower() != "utf-8")])
            sys.stdout.flush()

    def _progress(self) -> None:
        if self._bar is not None:
            self._bar(_PHASES[self._phase], self._done, self._size)
        elif self.is_json and time.monotonic() - self._said_at >= _EVERY_S:
            self._said_at = time.monotonic()
            self.write(event="progress", phase=self._phase, bytes=self._done, of=self._size)

    def _tell(self, event: dict[str, Any]) -> None:
        self.write(**event)
        if self.is_json:
            return
        if event["event"] == "layer" and event["state"] != "sending":
            # Inner import: publish is loaded when this runs.
            from gateway.publish.messages import size

            say(f"{_STATES[event['state']]:<9} {event['name']} ({size(event['size'])})")
        elif event["event"] == "files" and event["hidden"]:
            say(f"Left out, because hidden: {', '.join(event['hidden'])}")


_PHASES = {"hash": "Hashing", "push": "Pushing", "pull": "Pulling", "": ""}
_STATES = {"sent": "sent", "exists": "there", "mounted": "mounted", "written": "written"}


def access(
    config: Path | None, *, plain_http: bool, username: str | None, password_stdin: bool, credential: str | None
) -> "Access":
    """Return how the registry is reached: under this machine's egress policy, with the credentials that were named.

    Raises:
        UsageFailure: the words do not fit together.
    """
    # Inner imports: aiohttp and pydantic take 0.3 s, and --help must not.
    from gateway.publish.credentials import Credential, from_reference
    from gateway.publish.service import Access
    from gateway.upstream.policy import EgressPolicy
    from gateway.vault.secret import Secret

    egress = local_settings(config, None).egress
    policy = EgressPolicy(egress.profile, egress.allow_networks, egress.allow_hosts)
    if (username is None) == password_stdin:
        raise UsageFailure("--username and --password-stdin belong together", hint="printf %s PASSWORD | modelport …")
    if credential is not None and username is not None:
        raise UsageFailure("--credential and --username are one choice", hint="leave one out")
    named = from_reference(credential) if credential is not None else None
    if username is not None:
        named = Credential(username, Secret(sys.stdin.read().rstrip("\r\n")), "--password-stdin")
    return Access(policy=policy, plain_http=plain_http, credential=named)


def exit_code(error: "PublishError", *, in_check: bool) -> ExitCode:
    """Return the number that a failure ends with."""
    # Inner import: as above.
    from gateway.publish.messages import Blame

    codes = {
        Blame.WORDS: ExitCode.USAGE,
        Blame.CHECK: ExitCode.UNHEALTHY,
        Blame.ABSENT: ExitCode.NOT_FOUND,
        Blame.RIGHTS: ExitCode.NOT_ALLOWED,
        Blame.REGISTRY: ExitCode.UNREACHABLE,
    }
    return ExitCode.UNHEALTHY if in_check and error.blame is not Blame.WORDS else codes[error.blame]


def end(reporter: Reporter, message: str, kept: str, exit_with: ExitCode, **more: Any) -> typer.Exit:
    """Say how it ended and what was kept, and return the end of the command."""
    say(message)
    for one in more.get("left_behind", ()):
        say(f"Left behind: {one}")
    if kept:
        say(kept)
    reporter.write(event="error", message=message.removeprefix("Error: "), kept=kept, exit_code=int(exit_with), **more)
    return typer.Exit(exit_with)
