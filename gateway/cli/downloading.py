"""How a download looks: a bar on a terminal, JSON lines elsewhere, a line for each tenth with `-o table` on a pipe."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from gateway.cli.command import Session
from gateway.cli.output import Output, write_lines
from gateway.cli.talk import printable, say

if TYPE_CHECKING:
    from gateway.downloads.progress import Progress

_PHASES: Final = {"wait": "waiting for", "fetch": "fetching", "verify": "verifying", "done": "done with"}
_TENTHS: Final = 10


class Shown:
    """What one sees of a download."""

    def __init__(self, session: Session) -> None:
        chosen = session.flags.output
        self.is_json = chosen in {Output.JSON, Output.NDJSON} or (chosen is None and not sys.stdout.isatty())
        self._name = ""
        self._said: tuple[str, int] = ("", -1)
        self._last: Progress | None = None
        self._draw: Callable[[Progress], None] | None = None

    @contextmanager
    def drawn(self, name: str) -> Iterator[None]:
        """Draw a bar meanwhile, if there is a terminal and nobody wants JSON."""
        self._name = name
        if self.is_json or not sys.stderr.isatty():
            yield
            return
        # Inner import: 40 ms that only a terminal needs.
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
        from rich.progress import Progress as Bars

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
            task = bars.add_task("", total=None)

            def draw(progress: "Progress") -> None:
                description = f"{_PHASES[progress.phase]} {printable(name)}".replace("[", r"\[")
                bars.update(task, description=description, completed=progress.bytes, total=progress.total)

            self._draw = draw
            try:
                yield
            finally:
                self._draw = None

    def progress(self, progress: "Progress") -> None:
        """Show how far it is."""
        self._last = progress
        if self._draw is not None:
            self._draw(progress)
        elif self.is_json:
            if progress.phase != "done":  # the last event says more
                self.write(event="progress", **progress.data)
        else:
            self._say(progress)

    def write(self, **event: Any) -> None:
        """Write one JSON line, where JSON is wanted."""
        if self.is_json:
            write_lines([json.dumps(event, ensure_ascii=sys.stdout.encoding.lower() != "utf-8")])
            sys.stdout.flush()

    def far(self) -> str:
        """Return how far it is, in words."""
        # Inner import: what downloads is loaded when this runs.
        from gateway.downloads.errors import shown_size

        last = self._last
        if last is None or last.total is None:
            return shown_size(0 if last is None else last.bytes)
        return f"{shown_size(last.bytes)} of {shown_size(last.total)}"

    def _say(self, progress: "Progress") -> None:
        """Say a phase when it begins, and each tenth of it."""
        tenth = progress.bytes * _TENTHS // progress.total if progress.total else 0
        if (progress.phase, tenth) != self._said and progress.phase != "done":
            self._said = (progress.phase, tenth)
            say(f"{_PHASES[progress.phase]} {self._name}: {tenth * _TENTHS} % ({self.far()})")
