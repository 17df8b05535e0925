"""How a warm server is asked for a command. Loads next to nothing: `tests.warm.modelport` does it anew for each one."""

import json
import os
import socket
from collections.abc import Mapping, Sequence

LONGEST = 1 << 20  # bytes of a request: arguments and environment
_STEERING = ("PYTHON", "LC_", "LANG", "LD_", "TYPER", "_TYPER", "OPENSSL", "MALLOC", "UV")
_STEERING_TOO = frozenset({"FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "TERMINAL_WIDTH", "TZ"})


def steering(environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the variables that are read when Python or a library starts: each set of them has a server of its own."""
    return tuple(
        sorted(
            (name, value) for name, value in environment.items() if name.startswith(_STEERING) or name in _STEERING_TOO
        )
    )


def ask(
    server: str,
    arguments: Sequence[str],
    *,
    folder: str,
    environment: Mapping[str, str],
    files: Sequence[int],
    terminal: bool = False,
) -> socket.socket:
    """Have the command begun on three open files; return where its pid and then its status are said, a line each."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(server)
    request = {
        "module": "gateway",
        "arguments": [_bytes(one) for one in arguments],
        "environment": {_bytes(name): _bytes(value) for name, value in environment.items()},
        "folder": _bytes(folder),
        "terminal": terminal,
    }
    text = json.dumps(request).encode() + b"\n"
    assert len(text) < LONGEST
    sent = socket.send_fds(connection, [text], files)
    connection.sendall(text[sent:])
    return connection


def _bytes(text: str) -> str:
    """Return the bytes that a process is given as Latin-1: what they mean is up to its own locale."""
    return os.fsencode(text).decode("latin-1")
