"""A folder for hubs that are published a hundred times, and clients of hubs."""

import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.catalogue.hub.hub import Hub
from tests.catalogue.hub.client import Client

_MEMORY = Path("/dev/shm")  # a publisher makes its files last, which a disk takes milliseconds for each time
_numbers = itertools.count()


@pytest.fixture(scope="session")
def memory_folder() -> Iterator[Path]:
    """Give a folder in memory, or on the disk where there is none."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as name:
        yield Path(name)


@pytest.fixture
def folder(memory_folder: Path) -> Path:
    """Give a folder of this test's own, in memory."""
    made = memory_folder / str(next(_numbers))
    made.mkdir()
    return made


@pytest.fixture
def follow(folder: Path) -> Callable[[Hub], Client]:
    """Give a way to make a client that was given the hub's root of today."""
    return lambda hub: Client(hub.folder, folder / f"client-{next(_numbers)}", hub.root)
