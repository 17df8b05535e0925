"""A modelport and a scripted upstream for the whole run, each in its own process; and servers with other settings."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.conformance.modelport import Modelport, UpstreamProcess, running_modelport, running_upstream
from tests.conformance.target import Target

Serve: TypeAlias = Callable[..., contextlib.AbstractContextManager[Modelport]]


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark of tests that measure how long something takes."""
    config.addinivalue_line("markers", "alone: measures a wait, so the command line runs it without company")


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpstreamProcess]:
    """Give the scripted upstream."""
    with running_upstream(tmp_path_factory.mktemp("upstream") / "upstream.log") as process:
        yield process


@pytest.fixture(scope="session")
def modelport(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modelport]:
    """Give a modelport with the settings that it comes with."""
    with running_modelport(tmp_path_factory.mktemp("modelport")) as process:
        yield process


@pytest.fixture(scope="session")
def target(modelport: Modelport, upstream: UpstreamProcess) -> Target:
    """Give the data plane of that modelport, called with a key that may do nothing but infer."""
    key = asyncio.run(modelport.management.post("/keys", {"name": "conformance", "team": "default"}))["key"]
    return modelport.target(upstream, key=key)


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Give a way to run a modelport with other settings, or `again` with the data of one that has ended."""
    numbers = iter(range(1000))

    def start(*, again: Modelport | None = None, **settings: Any) -> contextlib.AbstractContextManager[Modelport]:
        if again is not None:
            return running_modelport(again.directory, settings, admin_key=again.admin_key)
        directory = tmp_path / f"server-{next(numbers)}"
        directory.mkdir()
        return running_modelport(directory, settings)

    return start
