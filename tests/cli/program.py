"""Runs `modelport` as a process of its own (tests.warm): on a pipe, or on a pseudo-terminal with something typed."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.warm.client import folder_of_the_program, run, start

BIN = Path(sys.executable).parent
_FLAGS = ("-W", "error")
PROGRAM = (sys.executable, *_FLAGS, "-m", "gateway")
_CTRL_C = "\x03"
_AGAIN_S = 1.0
_LIMIT_S = 60.0  # a process that takes longer hangs


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended and what it wrote; on a terminal `err` is within `out`."""

    code: int
    out: str
    err: str = ""


@dataclass(frozen=True, slots=True)
class Shell:
    """Where commands run: a folder, and the variables that a person would have set."""

    folder: Path
    variables: Mapping[str, str]

    def having(self, **variables: str) -> "Shell":
        """Return the same with further variables."""
        return Shell(self.folder, {**self.variables, **variables})

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment: nothing of the person who runs the tests gets in."""
        path = os.pathsep.join([folder_of_the_program(), str(BIN), os.environ["PATH"]])
        return {"PATH": path, "HOME": str(self.folder), "LANG": "C.UTF-8", "TERM": "xterm-256color", **self.variables}

    def run(self, *arguments: str, typed: str = "") -> Ended:
        """Run `modelport` on a pipe."""
        done = run(*arguments, folder=self.folder, environment=self.environment, flags=_FLAGS, typed=typed)
        return Ended(done.returncode, done.stdout, done.stderr)

    def execute(self, *command: str, typed: str = "") -> Ended:
        """Run any command on a pipe."""
        done = subprocess.run(
            command,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=_LIMIT_S,
            cwd=self.folder,
            env=self.environment,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def run_on_terminal(self, *arguments: str, typed: str = "", when: str = "") -> Ended:
        """Run `modelport` on a pseudo-terminal; `typed` is typed once `when` was read."""
        ours, theirs = pty.openpty()
        files = (theirs, theirs, theirs)
        process = start(
            *arguments, folder=self.folder, environment=self.environment, files=files, flags=_FLAGS, terminal=True
        )
        os.close(theirs)
        seen = _converse(ours, typed, when)
        os.close(ours)
        return Ended(process.wait(_LIMIT_S), seen.replace("\r\n", "\n"))


def _converse(terminal: int, typed: str, when: str) -> str:
    """Read until the process has closed its side, typing on the way.

    Ctrl-C is typed again after a second, as a person would: between writing its question and waiting for the answer no
    program notices it.
    """
    seen, deadline, due = b"", time.monotonic() + _LIMIT_S, 0.0
    while time.monotonic() < deadline:
        if typed and when.encode() in seen and time.monotonic() >= due:
            os.write(terminal, typed.encode())
            due = time.monotonic() + _AGAIN_S
            typed = typed if typed == _CTRL_C else ""
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # Linux says "input/output error" where others say end of file
            break
        if not chunk:
            break
        seen += chunk
    return seen.decode("utf-8", "replace")
