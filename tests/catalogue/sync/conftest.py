"""Fixtures: a machine and its hub."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.catalogue.sync.machine import Machine, machine


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Machine]:
    """Give a machine that never asked the hub."""
    async with machine(tmp_path) as made:
        yield made
