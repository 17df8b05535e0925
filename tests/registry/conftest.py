"""A registry with its real database, vault and egress policy, and its routes behind a real server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.lifecycle.service import LifecycleService
from gateway.registry.registry import Registry
from gateway.registry.service.registry_service import RegistryService
from gateway.settings import Settings
from gateway.storage.engine import Database
from gateway.upstream.policy import EgressPolicy
from gateway.vault.setup import make_vault
from gateway.vault.vault import Vault
from tests.audit.trails import make_trail
from tests.clock import ManualClock
from tests.lifecycle.house import lifecycle_routes, make_lifecycle
from tests.registry.api import Api

ENVIRONMENT = {"VLLM_KEY": "sk-from-the-environment"}


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that the test moves."""
    return ManualClock()


@pytest.fixture
def vault(database: Database, clock: ManualClock, tmp_path: Path) -> Vault:
    """Give the vault with one variable to refer to."""
    settings = Settings.model_construct(data_dir=tmp_path)
    return make_vault(settings, database, environment=ENVIRONMENT, clock=clock)


@pytest.fixture
async def service(database: Database, vault: Vault, clock: ManualClock) -> RegistryService:
    """Give a registry that has been started for the first time."""
    policy = EgressPolicy("dev", allow_networks=["10.0.0.0/8"])
    made = RegistryService(
        database,
        Registry(database),
        clock,
        secrets=vault,
        judge_url=policy.judge,
        trail=make_trail(database, clock),
    )
    await made.ensure_default()
    return made


@pytest.fixture
def lifecycle(service: RegistryService, database: Database, clock: ManualClock) -> LifecycleService:
    """Give what deletes and restores models."""
    return make_lifecycle(service, database, clock)


@pytest.fixture
async def api(service: RegistryService, lifecycle: LifecycleService) -> AsyncIterator[Api]:
    """Give the registry's routes, called by an administrator unless the call says otherwise."""
    async with Api(service, lifecycle_routes(lifecycle)) as started:
        yield started
