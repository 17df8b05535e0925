"""A process that has loaded what modelport stands on and forks a child for each command: `python -m tests.warm.server`.

Nothing of modelport itself is loaded before the fork, so each command imports it as a new process does. A third of the
CPU of a command is left (measured). `tests.warm.client` starts this process and talks to it.
"""

import fcntl
import gc
import importlib
import io
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import termios
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

from tests.warm.asking import LONGEST

LOADED = (
    "aiohttp.web",
    "aiosqlite",
    "asyncpg",
    "cryptography.hazmat.primitives.ciphers.aead",
    "idna",
    "msgspec.json",
    "prometheus_client.exposition",
    "pydantic.json_schema",
    "pydantic.root_model",
    "ruamel.yaml",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "structlog",
    "typer.main",
    "uvloop",
    "yarl",
)
_STDIO = ((0, "r"), (1, "w"), (2, "w"))


@dataclass(slots=True)
class Server:
    """Takes requests at a socket, each with the three files of its command, and answers with pid and status."""

    listener: socket.socket
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    callers: dict[int, socket.socket] = field(default_factory=dict)

    def next_child(self) -> dict[str, Any] | None:
        """Fork for every request. Return the request in the child, and None in the server when nobody is left."""
        woken, wakes = socket.socketpair()
        wakes.setblocking(False)  # noqa: FBT003 - its only argument
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakes.fileno())
        for number in (0, woken.fileno(), self.listener.fileno()):
            self.selector.register(number, selectors.EVENT_READ)
        while True:
            ready = {key.fd for key, _ in self.selector.select()}
            if 0 in ready:  # whoever started this process has ended, perhaps killed
                for pid in self.callers:
                    os.kill(pid, signal.SIGTERM)
                return None
            if woken.fileno() in ready:
                woken.recv(1000)
                self._reap()
            if self.listener.fileno() in ready and (request := self._accept()) is not None:
                signal.set_wakeup_fd(-1)
                self.selector.close()
                for inherited in (woken, wakes, self.listener, *self.callers.values()):
                    inherited.close()
                return request

    def _accept(self) -> dict[str, Any] | None:
        caller, _ = self.listener.accept()
        text, files, _, _ = socket.recv_fds(caller, LONGEST, len(_STDIO))
        while not text.endswith(b"\n"):
            more = caller.recv(LONGEST)
            if not more:
                caller.close()
                return None
            text += more
        pid = os.fork()
        if pid == 0:
            caller.close()
            for number, _ in _STDIO:
                os.dup2(files[number], number)
                os.close(files[number])
            return cast("dict[str, Any]", json.loads(text))
        for file in files:
            os.close(file)
        caller.sendall(b"%d\n" % pid)
        self.callers[pid] = caller
        return None

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                with self.callers.pop(ended[0]) as caller, suppress(OSError):  # a caller may have left
                    caller.sendall(b"%d\n" % os.waitstatus_to_exitcode(ended[1]))


def become(request: dict[str, Any]) -> None:
    """Make this child what `python -m MODULE` is at its beginning: environment, folder, arguments, standard files."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if request["terminal"]:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.environ.clear()
    for name, value in request["environment"].items():
        os.environ[_own(name)] = _own(value)
    time.tzset()
    os.chdir(_own(request["folder"]))
    sys.path[0] = os.getcwd()  # noqa: PTH109 - as Python writes it
    sys.argv = [request["module"], *map(_own, request["arguments"])]
    for number, mode in _STDIO:
        name = ("stdin", "stdout", "stderr")[number]
        opened = _opened(number, mode, getattr(sys, name))
        setattr(sys, name, opened)
        setattr(sys, f"__{name}__", opened)


def _own(text: str) -> str:
    """Return what this process's Python makes of the bytes, which come as Latin-1."""
    return os.fsdecode(text.encode("latin-1"))


def _opened(number: int, mode: str, before: io.TextIOWrapper) -> io.TextIOWrapper:
    binary = cast("BinaryIO", open(number, f"{mode}b", closefd=False))  # noqa: SIM115 - lives with the process
    lines = number == 2 or os.isatty(number)
    return io.TextIOWrapper(binary, before.encoding, before.errors, line_buffering=lines)


def main() -> None:
    """Load, say that it is done, and serve until whoever started this process ends."""
    for name in LOADED:
        with suppress(ImportError):  # uvloop does not exist everywhere
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{sys.argv[1]}-unready")
    listener.listen(64)
    os.rename(f"{sys.argv[1]}-unready", sys.argv[1])  # noqa: PTH104 - a socket, no file
    request = Server(listener).next_child()
    if request is not None:
        become(request)
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
