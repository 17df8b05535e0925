"""A registry with its lifecycle services, and the routes of both behind a real server."""

from collections.abc import AsyncIterator

import pytest

from gateway.lifecycle.service import LifecycleService
from gateway.registry.service.registry_service import RegistryService
from gateway.storage.engine import Database
from tests.clock import ManualClock
from tests.lifecycle.crowd import Crowd
from tests.lifecycle.house import Elsewhere, lifecycle_routes, make_lifecycle
from tests.registry.api import Api
from tests.registry.conftest import clock, service, vault

__all__ = ["clock", "service", "vault"]


@pytest.fixture
def elsewhere() -> Elsewhere:
    """Give what runs: nothing, until the test says so."""
    return Elsewhere()


@pytest.fixture
def lifecycle(
    service: RegistryService, database: Database, clock: ManualClock, elsewhere: Elsewhere
) -> LifecycleService:
    """Give the services, without anybody who waits for calls under way."""
    return make_lifecycle(service, database, clock, watch=elsewhere.watch())


@pytest.fixture
async def api(service: RegistryService, lifecycle: LifecycleService) -> AsyncIterator[Api]:
    """Give the registry's routes and those of a model's life, called by an administrator unless the call says else."""
    async with Api(service, lifecycle_routes(lifecycle)) as started:
        yield started


@pytest.fixture
async def crowd(
    service: RegistryService, database: Database, clock: ManualClock, elsewhere: Elsewhere
) -> AsyncIterator[Crowd]:
    """Give a process with everything that is about many models."""
    made = Crowd(database, service, clock, elsewhere)
    yield made
    await made.close()


@pytest.fixture
async def many(crowd: Crowd) -> AsyncIterator[Api]:
    """Give its routes, called by an administrator unless the call says else."""
    async with crowd.api() as started:
        yield started
