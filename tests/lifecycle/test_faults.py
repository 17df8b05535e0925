"""Whatever fails on the way leaves everything as it was: a fault after each of the nine steps of section 5."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web

from gateway.api.etag import IfMatch
from gateway.api.idempotency import Intent, Once
from gateway.audit.event import Event
from gateway.audit.trail import Trail
from gateway.lifecycle.case import Wanted
from gateway.lifecycle.impact import Watch
from gateway.lifecycle.restore import Restoration
from gateway.lifecycle.retire import Retired, Retirement
from gateway.lifecycle.service import LifecycleService
from gateway.registry.service.change import Changes
from gateway.registry.service.registry_service import RegistryService
from gateway.registry.snapshot import Snapshot
from gateway.settings import LifecycleSettings
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database
from tests.audit.trails import KEYS
from tests.clock import ManualClock
from tests.lifecycle.house import dump
from tests.lifecycle.world import World
from tests.registry.api import ADMIN

STEPS = ("authorise", "version", "idempotency", "read", "judge", "state", "references", "answer", "audit")
WANTED = Wanted(references="cascade", if_match=IfMatch(given=True, anything=True))


class Fault(Exception):
    """What the test makes happen."""


@dataclass
class Failing:
    """Fails after the step that it is set to; notes the steps that it saw."""

    at: str
    seen: list[str]

    def __call__(self, step: str) -> None:
        """Pass a step."""
        self.seen.append(step)
        if step == self.at:
            raise Fault(step)


class FailingTrail(Trail):
    """Writes the record, then passes the step `audit`."""

    step: Failing

    async def write(self, conn: AsyncConnection, events: Sequence[Event], now_ms: int) -> str:
        """Write, then fail if it is time."""
        found = await super().write(conn, events, now_ms)
        self.step("audit")
        return found


@pytest.fixture
async def world(database: Database, service: RegistryService, lifecycle: LifecycleService, clock: ManualClock) -> World:
    """Give a model with one reference of every kind that a cascade changes."""
    built = World(database, service, lifecycle, clock)
    await built.build()
    for kind in ("alias", "fallback", "one of two models of a key", "team_default", "stored_object"):
        await built.make[kind]()
    await built.successor("new")
    await built.own_fallback("new")
    return built


def retirement(world: World, step: Failing) -> Retirement:
    """Return what deletes, on the same database and registry, failing at the step."""
    trail = FailingTrail(world.database, world.clock, keys=KEYS)
    trail.step = step
    changes = Changes(world.database, world.service.registry, world.clock, trail=trail, reload_keys=world.ring.reload)
    return Retirement(changes, world.clock, trail=trail, watch=Watch(), rules=LifecycleSettings, step=step)


def once() -> Once[Retired]:
    """Return the wish to carry it out once."""
    return Once(Intent("key-admin", "one", "f" * 64), lambda _: web.Response(body=b"{}"))


def shown(snapshot: Snapshot) -> Mapping[str, Any]:
    """Return what calls see."""
    return {name: (snapshot.find("default", name), snapshot.find_retired("default", name)) for name in ("old", "best")}


@pytest.mark.parametrize("step", STEPS)
async def test_a_fault_after_any_step_leaves_nothing_changed(world: World, step: str) -> None:
    """Rows, references, versions, the record, the stored answer; and what calls and keys are judged by."""
    await world.ring.reload()
    before, ring = await dump(world.database), dict(world.ring._entries)
    snapshot = world.service.registry.snapshot
    failing = Failing(step, [])
    with pytest.raises(Fault):
        await retirement(world, failing).retire(ADMIN, "old", WANTED, once=once())
    assert failing.seen[-1] == step
    assert await dump(world.database) == before
    assert world.service.registry.snapshot is snapshot
    assert shown(await world.service.registry.reload()) == shown(snapshot)
    await world.ring.reload()
    assert world.ring._entries == ring


async def test_without_a_fault_it_passes_every_step_and_changes_all_of_it(world: World) -> None:
    """Otherwise the test above could not fail: each of its tables is written."""
    before = await dump(world.database)
    failing = Failing("", [])
    retired = await retirement(world, failing).retire(ADMIN, "old", WANTED, once=once())
    assert failing.seen == list(STEPS)
    after = await dump(world.database)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {
        "models", "aliases", "model_fallbacks", "key_models", "keys", "team_defaults", "teams", "stored_objects",
        "retired_references", "audit", "meta", "registry_changes", "idempotency",
    }  # fmt: skip
    assert {one.reference.kind for one in retired.effects} == {
        "alias", "fallback", "key", "team_default", "stored_object", "successor", "own_fallback", "endpoint",
    }  # fmt: skip
    now = world.service.registry.snapshot
    assert (now.find("default", "old"), now.find("default", "best")) == (None, None)


async def test_a_fault_while_restoring_leaves_it_deleted(world: World) -> None:
    """The way back is one transaction, too."""
    await retirement(world, Failing("", [])).retire(ADMIN, "old", WANTED)
    before = await dump(world.database)
    trail = FailingTrail(world.database, world.clock, keys=KEYS)
    trail.step = Failing("audit", [])
    changes = Changes(world.database, world.service.registry, world.clock, trail=trail)
    with pytest.raises(Fault):
        await Restoration(changes, trail=trail).undelete(ADMIN, "old", activate=True)
    assert await dump(world.database) == before
