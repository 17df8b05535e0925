"""How a warm server is asked for a command. Loads next to nothing: `tests.warm.modelport` does it anew for each one."""

import json
import os
import socket
from collections.abc import Mapping, Sequence

LONGEST = 1 << 20  # bytes of a request: arguments and environment
BARE = (("LANG", "C.UTF-8"),)
"""What steers a command in the environment of a test's own making."""
_PREFIXES = (
    *("PYTHON", "LC_", "LANG", "LD_", "MALLOC", "OPENSSL", "SSL", "UV", "TZ"),
    *("AIOHTTP", "FROZENLIST", "MULTIDICT", "PROPCACHE", "YARL", "PROMETHEUS", "prometheus"),
    *("PYDANTIC", "RUAMEL", "SQLALCHEMY", "TYPER", "_TYPER", "FORCE_COLOR", "NO_COLOR", "PY_COLORS"),
    *("GITHUB_ACTIONS", "TERMINAL_WIDTH"),
)
"""How the names begin of what Python and the libraries read when they are loaded (found by watching them)."""


def steering(environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the variables that are read when Python or a library is loaded."""
    return tuple(sorted((name, value) for name, value in environment.items() if name.startswith(_PREFIXES)))


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
