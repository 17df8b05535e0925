"""Drafts, models that are leaving, deleted and purged ones on the management API: who finds them, and by what."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import insert

from gateway.api.permissions import Role
from gateway.registry.service.registry_service import RegistryService
from gateway.registry.store.tables import MODELS
from gateway.storage import schema
from tests.clock import ManualClock
from tests.registry.api import Api, principal

Bring = Callable[[str, str], Awaitable[None]]
VIEWER = principal(Role.VIEWER, team="default")
DAY_MS = 86_400_000


@pytest.fixture
def bring(service: RegistryService) -> Bring:
    """Give the way to bring a model into a state, as its retirement does."""

    async def change(uid: str, state: str) -> None:
        async with service.together(by="file") as together:
            values = {"state": state, "deleted_at": 7 if state == "deleted" else None}
            await MODELS.update(together.change.conn, uid, values, now_ms=together.change.now_ms)

    return change


@pytest.fixture
def purge(service: RegistryService, clock: ManualClock) -> Callable[[Any], Awaitable[None]]:
    """Give the way to purge a model, as a purge does: its name rests for thirty days."""

    async def go(view: Any) -> None:
        async with service.together(by="file") as together:
            conn, now_ms = together.change.conn, clock.now_ms()
            team_id = service.registry.snapshot.teams[view["team"]].id
            await MODELS.delete(conn, [view["uid"]])
            stone = {"uid": view["uid"], "team_id": team_id, "team": view["team"], "name": view["name"]}
            times = {"created_at": 1, "deleted_at": 2, "purged_at": now_ms, "name_free_at": now_ms + 30 * DAY_MS}
            await conn.execute(insert(schema.tombstones).values(**stone, **times, reason="old", audit_hash="ab"))

    return go


async def names(api: Api, query: str = "", **by: Any) -> list[str]:
    """Return the names of a list of models."""
    answer = await api.get(f"/models{query}", **by)
    assert answer.status == 200, answer.json
    return [one["name"] for one in answer.json["items"]]


async def test_lists_leave_out_what_is_deleted_or_a_draft(api: Api, bring: Bring) -> None:
    """Both are there when they are asked for: no state hides a model for good (meshery #13535)."""
    for state in ("active", "deprecated", "disabled", "draining", "deleted", "draft"):
        made = await api.make("/models", name=state)
        await bring(made["uid"], state)
    assert await names(api) == ["active", "deprecated", "disabled", "draining"]
    assert await names(api, "?show_deleted=true") == ["active", "deleted", "deprecated", "disabled", "draining"]
    for state in ("active", "deprecated", "disabled", "draining", "deleted", "draft"):
        assert await names(api, f"?state={state}") == [state]


async def test_a_draft_exists_for_those_who_may_make_one(api: Api, bring: Bring) -> None:
    """Not in a list, by name or by uid, nor where it would be called."""
    made = await api.make("/models", name="a")
    await bring(made["uid"], "draft")
    assert await names(api, "?state=draft", by=VIEWER) == []
    for path in (f"/models/{made['uid']}", "/models/a?team=default", "/resolve?model=a"):
        assert (await api.get(path, by=VIEWER)).json["code"] == "model_not_found"
    assert (await api.get("/resolve?model=a")).status == 200
    assert (await api.get(f"/models/{made['uid']}")).json["state"] == "draft"


async def test_a_deleted_model_is_found_by_its_uid_alone(api: Api, bring: Bring) -> None:
    """Its name is free: the next model of the name is another one."""
    old = await api.make("/models", name="a")
    await bring(old["uid"], "deleted")
    assert (await api.get(f"/models/{old['uid']}")).json["state"] == "deleted"
    assert (await api.get("/models/a")).json["code"] == "model_not_found"
    new = await api.make("/models", name="a")
    assert new["uid"] != old["uid"]
    assert (await api.get("/models/a")).json["uid"] == new["uid"]
    assert await names(api, "?show_deleted=true") == ["a", "a"]


@pytest.mark.parametrize("state", ["draining", "deleted", "draft"])
async def test_nobody_is_pointed_at_what_cannot_be_called(api: Api, bring: Bring, state: str) -> None:
    """Did you mean: neither what leaves nor what is not there yet."""
    made = await api.make("/models", name="qwen3-8b")
    await bring(made["uid"], state)
    assert (await api.get("/models/qwen3-8")).json["did_you_mean"] == []


async def test_a_draining_model_keeps_its_name(api: Api, bring: Bring) -> None:
    """It may come back; and it can be named while it leaves."""
    made = await api.make("/models", name="a")
    await bring(made["uid"], "draining")
    assert (await api.get("/models/a")).json["uid"] == made["uid"]
    assert (await api.post("/models", {"name": "a"})).json["code"] == "name_taken"


async def test_a_purged_model_is_gone_with_its_tombstone(api: Api, purge: Callable[[Any], Awaitable[None]]) -> None:
    """410 for who may know of it, 404 for every other team."""
    await api.make("/teams", name="other")
    made = await api.make("/models", name="a", team="default")
    await purge(made)
    answer = await api.get(f"/models/{made['uid']}")
    assert (answer.status, answer.json["code"]) == (410, "model_purged")
    assert answer.json["tombstone"]["name"] == "a"
    assert answer.json["tombstone"]["name_free_time"].startswith("2027-02-14")
    other = await api.get(f"/models/{made['uid']}", by=principal(Role.ADMIN, team="other"))
    assert (other.status, other.json["code"]) == (404, "model_not_found")


async def test_the_name_of_a_purged_model_rests(
    api: Api, clock: ManualClock, purge: Callable[[Any], Awaitable[None]]
) -> None:
    """Whoever still calls it must not reach another model unawares; the other team's name is its own."""
    await api.make("/teams", name="other")
    target = await api.make("/models", name="b", team="default")
    await purge(await api.make("/models", name="a", team="default"))
    for path, body in (
        ("/models", {"name": "a", "team": "default"}),
        ("/aliases", {"name": "a", "model": target["uid"]}),
    ):
        refused = await api.post(path, body)
        assert (refused.status, refused.json["code"]) == (409, "name_quarantined")
        assert "2027-02-14" in refused.json["detail"]
    renamed = await api.patch(f"/models/{target['uid']}", {"name": "a"})
    assert renamed.json["code"] == "name_quarantined"
    await api.make("/models", name="a", team="other")
    assert (await api.post("/aliases?reuse_name=true", {"name": "a", "model": target["uid"]})).status == 201
    await purge(await api.make("/models", name="c", team="default"))
    assert (await api.post("/models?reuse_name=true", {"name": "c", "team": "default"})).status == 201
    await purge(await api.make("/models", name="d", team="default"))
    clock.advance(31 * 86_400)
    await api.make("/models", name="d", team="default")


@pytest.mark.parametrize("state", ["draining", "deleted"])
async def test_nothing_is_led_to_a_model_that_leaves(api: Api, bring: Bring, state: str) -> None:
    """No alias, endpoint or default can appear behind its back; what it had is shown to who asks for it."""
    made = await api.make("/models", name="a", endpoints=[{"base_url": "http://10.0.0.1:8000/v1"}])
    endpoint = made["endpoints"][0]["id"]
    team = (await api.get("/teams?name=default")).json["items"][0]
    await bring(made["uid"], state)
    refused = [
        await api.post("/aliases", {"name": "b", "model": made["uid"]}),
        await api.post("/endpoints", {"model": made["uid"], "base_url": "http://10.0.0.1:8000/v1"}),
        await api.patch(f"/endpoints/{endpoint}", {"weight": 2}),
        await api.patch(f"/teams/{team['id']}", {"default_endpoints": {"files": endpoint}}),
    ]
    assert [one.status for one in refused] == [409, 409, 409, 422], [one.json for one in refused]
    listed = [one["id"] for one in (await api.get("/endpoints")).json["items"]]
    assert listed == ([endpoint] if state == "draining" else [])
    assert [one["id"] for one in (await api.get(f"/endpoints?model={made['uid']}")).json["items"]] == [endpoint]
