"""A real PostgreSQL for tests: Debian's binaries, a unix socket in a short directory, no durability.

One cluster per test process (so that xdist workers do not meet), one fresh database per test.
"""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.programs import require

_START_LIMIT_S = 60
_SETTINGS = (
    "--listen_addresses=",
    "--fsync=off",
    "--synchronous_commit=off",
    "--full_page_writes=off",
    "--shared_buffers=32MB",
    "--max_connections=60",
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server; `url` addresses one of its databases over the socket."""

    directory: Path
    user: str

    def url(self, name: str) -> str:
        """Return the URL of the database."""
        return f"postgresql://{self.user}@/{name}?host={self.directory}"

    def run(self, *statements: str) -> None:
        """Run SQL outside of any transaction, as the administrator."""
        psql = require("psql")
        commands = [argument for statement in statements for argument in ("-c", statement)]
        options = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(self.directory), "-U", self.user]
        subprocess.run([psql, *options, *commands, "postgres"], check=True, capture_output=True)


@contextlib.contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Start a server, give it, stop it and remove its files."""
    initdb, postgres = require("initdb"), require("postgres")
    user = _unprivileged_user()
    with tempfile.TemporaryDirectory(prefix="mp-pg-", dir="/tmp") as name:  # a socket's path has at most 107 bytes
        directory = Path(name)
        if user is not None:
            shutil.chown(directory, user)
        data = directory / "data"
        options = ["-U", "modelport", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(
            [initdb, "-D", data, *options], user=user, cwd=directory, check=True, capture_output=True, env=_ENV
        )
        with (directory / "log").open("wb") as log:
            command: list[str | Path] = [postgres, "-D", data, "-k", directory, *_SETTINGS]
            server = subprocess.Popen(command, user=user, cwd=directory, stdout=log, stderr=log, env=_ENV)
        try:
            _wait_until_ready(server, directory)
            yield Cluster(directory, "modelport")
        finally:
            server.send_signal(_FAST_SHUTDOWN)
            server.wait(timeout=_START_LIMIT_S)


_FAST_SHUTDOWN = 2  # SIGINT: PostgreSQL disconnects its clients and ends
_ENV = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root: return another user to run as, or None to run as oneself."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _wait_until_ready(server: subprocess.Popen[bytes], directory: Path) -> None:
    """Return when the server takes connections; its files are a program's only sign of life, so this polls."""
    status = directory / "data" / "postmaster.pid"
    deadline = time.monotonic() + _START_LIMIT_S
    while not (status.exists() and status.read_text().rstrip().endswith("ready")):
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError((directory / "log").read_text())
        time.sleep(0.02)
