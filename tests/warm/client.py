"""Runs `python -m gateway …` in a child of a process that has loaded its libraries, in a third of the CPU.

For what is about the process itself (memory, start time, what it imports) start one with `subprocess`.
"""

import atexit
import functools
import os
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, TypeAlias

from tests.warm.asking import BARE, ask, steering

ROOT = Path(__file__).resolve().parents[2]
_LIMIT_S = 60.0
_OURS = steering(os.environ)


class Running:
    """A command that runs: the part of `subprocess.Popen` that tests use."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._read = connection.makefile("rb")
        self.pid = int(self._read.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal, or None while it runs."""
        if self.returncode is None and select.select([self._connection], [], [], 0)[0]:
            self._take()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("modelport", timeout or 0)
            self._take()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Tell it to stop (SIGTERM)."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it (SIGKILL)."""
        self.send_signal(signal.SIGKILL)

    def _take(self) -> None:
        self.returncode = int(self._read.readline())
        self._read.close()
        self._connection.close()


Command: TypeAlias = "Running | subprocess.Popen[bytes]"


def start(
    *arguments: str,
    folder: Path,
    environment: Mapping[str, str],
    files: tuple[int | IO[Any], int | IO[Any], int | IO[Any]],
    flags: tuple[str, ...] = (),
    terminal: bool = False,
) -> Command:
    """Start `python FLAGS -m gateway ARGUMENTS` on three open files; `terminal` makes the first its terminal.

    Where something steers Python or a library that steers no other command, it is a new process.
    """
    variables = steering(environment)
    if variables not in {BARE, _OURS} and not terminal:
        words = [sys.executable, *flags, "-m", "gateway", *arguments]
        stdin, stdout, stderr = files
        return subprocess.Popen(words, cwd=folder, env=environment, stdin=stdin, stdout=stdout, stderr=stderr)
    server = _server(flags, variables)
    numbers = [file if isinstance(file, int) else file.fileno() for file in files]
    connection = ask(server, arguments, folder=str(folder), environment=environment, files=numbers, terminal=terminal)
    return Running(connection)


def run(
    *arguments: str, folder: Path, environment: Mapping[str, str], flags: tuple[str, ...] = (), typed: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Run it on pipes to its end.

    Raises:
        subprocess.TimeoutExpired: it does not end within a minute; it has been killed.
    """
    pipes = [os.pipe() for _ in range(3)]
    (child_in, ours), (out, child_out), (err, child_err) = pipes
    command = start(
        *arguments, folder=folder, environment=environment, files=(child_in, child_out, child_err), flags=flags
    )
    for theirs in (child_in, child_out, child_err):
        os.close(theirs)
    try:
        said = _converse(ours, typed.encode(), [out, err])
        code = command.wait(_LIMIT_S)
    except TimeoutError:
        command.kill()
        raise subprocess.TimeoutExpired(["modelport", *arguments], _LIMIT_S) from None
    finally:
        for kept in (out, err):
            os.close(kept)
    texts = [said[number].decode().replace("\r\n", "\n") for number in (out, err)]
    return subprocess.CompletedProcess(["modelport", *arguments], code, *texts)


def _converse(typing: int, typed: bytes, reading: list[int]) -> dict[int, bytes]:
    """Write and close the one, read the others to their ends."""
    deadline, said, left = time.monotonic() + _LIMIT_S, dict.fromkeys(reading, b""), set(reading)
    writing = {typing}
    while left:
        if not typed and writing:
            os.close(writing.pop())
        readable, writable, _ = select.select(left, writing, [], max(0, deadline - time.monotonic()))
        if not readable and not writable:
            raise TimeoutError
        for number in readable:
            chunk = os.read(number, 65536)
            said[number] += chunk
            left -= set() if chunk else {number}
        if writable:
            try:
                typed = typed[os.write(typing, typed[:4096]) :]
            except BrokenPipeError:  # it reads no further
                typed = b""
    for number in writing:
        os.close(number)
    return said


@functools.cache
def folder_of_the_program() -> str:
    """Return a folder for the front of a script's PATH: what is called `modelport` there is a warm one."""
    server = _server((), BARE)
    program = Path(sys.executable).with_name("modelport")
    words = shlex.join([sys.executable, "-IS", str(Path(__file__).with_name("modelport.py")), server, str(program)])
    file = Path(server).with_name("bin") / "modelport"
    file.parent.mkdir()
    file.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    file.chmod(0o755)
    return str(file.parent)


@functools.cache
def _server(flags: tuple[str, ...], variables: tuple[tuple[str, str], ...]) -> str:
    """Start a server and return the path of its socket; it ends with this process."""
    folder = tempfile.mkdtemp(prefix="mp-warm-", dir="/tmp")  # a socket's path has at most 107 bytes
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = f"{folder}/socket"
    process = subprocess.Popen(
        [sys.executable, *flags, "-m", "tests.warm.server", path],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **dict(variables)},
        start_new_session=True,
    )
    atexit.register(_end, process)
    deadline = time.monotonic() + _LIMIT_S
    while not Path(path).exists():
        assert process.poll() is None, f"the warm server ended with {process.returncode}"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return path


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.communicate()
