"""Fixtures: a hub of ours on loopback, and a machine that reads it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.upstream.egress import EgressPolicy, guarded_session
from gateway.upstream.session_transport import SessionTransport
from tests.catalogue.trust.repository import Repository
from tests.catalogue.trust.world import World
from tests.clock import ManualClock
from tests.fakes.hub import faulty_hub


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Give a hub with one list, and a machine that never asked it."""
    clock = ManualClock()
    repository = Repository(tmp_path / "hub", ManualClock(clock.at_ms))
    transport = SessionTransport(guarded_session(EgressPolicy("dev"), connect_timeout_s=5))
    async with faulty_hub(repository.folder) as hub:
        hub.date_s = clock.at_ms / 1000
        made = World(tmp_path, clock, repository, hub, transport)
        yield made
        await made.close()
        await transport.close()
