"""Deleted models go for good: what stays, what rests, and what the plan guards. On both databases."""

import asyncio
from typing import Any, Final

import pytest
from sqlalchemy import func, insert, select

from gateway.api.etag import IfMatch
from gateway.api.permissions import Role
from gateway.errors import Conflict, PermissionDenied, PreconditionRequired
from gateway.storage.schema import (
    aliases,
    audit,
    endpoints,
    key_models,
    models,
    retired_references,
    secrets,
    tombstones,
    usage_calls,
)
from tests.bench.lifecycle_rows import Amount
from tests.lifecycle.crowd import Crowd
from tests.lifecycle.test_bulk import call_of
from tests.registry.api import ADMIN, Api, principal

UPSTREAM: Final = "http://10.0.0.1:8000/v1"
DAY_S: Final = 86_400
TEAM_ADMIN = principal(Role.ADMIN, team="default")


async def _gone(crowd: Crowd, many: Api, *names: str, **more: object) -> list[str]:
    """Make models and delete them; return their uids."""
    uids = [(await many.make("/models", name=name, **more))["uid"] for name in names]
    done = await many.post("/models:batchDelete", {"items": [{"uid": uid} for uid in uids], "references": "cascade"})
    assert done.status == 200, done.json
    crowd.clock.advance(1)
    return uids


async def _begin(many: Api, text: str, by: Any = ADMIN) -> Any:
    plan = (await many.post("/models:purge", {"filter": text}, by=by)).json
    body = {"filter": text, "force": True, "plan_token": plan["plan_token"], "confirm_count": plan["count"]}
    begun = await many.post("/models:purge", body, by=by)
    assert begun.status == 202, begun.json
    return begun.json["operation"]


async def test_a_purge_leaves_a_tombstone_usage_and_the_record(crowd: Crowd, many: Api) -> None:
    """Row, endpoint, stored key and what was kept for the way back are gone; history stays."""
    key = "sk-1234567890123456"
    (uid,) = await _gone(crowd, many, "a", endpoints=[{"base_url": UPSTREAM, "api_key": key}])
    async with crowd.database.write() as conn:
        await conn.execute(insert(usage_calls).values(call_of(uid, crowd.clock.at_ms - 1)))
    recorded = await crowd.recorded("model.delete")
    over = await crowd.until_over(await _begin(many, "name=a"))
    assert (over.state, over.result) == ("done", {"purged": 1, "refused": 0})
    for table in (models, endpoints, secrets, retired_references):
        assert await crowd.rows(select(func.count()).select_from(table)) == [(0,)], table.name
    assert await crowd.rows(select(usage_calls.c.model_uid)) == [(uid,)]
    assert await crowd.recorded("model.delete") == recorded
    seal = (await crowd.rows(select(audit.c.hash).where(audit.c.action == "model.purge")))[0][0]
    ((left,),) = await crowd.rows(select(tombstones.c.audit_hash))
    assert left == seal
    gone = await many.get(f"/models/{uid}")
    assert (gone.status, gone.json["code"]) == (410, "model_purged"), gone.json
    assert gone.json["tombstone"]["name"] == "a"
    assert (await many.post(f"/models/{uid}/undelete", {})).status in {404, 410}


async def test_a_purged_name_rests(crowd: Crowd, many: Api) -> None:
    """Quarantine: nobody takes a newcomer for what they knew, unless who makes it says so."""
    await _gone(crowd, many, "a")
    await crowd.until_over(await _begin(many, "name=*"))
    refused = await many.post("/models", {"name": "a"})
    assert (refused.status, refused.json["code"]) == (409, "name_quarantined")
    assert (await many.post("/models?reuse_name=true", {"name": "a"})).status == 201
    await _gone(crowd, many, "b")
    await crowd.until_over(await _begin(many, "name=b"))
    crowd.clock.advance(30 * DAY_S + 1)
    assert (await many.post("/models", {"name": "b"})).status == 201


async def test_many_are_purged_in_chunks_with_an_item_each(crowd: Crowd, many: Api) -> None:
    """1,000 models of which 900 are deleted: these go, four chunks, a tombstone and a row of the record each."""
    await crowd.fill(Amount(1000, aliases=100, grants=1000, keys=10))
    body = {"items": [{"uid": f"mdl_{n:06}"} for n in range(900)], "references": "cascade", "confirm_count": 900}
    assert (await many.post("/models:batchDelete", body)).status == 200
    crowd.clock.advance(1)
    over = await crowd.until_over(await _begin(many, "team=default and name=m*"))
    assert (over.state, over.done, over.total) == ("done", 900, 900), over.error
    assert await crowd.states() == {"active": 100}
    assert await crowd.rows(select(func.count()).select_from(tombstones)) == [(900,)]
    assert await crowd.recorded("model.purge") == 900
    assert {one.outcome for one in await crowd.items(over.id)} == {"ok"}


async def test_only_deleted_models_are_meant(crowd: Crowd, many: Api) -> None:
    """A filter that fits living models does not reach them; one restored after the plan is another set."""
    uids = await _gone(crowd, many, "a", "b")
    await many.make("/models", name="c")
    plan = (await many.post("/models:purge", {"filter": "name=*"})).json
    assert plan["count"] == 2
    assert (await many.post(f"/models/{uids[0]}/undelete", {})).status == 200
    body = {"filter": "name=*", "force": True, "plan_token": plan["plan_token"], "confirm_count": 2}
    refused = await many.post("/models:purge", body)
    assert (refused.status, refused.json["code"]) == (409, "plan_changed")
    assert refused.json["count"] == 1
    over = await crowd.until_over(await _begin(many, "name=*"))
    assert over.done == 1
    assert await crowd.states() == {"disabled": 1, "active": 1}


async def test_what_comes_back_while_it_runs_stays(crowd: Crowd, many: Api) -> None:
    """Restored between the plan and its turn: no longer deleted, and none of the operation's business."""
    uids = await _gone(crowd, many, "a", "b")
    operation = await _begin(many, "name=*")
    crowd.clock.advance(1)
    await many.post(f"/models/{uids[0]}/undelete", {})
    over = await crowd.until_over(operation)
    assert (over.state, over.done) == ("done", 1)
    assert await crowd.states() == {"disabled": 1}


async def test_who_may_not_purge_does_not_learn_what_there_is(crowd: Crowd, many: Api) -> None:
    """403 before anything; another team's models are not there."""
    await _gone(crowd, many, "a")
    refused = await many.post("/models:purge", {"filter": "name=*"}, by=principal(Role.OPERATOR))
    assert (refused.status, refused.json["code"]) == (403, "permission_denied")
    other = (await many.post("/models:purge", {"filter": "name=*"}, by=principal(Role.ADMIN, team="other"))).json
    assert other["count"] == 0
    with pytest.raises(PermissionDenied):
        await crowd.purging.purge(principal(Role.OPERATOR), "a")


async def test_one_model_is_purged_by_its_name(crowd: Crowd, many: Api) -> None:
    """The way of DELETE ?purge=true: deleted first, guarded by the policy for If-Match."""
    crowd.rules = crowd.rules.model_copy(update={"require_if_match": ("purge",)})
    living = await many.make("/models", name="a")
    tag = IfMatch(given=True, tags=(living["etag"],))
    with pytest.raises(Conflict) as refused:
        await crowd.purging.purge(ADMIN, "a", team="default", if_match=tag)
    assert refused.value.code == "state_conflict"
    gone = await many.delete(f"/models/{living['uid']}")
    with pytest.raises(PreconditionRequired):
        await crowd.purging.purge(ADMIN, living["uid"])
    tag = IfMatch(given=True, tags=(gone.etag or "",))
    shown = await crowd.purging.purge(ADMIN, living["uid"], if_match=tag, dry_run=True)
    assert (shown.dry_run, await crowd.states()) == (True, {"deleted": 1})
    done = await crowd.purging.purge(ADMIN, living["uid"], if_match=tag)
    assert done.name_free_at - done.purged_at == 30 * DAY_S * 1000
    assert await crowd.states() == {}
    assert await crowd.recorded("model.purge") == 1 + 1  # done, and the conflict before


async def test_a_purge_works_on_what_nobody_should_have_left(crowd: Crowd, many: Api) -> None:
    """LIF section 4: rows that still point at it do not keep it."""
    (uid,) = await _gone(crowd, many, "a")
    team = crowd.service.registry.snapshot.teams["default"].id
    async with crowd.database.write() as conn:
        await conn.execute(models.update().values(state="active"))
        await conn.execute(
            insert(aliases).values(id="als_x", team_id=team, name="x", model_uid=uid, created_at=1, updated_at=1)
        )
        await conn.execute(models.update().values(state="deleted"))
    over = await crowd.until_over(await _begin(many, "name=a"))
    assert over.state == "done", over.error
    assert await crowd.rows(select(aliases)) == []
    assert await crowd.rows(select(key_models)) == []


async def test_a_purge_goes_on_in_another_process(crowd: Crowd, many: Api) -> None:
    """The cursor is stored with each chunk."""
    await crowd.fill(Amount(300, aliases=0, grants=0))
    body = {"items": [{"uid": f"mdl_{n:06}"} for n in range(300)], "confirm_count": 300}
    assert (await many.post("/models:batchDelete", body)).status == 200
    first = Crowd(crowd.database, crowd.service, crowd.clock, crowd.elsewhere, worker="wrk_b", chunk=50)
    operation = await _begin(many, "name=*")
    await first.runner.step()
    await first.runner.stop()
    left = await crowd.operation(operation)
    assert not left.over
    await first.close()
    await asyncio.sleep(0)
    over = await crowd.until_over(operation)
    assert (over.state, over.done) == ("done", 300)
    assert await crowd.recorded("model.purge") == 300
