"""The whole product in the test's own process, on a port of its own; where a process matters, tests start one."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.app.caller import Caller, calling
from tests.app.installation import Installation, installed, process_settings_kept
from tests.fakes.upstream import Upstream

Start: TypeAlias = Callable[..., contextlib.AbstractAsyncContextManager[Installation]]


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    """Give a caller without key and address: `caller.at(address)`."""
    async with calling() as opened:
        yield opened


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    """Give a scripted model server."""
    async with Upstream() as running:
        yield running


@pytest.fixture
def process_settings() -> Iterator[None]:
    """Put back what a starting product sets for its whole process: logging and the garbage collector."""
    with process_settings_kept():
        yield


@pytest.fixture
def start(tmp_path: Path, caller: Caller, process_settings: None) -> Start:
    """Give the way in: the product as a context manager, settings by section as keywords."""
    del process_settings

    def run(
        *,
        environment: Mapping[str, str] | None = None,
        data_dir: Path | None = None,
        file: Path | None = None,
        **settings: Any,
    ) -> contextlib.AbstractAsyncContextManager[Installation]:
        return installed(caller, data_dir or tmp_path / "data", settings, environment or {}, file=file)

    return run


@pytest.fixture
async def product(start: Start) -> AsyncIterator[Installation]:
    """Give a product as a new user starts it."""
    async with start() as running:
        yield running


@pytest.fixture
def admin(product: Installation) -> Caller:
    """Give a caller with that product's first key."""
    return product.admin
