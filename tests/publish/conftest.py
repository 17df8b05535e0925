"""One real docker-registry per variant and session; every test takes a repository of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.publish.publishing import Bench
from tests.publish.registries import PASSWORD, Registry, password_file, running
from tests.publish.token_server import TokenServer, section, token_server

ALL = {"pull", "push", "delete"}


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Give a registry that takes everything from everybody."""
    with running(tmp_path_factory.mktemp("open")) as one:
        yield one


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Give a registry that asks for a password."""
    folder = tmp_path_factory.mktemp("password")
    with running(folder, auth=password_file(folder)) as one:
        yield one


@pytest.fixture(scope="session")
def read_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Give a registry that is read-only."""
    with running(tmp_path_factory.mktemp("readonly"), storage={"readonly": {"enabled": True}}) as one:
        yield one


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Iterator[Registry]:
    """Give a pull-through cache of the open registry."""
    with running(tmp_path_factory.mktemp("cache"), proxy={"remoteurl": f"http://{registry.place}"}) as one:
        yield one


@pytest.fixture(scope="session")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Give a registry whose deletes are off."""
    with running(tmp_path_factory.mktemp("keeping"), deletes=False) as one:
        yield one


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Registry]:
    """Give a registry with a disk of 40 KiB; one for each test, because a full disk stays full."""
    with running(tmp_path / "small", small=True) as one:
        yield one


@pytest.fixture(scope="session")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenServer]:
    """Give a token server."""
    folder = tmp_path_factory.mktemp("tokens")
    rights: dict[str | None, set[str]] = {
        "owner": ALL,
        "pusher": {"pull", "push"},
        "puller": {"pull"},
        "stranger": set(),
        None: set(),
    }
    with token_server(folder, rights, password=PASSWORD) as server:
        yield server


@pytest.fixture(scope="session")
def with_tokens(tmp_path_factory: pytest.TempPathFactory, tokens: TokenServer) -> Iterator[Registry]:
    """Give a registry that asks for tokens of that server."""
    with running(tmp_path_factory.mktemp("with-tokens"), auth=section(tokens)) as one:
        yield one


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Give a directory with a small model, and a cache of its own."""
    return Bench.made(tmp_path)
