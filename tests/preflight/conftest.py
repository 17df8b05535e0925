"""Checks with the real transport, egress policy and database; the clock belongs to the test."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.api.permissions import ROLES, Role
from gateway.api.principal import Principal
from gateway.preflight.asking import Asker
from gateway.preflight.run import Wish
from gateway.preflight.service import Preflight
from gateway.registry.registry import Registry
from gateway.registry.verdict import EndpointReport
from gateway.storage.engine import Database
from gateway.upstream.egress import Egress
from gateway.upstream.policy import EgressPolicy
from gateway.upstream.session_transport import SessionTransport
from tests.clock import ManualClock

OWN_PORT = 3000
ADMIN = Principal("key_admin", "admin", Role.ADMIN, ROLES[Role.ADMIN])
PUBLISHER = Principal("key_publisher", "publisher", Role.PUBLISHER, ROLES[Role.PUBLISHER], team="default")

Check = Callable[..., Awaitable[EndpointReport]]


@dataclass(slots=True)
class Bench:
    """What a test has in hand."""

    preflight: Preflight
    registry: Registry
    egress: Egress
    transport: SessionTransport
    clock: ManualClock


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """Give the parts of checks in one process, as the composition root puts them together."""
    database = await Database.open(f"sqlite:///{tmp_path}/empty.db")
    registry, clock = Registry(database), ManualClock()
    egress = Egress(EgressPolicy("dev", allow_networks=["10.0.0.0/8"]), connect_timeout_s=3)
    transport = SessionTransport(egress.session)
    preflight = Preflight(
        Asker(transport, via="1.1 modelport-test"),
        egress=egress,
        registry=registry,
        clock=clock,
        own=lambda: (frozenset({"localhost", "127.0.0.1", "::1"}), OWN_PORT),
        allow_insecure_http=lambda: False,
    )
    yield Bench(preflight, registry, egress, transport, clock)
    await transport.close()
    await database.close()


@pytest.fixture
def check(bench: Bench) -> Check:
    """Give the check of one address: `check(url, model="qwen3", by=ADMIN, …)`."""

    async def run(url: str, *, model: str = "qwen3", by: Principal = ADMIN, **fields: Any) -> EndpointReport:
        how = {name: fields.pop(name) for name in ("level", "stream", "tell") if name in fields}
        wish = Wish(team="default", base_url=url, model=model, **fields)
        view = await bench.preflight.run(by, [wish], server="http://localhost:3000/", **how)
        return view.endpoints[0]

    return run
