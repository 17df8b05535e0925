"""What a model's life leaves on the record: who, what, why, which rows were touched; refusals, too (LIF-7)."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from gateway.api.acting import Acting, act_as
from gateway.api.etag import UNGUARDED, IfMatch
from gateway.errors import GatewayError
from gateway.lifecycle.case import Wanted
from gateway.lifecycle.inputs import Deprecate, Protect
from gateway.lifecycle.service import LifecycleService
from gateway.registry.service.registry_service import RegistryService
from gateway.storage.engine import Database
from gateway.storage.schema import audit
from tests.clock import ManualClock
from tests.lifecycle.house import Elsewhere, Waiting, make_lifecycle
from tests.lifecycle.test_references import wanted
from tests.lifecycle.world import World
from tests.registry.api import ADMIN

SOMEBODY = Acting("key", "key_1", "Ada", via="cli", peer="192.0.2.7", request_id="req_1", reason="too old")


@pytest.fixture
async def world(database: Database, service: RegistryService, lifecycle: LifecycleService, clock: ManualClock) -> World:
    """Give four models."""
    built = World(database, service, lifecycle, clock)
    await built.build()
    return built


async def newest(world: World) -> Any:
    """Return the last row of the record."""
    async with world.database.read() as conn:
        text = (await conn.execute(select(audit.c.record).order_by(audit.c.seq.desc()).limit(1))).scalar_one()
    return json.loads(text)


async def test_a_deletion_says_who_why_and_what_else(world: World) -> None:
    """Every row that was touched, and the states before and after."""
    await world.alias()
    with act_as(SOMEBODY):
        retired = await world.lifecycle.retirement.retire(ADMIN, "old", wanted("cascade"))
    row = await newest(world)
    assert (row["action"], row["outcome"], row["status"], row["reason"]) == ("model.delete", "ok", 200, "too old")
    assert (row["actor"]["id"], row["actor"]["via"], row["request_id"]) == ("key_1", "cli", "req_1")
    assert row["target"] == {
        "kind": "model", "uid": world.uids["old"], "name": "old", "team": "default",
        "rev_before": 2, "rev_after": 3,
    }  # fmt: skip
    assert (row["before"]["state"], row["after"]["state"]) == ("active", "deleted")
    assert [(one["kind"], one["name"], one["effect"]) for one in row["effects"]] == [
        (one.reference.kind, one.reference.name, one.action) for one in retired.effects
    ]


@pytest.mark.parametrize(
    ("how", "code"),
    [("protected", "deletion_protected"), ("named", "model_referenced"), ("stale", "etag_mismatch")],
)
async def test_what_stopped_a_deletion_is_on_the_record(world: World, how: str, code: str) -> None:
    """In a transaction of its own, for that of the deletion is undone; a dry run leaves nothing."""
    if how == "protected":
        await world.lifecycle.transitions.protect(ADMIN, "old", Protect(enabled=True))
    elif how == "named":
        await world.alias()
    guard = IfMatch(given=True, tags=('"mdl_x.1"',)) if how == "stale" else UNGUARDED
    before = await newest(world)
    with pytest.raises(GatewayError):
        await world.lifecycle.retirement.retire(ADMIN, "old", Wanted(dry_run=True, if_match=guard))
    assert await newest(world) == before
    with pytest.raises(GatewayError):
        await world.lifecycle.retirement.retire(ADMIN, "old", Wanted(if_match=guard))
    row = await newest(world)
    assert (row["action"], row["outcome"], row["reason"]) == ("model.delete", "conflict", code)
    assert (row["target"]["uid"], row["target"]["rev_after"]) == (world.uids["old"], None)


async def test_every_other_step_has_a_row_of_its_own(world: World, elsewhere: Elsewhere) -> None:
    """In order; what changes nothing leaves none."""
    service, named = world.lifecycle, "old"
    begun = (await newest(world))["seq"]
    await service.transitions.protect(ADMIN, named, Protect(enabled=True, reason="the shop"))
    await service.transitions.protect(ADMIN, named, Protect(enabled=True))
    await service.transitions.protect(ADMIN, named, Protect(enabled=False))
    await service.transitions.deprecate(ADMIN, named, Deprecate(reason="a better one"))
    await service.transitions.reactivate(ADMIN, named)
    elsewhere.here = {world.uids["old"]: 1}
    draining = make_lifecycle(world.service, world.database, world.clock, watch=elsewhere.watch(), operations=Waiting())
    await draining.retirement.retire(ADMIN, named, Wanted())
    await draining.restoration.cancel_drain(world.uids["old"], operation_id="op_1")
    await draining.retirement.retire(ADMIN, named, Wanted())
    await draining.restoration.finish_drain(world.uids["old"], operation_id="op_2")
    await draining.restoration.undelete(ADMIN, named)
    async with world.database.read() as conn:
        query = select(audit.c.record).where(audit.c.seq > begun).order_by(audit.c.seq)
        rows = [json.loads(text) for text in (await conn.execute(query)).scalars()]
    told = [(row["action"].removeprefix("model."), row["after"].get("state"), row["operation_id"]) for row in rows]
    assert told == [
        ("protect", None, None),
        ("unprotect", None, None),
        ("deprecate", "deprecated", None),
        ("reactivate", "active", None),
        ("delete", "draining", "op_1"),
        ("cancel_drain", "active", "op_1"),
        ("delete", "draining", "op_2"),
        ("drained", "deleted", "op_2"),
        ("undelete", "disabled", None),
    ]
    assert [row["reason"] for row in rows[:4]] == ["the shop", None, "a better one", None]
