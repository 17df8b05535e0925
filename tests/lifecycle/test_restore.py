"""The way back: a restore, a drain that ends, a drain that is called off. On both databases."""

import pytest
from sqlalchemy import select

from gateway.api.permissions import Role
from gateway.lifecycle.case import Wanted
from gateway.lifecycle.reattach import GONE, OTHER, TAKEN, UNLIMITED
from gateway.lifecycle.retire import DRAIN
from gateway.lifecycle.service import LifecycleService
from gateway.registry.inputs import ModelPatch
from gateway.registry.service.registry_service import RegistryService
from gateway.storage.engine import Database
from gateway.storage.schema import key_models, keys, secrets
from tests.clock import ManualClock
from tests.lifecycle.house import Elsewhere, Waiting, make_lifecycle
from tests.lifecycle.test_references import wanted
from tests.lifecycle.world import World
from tests.registry.api import ADMIN, Api, principal

PUBLISHER = principal(Role.PUBLISHER, team="default")
UPSTREAM = "http://10.0.0.1:8000/v1"


@pytest.fixture
async def world(database: Database, service: RegistryService, lifecycle: LifecycleService, clock: ManualClock) -> World:
    """Give four models and nothing that points at one."""
    built = World(database, service, lifecycle, clock)
    await built.build()
    return built


async def why_not(world: World) -> dict[tuple[str, str], str | None]:
    """Restore `old` and return what came back, and why the rest did not."""
    restored = await world.lifecycle.restoration.undelete(ADMIN, world.uids["old"], activate=True)
    return {(one.kind, one.name): one.why for one in restored.references}


async def test_a_taken_name_needs_another_one(api: Api) -> None:
    """409 that says what to do; with rename_to it is back under the new name, whatever was meant."""
    model = await api.make("/models", name="a")
    path = f"/models/{model['uid']}"
    await api.delete(path)
    await api.make("/models", name="a")
    taken = await api.post(f"{path}/undelete", {})
    assert (taken.status, taken.json["code"]) == (409, "name_taken")
    assert "rename_to" in taken.json["hint"]
    for name, code in (("a", "name_taken"), ("../b", "invalid_name")):
        assert (await api.post(f"{path}/undelete", {"rename_to": name})).json["code"] == code
    back = await api.post(f"{path}/undelete", {"rename_to": "a-old"})
    assert (back.status, back.json["name"], back.json["uid"]) == (200, "a-old", model["uid"])


async def test_by_name_the_last_one_that_was_deleted_comes_back(api: Api, clock: ManualClock) -> None:
    """Of several with one name; the living one goes before all of them and cannot be restored."""
    first = await api.make("/models", name="a")
    await api.delete(f"/models/{first['uid']}")
    clock.advance(60)
    second = await api.make("/models", name="a")
    await api.delete(f"/models/{second['uid']}")
    back = await api.post("/models/a/undelete?team=default", {})
    assert back.json["uid"] == second["uid"]
    assert (await api.post("/models/a/undelete", {})).json["code"] == "state_conflict"
    assert (await api.post("/models/none/undelete", {})).json["code"] == "model_not_found"


async def test_endpoints_keep_their_settings_and_keys(api: Api, database: Database) -> None:
    """What was switched off stays off; a stored key is kept until the purge."""
    key = {"base_url": UPSTREAM, "api_key": "sk-1234567890123456"}
    model = await api.make("/models", name="a", endpoints=[key, {"base_url": "http://10.0.0.2/v1", "enabled": False}])
    await api.delete(f"/models/{model['uid']}")
    async with database.read() as conn:
        assert len((await conn.execute(select(secrets.c.id))).all()) == 1
    back = (await api.post(f"/models/{model['uid']}/undelete", {})).json
    found = {one["base_url"]: one for one in back["endpoints"]}
    assert {one["health"] for one in back["endpoints"]} == {"unproved"}
    assert (found[UPSTREAM]["enabled"], found["http://10.0.0.2/v1"]["enabled"]) == (True, False)
    shown = await api.get(f"/endpoints/{found[UPSTREAM]['id']}")
    assert shown.json["api_key"]["set"] is True


async def test_restoring_is_guarded_and_done_once(api: Api) -> None:
    """Permission, If-Match and Idempotency-Key as everywhere."""
    model = await api.make("/models", name="a")
    path = f"/models/{model['uid']}/undelete"
    assert (await api.post(path, {}, by=PUBLISHER)).status == 403
    assert (await api.post(path, {})).json["code"] == "state_conflict"
    gone = await api.delete(f"/models/{model['uid']}")
    assert (await api.post(path, {}, If_Match=model["etag"])).status == 412
    first = await api.post(path, {}, If_Match=gone.json["etag"], Idempotency_Key="k")
    again = await api.post(path, {}, If_Match=gone.json["etag"], Idempotency_Key="k")
    assert (first.status, again.status, again.json) == (200, 200, first.json)


async def test_an_alias_comes_back_when_its_name_is_free(world: World) -> None:
    """Somebody else has it by now: it stays theirs, and the answer says so."""
    await world.alias("best")
    await world.alias("good")
    await world.lifecycle.retirement.retire(ADMIN, "old", wanted("cascade"))
    await world.alias("best", model="new")
    assert await why_not(world) == {("alias", "best"): TAKEN, ("alias", "good"): None}
    assert await world.targets("alias") == ["new", "old"]


async def test_a_keys_entry_comes_back_when_the_key_still_asks_for_it(world: World) -> None:
    """Not to a key that is gone, or may call every model by now, or names the model already."""
    made = {name: await world.key("old", "other", name=name) for name in ("kept", "gone", "wide", "again")}
    await world.lifecycle.retirement.retire(ADMIN, "old", wanted("cascade"))
    await world.keys.delete(made["gone"].id, None)
    async with world.database.write() as conn:
        await conn.execute(keys.update().where(keys.c.id == made["wide"].id).values(limited=False))
        await conn.execute(key_models.delete().where(key_models.c.key_id == made["wide"].id))
        again = {"key_id": made["again"].id, "position": 7, "pattern": "old", "model_uid": None}
        await conn.execute(key_models.insert().values(again))
    assert await why_not(world) == {
        ("key", "kept"): None,
        ("key", "gone"): GONE,
        ("key", "wide"): UNLIMITED,
        ("key", "again"): OTHER,
    }


async def test_other_references_come_back_where_there_is_a_place(world: World) -> None:
    """A leg at its old place or behind it, a default that nobody else has, a successor that nobody else is."""
    await world.fallback()
    await world.team_default()
    await world.successor("new")
    await world.lifecycle.retirement.retire(ADMIN, "old", wanted("cascade"))
    await world.service.models.patch(ADMIN, world.uids["other"], ModelPatch(fallbacks=("new",)))
    await world.service.models.patch(ADMIN, world.uids["new"], ModelPatch(description="changed meanwhile"))
    told = await why_not(world)
    assert told == {("fallback", "other"): None, ("team_default", "files"): None, ("successor", "new"): None}
    assert await world.targets("fallback") == ["new", "old"]


async def test_what_points_at_a_model_that_is_gone_too_does_not_come_back(world: World) -> None:
    """Its owner was deleted meanwhile, or names somebody else."""
    await world.fallback()
    await world.own_fallback("new")
    await world.lifecycle.retirement.retire(ADMIN, "old", wanted("cascade"))
    for name in ("other", "new"):
        await world.lifecycle.retirement.retire(ADMIN, name, wanted("cascade"))
    assert await why_not(world) == {("fallback", "other"): GONE, ("own_fallback", "new"): GONE}


async def test_a_restored_model_is_deleted_and_restored_again(world: World) -> None:
    """Nothing of the first time is left over."""
    await world.alias()
    for _ in range(3):
        await world.lifecycle.retirement.retire(ADMIN, "old", wanted("cascade"))
        assert await why_not(world) == {("alias", "best"): None}
        assert await world.targets("alias") == ["old"]


@pytest.mark.parametrize("policy", ["cascade", "repoint"])
async def test_a_drain_that_is_called_off_never_was(
    world: World, service: RegistryService, elsewhere: Elsewhere, policy: str
) -> None:
    """Everything points at the model again, what had moved too; only revisions, times and the record tell of it."""
    for kind in ("alias", "fallback", "one of two models of a key", "team_default"):
        await world.make[kind]()
    await world.successor("empty")
    waiting = Waiting()
    elsewhere.here = {world.uids["old"]: 1}
    lifecycle = make_lifecycle(service, world.database, world.clock, watch=elsewhere.watch(), operations=waiting)
    before = await pointers(world)
    retired = await lifecycle.retirement.retire(ADMIN, "old", wanted(policy))  # type: ignore[arg-type]
    assert (retired.drains, retired.model and retired.model.state) == (True, "draining")
    assert [(one.kind, one.target) for one in waiting.made] == [(DRAIN, world.uids["old"])]
    assert await pointers(world) != before
    assert await lifecycle.restoration.cancel_drain(world.uids["old"], operation_id="op_1")
    assert await pointers(world) == before
    assert not await lifecycle.restoration.cancel_drain(world.uids["old"], operation_id="op_1")
    found = service.registry.snapshot.find("default", "old")
    assert found is not None
    assert found.callable


async def test_a_drain_that_ends_leaves_it_deleted(
    world: World, service: RegistryService, elsewhere: Elsewhere
) -> None:
    """Once; restored it is what it was before the drain."""
    elsewhere.others_ = [{}]
    lifecycle = make_lifecycle(service, world.database, world.clock, watch=elsewhere.watch(), operations=Waiting())
    await lifecycle.retirement.retire(ADMIN, "old", Wanted())
    with pytest.raises(Exception, match="being deleted already"):
        await lifecycle.retirement.retire(ADMIN, "old", Wanted())
    assert await lifecycle.restoration.finish_drain(world.uids["old"], operation_id="op_1")
    assert not await lifecycle.restoration.finish_drain(world.uids["old"], operation_id="op_1")
    assert await why_not(world) == {}
    assert service.registry.snapshot.find("default", "old") is not None


async def pointers(world: World) -> dict[str, object]:
    """Return who points where."""
    kinds = ("alias", "fallback", "only model of a key", "team_default")
    found: dict[str, object] = {kind: await world.targets(kind) for kind in kinds}
    snapshot = world.service.registry.snapshot
    found["empty"] = snapshot.by_uid[world.uids["empty"]].deprecation
    return found
