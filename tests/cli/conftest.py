"""Fixtures of the command line: a shell in an empty folder, and one server for all tests that need one."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from gateway.cli.client import Answer, Api
from gateway.cli.output import JsonObject
from tests.cli.program import Shell
from tests.cli.server import Server, running_server


class Unchecked(Api):
    """Registers what is not there: most tests are about something else."""

    def post(
        self,
        path: str,
        body: JsonObject | None = None,
        *,
        etag: str | None = None,
        **query: str | int | Sequence[str] | None,
    ) -> Answer:
        """Make something; endpoints are not checked."""
        unchecked = {"preflight": "skip"} if path in {"/models", "/endpoints"} else {}
        return super().post(path, body, etag=etag, **unchecked, **query)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Give a shell in an empty folder, without a server."""
    return Shell(tmp_path, {})


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a running server; tests must not depend on what others registered.

    It looks at no endpoint by itself: two lists of the same models would differ in what was found in between.
    """
    quiet = {"MODELPORT_HEALTH__INTERVAL_S": "0"}
    with running_server(tmp_path_factory.mktemp("server"), variables=quiet) as running:
        yield running


@pytest.fixture
def admin(shell: Shell, server: Server) -> Shell:
    """Give a shell whose MODELPORT_URL and MODELPORT_KEY are the server's."""
    return shell.having(MODELPORT_URL=server.url, MODELPORT_KEY=server.key)


@pytest.fixture
def api(server: Server) -> Api:
    """Give the server's management API, to arrange in a millisecond what a command needs 300 for."""
    return Unchecked(server.url, server.key)
