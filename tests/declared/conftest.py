"""A registry that a file declares objects of: real database, vault, policy and services, on both databases."""

import contextlib
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.declared.reconcile import Reconciler
from gateway.keys.ring import KeyRing
from gateway.keys.service import KeyService
from gateway.lifecycle.withdrawal import Withdrawal
from gateway.operations.runner import Runner
from gateway.operations.service import OperationService
from gateway.registry.registry import Registry
from gateway.registry.service.registry_service import RegistryService
from gateway.settings import LifecycleSettings, Settings
from gateway.storage.engine import Database
from gateway.tasks import Tasks
from gateway.upstream.policy import EgressPolicy
from gateway.vault.root_keys import RootKeys
from gateway.vault.setup import make_vault
from tests.app.caller import Caller
from tests.app.conftest import caller, process_settings, upstream
from tests.audit.trails import make_trail
from tests.clock import ManualClock
from tests.declared.house import QUIET, House, Living, living, save
from tests.keys.installation import PEPPER
from tests.lifecycle.house import Elsewhere

__all__ = ["caller", "process_settings", "upstream"]  # fixtures of the whole product

Servers = Callable[[str], Reconciler]


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that the test moves."""
    return ManualClock()


@pytest.fixture
async def ring(database: Database) -> KeyRing:
    """Give the keys as requests are compared with them."""
    made = KeyRing(database, RootKeys((PEPPER,)), note_use=lambda _: None)
    await made.reload()
    return made


@pytest.fixture
async def service(database: Database, clock: ManualClock, ring: KeyRing, tmp_path: Path) -> RegistryService:
    """Give a registry that has been started for the first time; one variable can be referred to."""
    settings = Settings.model_construct(data_dir=tmp_path)
    vault = make_vault(settings, database, environment={"VLLM_KEY": "sk-from-the-environment"}, clock=clock)
    policy = EgressPolicy("dev", allow_networks=["10.0.0.0/8"])
    made = RegistryService(
        database,
        Registry(database),
        clock,
        secrets=vault,
        judge_url=policy.judge,
        trail=make_trail(database, clock),
        reload_keys=ring.reload,
    )
    await made.ensure_default()
    return made


@pytest.fixture
def keys(database: Database, ring: KeyRing, clock: ManualClock) -> KeyService:
    """Give what one can do with keys."""
    return KeyService(database, RootKeys((PEPPER,)), clock, ring, trail=make_trail(database, clock))


@pytest.fixture
def elsewhere() -> Elsewhere:
    """Give what runs: nothing, until the test says so."""
    return Elsewhere()


@pytest.fixture
def withdrawal(database: Database, clock: ManualClock, elsewhere: Elsewhere) -> Withdrawal:
    """Give how declared models leave and come back; nobody carries operations out."""
    runner = Runner(database, clock, Tasks(), worker="wrk_declared", lease_s=15)
    operations = OperationService(database, clock, runner, make_trail(database, clock))
    return Withdrawal(watch=elsewhere.watch(), rules=LifecycleSettings, operations=operations)


@pytest.fixture
def server(database: Database, service: RegistryService, clock: ManualClock, withdrawal: Withdrawal) -> Servers:
    """Give servers by the name of their host and file, all on one database."""

    def make(name: str) -> Reconciler:
        address = "http://localhost:3000/"
        return Reconciler(database, service, clock, name=name, server=address, withdrawal=withdrawal)

    return make


@pytest.fixture
def reconciler(server: Servers) -> Reconciler:
    """Give one server."""
    return server("host-a:/etc/modelport/modelport.yaml")


@pytest.fixture
def house(tmp_path: Path, caller: Caller, process_settings: None) -> Living:
    """Give the way in: the product on a file with this text."""
    del process_settings
    numbers = itertools.count(1)

    def run(text: str, *, folder: Path | None = None, **flags: Any) -> contextlib.AbstractAsyncContextManager[House]:
        folder = folder or tmp_path / f"house-{next(numbers)}"
        folder.mkdir(exist_ok=True)
        file = folder / "modelport.yaml"
        save(file, QUIET + text)
        return living(caller, file, folder / "data", **flags)

    return run
