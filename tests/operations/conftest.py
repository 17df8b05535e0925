"""Processes on one database, with a clock that the test moves."""

from collections.abc import AsyncIterator, Callable
from typing import TypeAlias

import pytest

from gateway.operations.runner import Handler
from gateway.storage.engine import Database
from tests.clock import ManualClock
from tests.operations.house import Process

Start: TypeAlias = Callable[..., Process]


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that the test moves."""
    return ManualClock()


@pytest.fixture
async def start(database: Database, clock: ManualClock) -> AsyncIterator[Start]:
    """Give the way to start a process: `start("a", drain=handler)`; all are ended with the test."""
    started: list[Process] = []

    def run(name: str, **handlers: Handler) -> Process:
        started.append(Process(database, clock, name, handlers))
        return started[-1]

    yield run
    for one in started:
        await one.tasks.close()
