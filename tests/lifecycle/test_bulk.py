"""Batches: up to a thousand models in one transaction, all or none. On both databases."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from gateway.api.etag import UNGUARDED
from gateway.api.permissions import Role
from gateway.lifecycle.bulk import MAX_BATCH, Batch
from gateway.storage.schema import key_models, keys, retired_references, usage_calls
from tests.bench.lifecycle_rows import Amount
from tests.lifecycle.crowd import Crowd, InjectedError
from tests.lifecycle.house import dump
from tests.registry.api import ADMIN, Api, principal

UPSTREAM = "http://10.0.0.1:8000/v1"
OPERATOR = principal(Role.OPERATOR, team="default")
STRANGER = principal(Role.ADMIN, team="other")


async def _delete(many: Api, *uids: str, by: Any = OPERATOR, **more: object) -> Any:
    return await many.post("/models:batchDelete", {"items": [{"uid": uid} for uid in uids], **more}, by=by)


def _uids(count: int) -> list[str]:
    return [f"mdl_{number:06}" for number in range(count)]


async def test_a_thousand_models_go_at_once(crowd: Crowd, many: Api) -> None:
    """AIP-235: one transaction, one answer with each tombstone, one row of the record for each model."""
    await crowd.fill(Amount(MAX_BATCH + 1, aliases=0, grants=0))
    before = crowd.service.registry.snapshot.revision
    gone = await _delete(many, *_uids(MAX_BATCH), confirm_count=MAX_BATCH, reason="the tests are over")
    assert gone.status == 200, gone.json
    assert (gone.json["count"], gone.json["operation"], gone.json["dry_run"]) == (MAX_BATCH, None, False)
    first = gone.json["items"][0]
    assert (first["uid"], first["state"], first["etag"]) == ("mdl_000000", "deleted", '"mdl_000000.2"')
    assert first["purge_time"] == "2027-02-14T08:00:00.000Z"
    assert [one["action"] for one in first["effects"]] == ["closed"]
    assert await crowd.states() == {"deleted": MAX_BATCH, "active": 1}
    assert await crowd.recorded("model.delete") == MAX_BATCH
    assert crowd.service.registry.snapshot.revision == before + 1
    assert list(crowd.service.registry.snapshot.endpoints) == [f"ep_{MAX_BATCH:06}"]
    back = await many.post("/models/mdl_000000/undelete", {"activate": True}, by=OPERATOR)
    assert (back.status, back.json["state"]) == (200, "active")


@pytest.mark.parametrize("count", [0, MAX_BATCH + 1])
async def test_a_batch_has_one_to_a_thousand(crowd: Crowd, many: Api, count: int) -> None:
    """LIF section 3: else 400, and what to do instead."""
    refused = await _delete(many, *_uids(count))
    assert refused.status == 400, refused.json
    assert refused.json["param"] == "items"
    assert refused.json["hint"]
    assert await crowd.recorded("model.delete") == 0


async def test_nobody_is_named_twice(crowd: Crowd, many: Api) -> None:
    """Two items about one model could ask for two revisions of it."""
    await crowd.fill(Amount(2, aliases=0, grants=0))
    refused = await _delete(many, "mdl_000000", "mdl_000001", "mdl_000000")
    assert (refused.status, refused.json["duplicates"]) == (400, ["mdl_000000"])


async def test_one_that_may_not_go_keeps_all_and_every_reason_is_told(crowd: Crowd, many: Api) -> None:
    """All or nothing; the list is complete, so that nobody removes one stone to find the next."""
    ids = [(await many.make("/models", name=name))["uid"] for name in "abcd"]
    await many.make("/aliases", name="best", model="a")
    await many.post(f"/models/{ids[1]}/protection", {"enabled": True})
    before = await dump(crowd.database)
    items = [{"uid": uid, "etag": f'"{uid}.9"' if uid == ids[2] else None} for uid in ids]
    refused = await many.post("/models:batchDelete", {"items": items}, by=OPERATOR)
    assert (refused.status, refused.json["code"]) == (409, "batch_refused"), refused.json
    told = {one["name"]: one for one in refused.json["items"]}
    assert {name: (one["status"], one["code"]) for name, one in told.items()} == {
        "a": (409, "model_referenced"),
        "b": (409, "deletion_protected"),
        "c": (412, "etag_mismatch"),
    }
    assert told["a"]["references"][0]["name"] == "best"
    assert told["c"]["etag"] == f'"{ids[2]}.1"'
    after = await dump(crowd.database)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"audit", "meta"}  # the refusal itself is on the record
    assert await crowd.recorded("model.batch_delete") == 1


async def test_what_is_missing_is_listed_and_nothing_is_told_of_other_teams(crowd: Crowd, many: Api) -> None:
    """403 before 404, another team's model does not exist."""
    await many.make("/teams", name="other")
    own = await many.make("/models", name="a", team="default")
    other = await many.make("/models", name="a", team="other")
    viewer = principal(Role.PUBLISHER, team="default")
    assert (await _delete(many, "mdl_nobody", by=viewer)).status == 403
    refused = await _delete(many, own["uid"], other["uid"], "mdl_nobody")
    assert refused.status == 404
    assert refused.json["missing"] == [other["uid"], "mdl_nobody"]
    assert await crowd.states() == {"active": 2}


async def test_what_points_from_one_to_another_of_them_is_not_in_the_way(crowd: Crowd, many: Api) -> None:
    """They leave together: a fallback inside the batch counts for nothing, one from outside does."""
    a = await many.make("/models", name="a")
    b = await many.make("/models", name="b", fallbacks=["a"])
    c = await many.make("/models", name="c", fallbacks=["b"])
    assert (await _delete(many, a["uid"], b["uid"])).status == 409
    gone = await _delete(many, a["uid"], b["uid"], c["uid"])
    assert gone.status == 200, gone.json
    assert await crowd.states() == {"deleted": 3}


async def test_a_key_whose_models_all_leave_together_loses_its_last_one(crowd: Crowd, many: Api) -> None:
    """Each alone would leave it another one; together they need cascade, and then it can call nothing."""
    ids = [(await many.make("/models", name=name))["uid"] for name in "ab"]
    team = crowd.service.registry.snapshot.teams["default"].id
    stamps = {"created_at": 1, "updated_at": 1}
    async with crowd.database.write() as conn:
        await conn.execute(
            insert(keys).values(
                id="k",
                key_id="k",
                env="live",
                name="k",
                team_id=team,
                role="developer",
                hash=b"",
                pepper_id="p",
                limited=True,
                **stamps,
            )
        )
        rows = [
            {"key_id": "k", "position": n, "pattern": name, "model_uid": uid}
            for n, (name, uid) in enumerate(zip("ab", ids, strict=True))
        ]
        await conn.execute(insert(key_models), rows)
    refused = await _delete(many, *ids)
    assert [one["code"] for one in refused.json["items"]] == ["model_referenced"] * 2
    gone = await _delete(many, *ids, references="cascade", by=principal(Role.ADMIN))
    assert gone.status == 200, gone.json
    assert await crowd.rows(select(key_models)) == []
    assert await crowd.rows(select(keys.c.limited)) == [(True,)]
    assert await crowd.rows(select(func.count()).select_from(retired_references)) == [(2,)]


async def test_references_move_to_one_successor(many: Api) -> None:
    """Repoint for a whole batch; forcing needs its permission."""
    ids = [(await many.make("/models", name=name))["uid"] for name in "ab"]
    taker = await many.make("/models", name="new")
    await many.make("/aliases", name="one", model="a")
    await many.make("/aliases", name="two", model="b")
    assert (await _delete(many, *ids, references="repoint", successor="new")).status == 403
    admin = principal(Role.ADMIN)
    wrong = await _delete(many, *ids, taker["uid"], references="repoint", successor="new", by=admin)
    assert [(one["name"], one["code"]) for one in wrong.json["items"]] == [("new", "bad_successor")]
    gone = await _delete(many, *ids, references="repoint", successor="new", by=admin)
    assert gone.status == 200, gone.json
    assert (await many.get(f"/models/{taker['uid']}")).json["aliases"] == ["one", "two"]


@pytest.mark.parametrize("step", ["judge", "references"])
async def test_a_fault_in_the_middle_leaves_nothing_changed(crowd: Crowd, step: str) -> None:
    """Atomic: rows, references, record, revision."""
    await crowd.fill(Amount(100, aliases=100, grants=100, keys=10))
    before, snapshot = await dump(crowd.database), crowd.service.registry.snapshot
    crowd.failing_at = step
    batch = Batch(items=[(uid, UNGUARDED) for uid in _uids(100)], references="cascade", confirm_count=100)
    with pytest.raises(InjectedError):
        await crowd.bulk.delete(ADMIN, batch)
    assert await dump(crowd.database) == before
    assert crowd.service.registry.snapshot is snapshot
    crowd.failing_at = ""
    assert len((await crowd.bulk.delete(ADMIN, batch)).gone) == 100


async def test_a_dry_run_tells_the_same_and_changes_nothing(crowd: Crowd, many: Api) -> None:
    """Effects, refusals and whether the number must be confirmed; the number itself is not asked for."""
    await crowd.fill(Amount(30, aliases=30, grants=0))
    before = await dump(crowd.database)
    refused = await _delete(many, *_uids(30), dry_run=True)
    assert (refused.status, len(refused.json["items"])) == (409, 30)
    admin = principal(Role.ADMIN)
    shown = await _delete(many, *_uids(30), dry_run=True, references="cascade", by=admin)
    assert shown.status == 200, shown.json
    assert shown.json["confirmation"] == {
        "needed": True,
        "confirm_count": 30,
        "why": "30 models of 30 active ones go at once",
    }
    assert await dump(crowd.database) == before
    done = await _delete(many, *_uids(30), references="cascade", confirm_count=30, by=admin)
    assert [one["effects"] for one in done.json["items"]] == [one["effects"] for one in shown.json["items"]]


async def test_many_or_used_models_need_their_number(crowd: Crowd, many: Api) -> None:
    """The brake: 428 with the number to send, 409 for another one."""
    await crowd.fill(Amount(21, aliases=0, grants=0))
    refused = await _delete(many, *_uids(21))
    assert (refused.status, refused.json["code"], refused.json["confirm_count"]) == (428, "confirmation_required", 21)
    refused = await _delete(many, *_uids(21), confirm_count=20)
    assert (refused.status, refused.json["code"], refused.json["confirm_count"]) == (409, "confirmation_mismatch", 21)
    hour_ms = 3_600_000
    async with crowd.database.write() as conn:
        for number, ago in ((0, 1), (1, 25)):
            await conn.execute(
                insert(usage_calls).values(call_of(f"mdl_{number:06}", crowd.clock.at_ms - ago * hour_ms))
            )
    used = await _delete(many, "mdl_000000")
    assert (used.status, used.json["confirm_count"]) == (428, 1)
    assert (await _delete(many, "mdl_000001")).status == 200
    assert (await _delete(many, "mdl_000000", confirm_count=1)).status == 200


async def test_calls_under_way_may_end_first(crowd: Crowd, many: Api) -> None:
    """202: the operation waits for those that are called; the others are gone, and the called one follows."""
    await crowd.fill(Amount(3, aliases=0, grants=0))
    crowd.elsewhere.here["mdl_000001"] = 1
    gone = await _delete(many, *_uids(3))
    assert (gone.status, gone.headers["Retry-After"]) == (202, "1"), gone.json
    operation = gone.json["operation"]
    assert gone.headers["Location"] == f"operations/{operation}"  # right below any mount
    assert [one["state"] for one in gone.json["items"]] == ["deleted", "draining", "deleted"]
    for _ in range(5):
        await crowd.runner.step()
        await asyncio.sleep(0)
    assert not (await crowd.operation(operation)).over
    assert await crowd.states() == {"deleted": 2, "draining": 1}
    crowd.elsewhere.here.clear()
    over = await crowd.until_over(operation)
    assert (over.state, over.total) == ("done", 1)
    assert await crowd.states() == {"deleted": 3}


async def test_the_same_batch_again_is_the_same_answer(crowd: Crowd, many: Api) -> None:
    """Idempotency: carried out once, answered twice, though by then none of the models could go."""
    await crowd.fill(Amount(3, aliases=0, grants=0))
    body = {"items": [{"uid": uid} for uid in _uids(3)]}
    first = await many.post("/models:batchDelete", body, by=OPERATOR, Idempotency_Key="one")
    again = await many.post("/models:batchDelete", body, by=OPERATOR, Idempotency_Key="one")
    assert (first.status, again.status) == (200, 200)
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await crowd.recorded("model.delete") == 3


async def test_policy_may_want_every_etag(crowd: Crowd, many: Api) -> None:
    """428 when nothing but tags is missing; with them it goes."""
    crowd.rules = crowd.rules.model_copy(update={"require_if_match": ("cascade",)})
    await crowd.fill(Amount(2, aliases=2, grants=0))
    admin = principal(Role.ADMIN)
    refused = await _delete(many, *_uids(2), references="cascade", by=admin)
    assert (refused.status, refused.json["code"]) == (428, "precondition_required")
    items = [{"uid": uid, "etag": f'"{uid}.1"'} for uid in _uids(2)]
    gone = await many.post("/models:batchDelete", {"items": items, "references": "cascade"}, by=admin)
    assert gone.status == 200, gone.json


async def test_an_etag_that_is_none_is_refused_with_its_place(many: Api) -> None:
    """A malformed guard is never dropped."""
    refused = await many.post("/models:batchDelete", {"items": [{"uid": "mdl_a", "etag": "7"}]}, by=OPERATOR)
    assert (refused.status, refused.json["param"]) == (400, "items.0.etag")


def call_of(uid: str, at_ms: int) -> dict[str, Any]:
    """Return a row of usage: a call of the model at that time."""
    return {
        "at": at_ms,
        "team": "default",
        "key_id": "k",
        "model_uid": uid,
        "model": "m",
        "operation": "chat.completions",
        "status": 200,
        "outcome": "ok",
        "source": "measured",
        "duration_ms": 1.0,
        "bytes_in": 1,
        "bytes_out": 1,
        "request_id": "r",
    }
