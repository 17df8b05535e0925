"""A real PostgreSQL for tests: Debian's binaries, a unix socket in a short directory, no durability.

One cluster per test process, so that xdist workers do not meet.
"""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
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


class Session:
    """A psql that stays open on one database: starting it costs more than the SQL."""

    def __init__(self, directory: Path, user: str, database: str) -> None:
        options = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(directory), "-U", user, database]
        pipe = subprocess.PIPE
        self._psql = subprocess.Popen([require("psql"), *options], stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def run(self, statement: str) -> None:
        """Run SQL outside of any transaction; raise RuntimeError when it fails."""
        assert self._psql.stdin is not None
        assert self._psql.stdout is not None
        self._psql.stdin.write(f"{statement};\n\\echo done\n")
        self._psql.stdin.flush()
        while (line := self._psql.stdout.readline()) != "done\n":
            if not line:
                raise RuntimeError(self._psql.communicate()[1])

    def close(self) -> None:
        """End it."""
        self._psql.communicate()


class Cluster:
    """A running server, with its administrator's session."""

    def __init__(self, directory: Path, user: str) -> None:
        self.directory = directory
        self.user = user
        self._sessions = contextlib.ExitStack()
        self.administrator = self.session("postgres")

    def url(self, name: str) -> str:
        """Return the URL of the database, over the socket."""
        return f"postgresql://{self.user}@/{name}?host={self.directory}"

    def session(self, name: str) -> Session:
        """Open a session on the database, for as long as the server runs."""
        return self._sessions.enter_context(contextlib.closing(Session(self.directory, self.user, name)))

    def close(self) -> None:
        """End every session."""
        self._sessions.close()


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
            with contextlib.closing(Cluster(directory, "modelport")) as cluster:
                yield cluster
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
