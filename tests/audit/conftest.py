"""A record with some rows, on each database."""

from pathlib import Path

import pytest

from gateway.storage.engine import Database
from tests.audit.house import Chronicle
from tests.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that the test moves."""
    return ManualClock()


@pytest.fixture
def chronicle(database: Database, clock: ManualClock, tmp_path: Path) -> Chronicle:
    """Give an empty record with what writes, signs and verifies it."""
    return Chronicle(database, clock, tmp_path)
