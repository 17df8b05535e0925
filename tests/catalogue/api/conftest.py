"""The whole product beside a hub on loopback, both in the test's own process."""

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from gateway.catalogue.hub.hub import Hub
from tests.app.conftest import Start, caller, process_settings, start, upstream
from tests.app.installation import Installation
from tests.catalogue.hubs import make_hub
from tests.fakes.hub import FaultyHub, faulty_hub

__all__ = ["caller", "process_settings", "start", "upstream"]

Follow: TypeAlias = Callable[..., contextlib.AbstractAsyncContextManager[Installation]]


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """Give a hub of three entries, serial 1."""
    return make_hub(tmp_path / "hub")


@pytest.fixture
async def hub_server(hub: Hub) -> AsyncIterator[FaultyHub]:
    """Give the server of its folder, with faults on demand."""
    async with faulty_hub(hub.folder) as running:
        yield running


@pytest.fixture
def follow(start: Start, hub: Hub, hub_server: FaultyHub, tmp_path: Path) -> Follow:
    """Give the product that follows the hub; further settings of `catalogue` as keywords."""
    (tmp_path / "root.json").write_bytes(hub.root)

    def run(**catalogue: Any) -> contextlib.AbstractAsyncContextManager[Installation]:
        wanted = {"url": str(hub_server.url), "root": tmp_path / "root.json"} | catalogue
        return start(catalogue=wanted)

    return run
