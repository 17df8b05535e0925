"""Very many models by a filter: plan, token, an operation in chunks that survives its process. On both databases."""

from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from gateway.api.permissions import Role
from gateway.operations.record import OperationRecord
from gateway.storage.schema import (
    aliases,
    key_models,
    models,
    operations,
    registry_changes,
    retired_references,
    workers,
)
from tests.bench.lifecycle_rows import Amount
from tests.clock import ManualClock
from tests.lifecycle.crowd import LIMIT_S, Crowd, until
from tests.registry.api import ADMIN, Api, principal

TEAM_ADMIN = principal(Role.ADMIN, team="default")


async def _plan(many: Api, text: str, verb: str = "delete", by: Any = ADMIN, **more: object) -> Any:
    found = await many.post(f"/models:{verb}", {"filter": text, **more}, by=by)
    assert found.status == 200, found.json
    return found.json


async def _begin(many: Api, text: str, verb: str = "delete", by: Any = ADMIN, **more: object) -> Any:
    plan = await _plan(many, text, verb, by, **more)
    body = {"filter": text, "force": True, "plan_token": plan["plan_token"], "confirm_count": plan["count"], **more}
    begun = await many.post(f"/models:{verb}", body, by=by)
    assert begun.status == 202, begun.json
    return begun


async def test_five_thousand_models_go_in_chunks(crowd: Crowd, many: Api) -> None:
    """One revision a chunk, one row of the record and one item for each model, references as in a single deletion."""
    await crowd.fill(Amount(5000, aliases=500, grants=5000, keys=50))
    before = crowd.service.registry.snapshot.revision
    begun = await _begin(many, "name=m* and team=default", references="cascade", reason="spring")
    assert begun.headers["Location"] == f"operations/{begun.json['operation']}"
    over = await crowd.until_over(begun.json["operation"])
    assert (over.state, over.done, over.total, over.failed) == ("done", 5000, 5000, 0), over.error
    assert over.result == {"deleted": 5000, "refused": 0}
    assert over.team == "default"
    assert await crowd.states() == {"deleted": 5000}
    assert await crowd.recorded("model.delete") == 5000
    assert await crowd.recorded("model.bulk_delete") == 1
    items = await crowd.items(over.id)
    assert [one.position for one in items] == list(range(5000))
    assert {(one.outcome, one.detail["state"]) for one in items} == {("ok", "deleted")}
    assert await crowd.rows(select(func.count()).select_from(aliases)) == [(0,)]
    assert await crowd.rows(select(func.count()).select_from(key_models)) == [(0,)]
    assert await crowd.rows(select(func.count()).select_from(retired_references)) == [(5500,)]
    assert await crowd.rows(select(func.count(models.c.uid)).where(models.c.retire_reason == "spring")) == [(5000,)]
    snapshot = crowd.service.registry.snapshot
    assert snapshot.endpoints == {}
    assert snapshot.revision - before < 5000 / 250 + 8
    back = await many.post("/models/mdl_000000/undelete", {"activate": True})
    assert (back.json["state"], back.json["aliases"]) == ("active", ["a000000"])


async def test_a_step_ends_where_much_points_at_a_model(crowd: Crowd, many: Api) -> None:
    """A step of fifty models has room for a thousand rows that point at them: what has more goes alone."""
    await crowd.fill(Amount(40, aliases=0, grants=0))
    heavy = ["mdl_000000", "mdl_000001"]
    row = {"team_id": crowd.service.registry.snapshot.teams["default"].id, "created_at": 1, "updated_at": 1}
    rows = [
        {"id": f"als_{uid}_{n}", "name": f"{uid}-{n}", "model_uid": uid, **row} for uid in heavy for n in range(1100)
    ]
    async with crowd.database.write() as conn:
        await conn.execute(insert(aliases), rows)
    begun = await _begin(many, "name=*", references="cascade")
    assert (await crowd.until_over(begun.json["operation"])).done == 40
    changed = select(registry_changes.c.row_id, registry_changes.c.revision).where(registry_changes.c.noun == "models")
    steps = {uid: revision for uid, revision in await crowd.rows(changed) if revision > 1}
    assert sorted(steps.values()) == [steps[uid] for uid in sorted(steps)]
    assert [list(steps.values()).count(steps[uid]) for uid in heavy] == [1, 1]
    assert len(set(steps.values())) < 12


async def test_the_registry_is_not_read_after_each_chunk(crowd: Crowd, many: Api) -> None:
    """Twenty chunks, two reads: one by what began it, one at the end."""
    await crowd.fill(Amount(500, aliases=0, grants=0))
    swaps = list[int]()
    crowd.service.registry.on_change(lambda now, _: swaps.append(now.revision))
    begun = await _begin(many, "name=*")
    over = await crowd.until_over(begun.json["operation"])
    assert over.done == 500
    assert len(swaps) == 2


async def test_the_plan_says_how_many_and_shows_some(crowd: Crowd, many: Api) -> None:
    """Count, up to a hundred of them, the filter as it was understood, and whether the number must be confirmed."""
    await crowd.fill(Amount(150, aliases=0, grants=0))
    plan = await _plan(many, "state=active  AND name=m0*")
    assert plan["filter"] == "state=active and name=m0*"
    assert (plan["count"], len(plan["sample"]), plan["operation"]) == (150, 100, None)
    assert plan["sample"][0] == {"uid": "mdl_000000", "name": "m000000", "team": "default", "rev": 1}
    assert plan["confirmation"] == {
        "needed": True,
        "confirm_count": 150,
        "why": "150 models of 150 active ones go at once",
    }
    assert await crowd.states() == {"active": 150}


@pytest.mark.parametrize(
    ("verb", "text", "status", "code"),
    [
        ("delete", "state=deleted", 422, "validation_failed"),
        ("delete", "", 400, "bad_filter"),
        ("delete", "name=a or name=b", 400, "bad_filter"),
        ("purge", "state=active", 422, "validation_failed"),
    ],
)
async def test_what_makes_no_sense_is_refused(many: Api, verb: str, text: str, status: int, code: str) -> None:
    """One sentence each."""
    refused = await many.post(f"/models:{verb}", {"filter": text})
    assert (refused.status, refused.json["code"]) == (status, code), refused.json
    assert refused.json["hint"]


async def test_it_needs_the_token_and_the_number(crowd: Crowd, many: Api) -> None:
    """428 without them, 409 with wrong ones; nothing begins."""
    await crowd.fill(Amount(30, aliases=0, grants=0))
    plan = await _plan(many, "name=*")
    body = {"filter": "name=*", "force": True}
    answers = [
        await many.post("/models:delete", body),
        await many.post("/models:delete", {**body, "plan_token": plan["plan_token"]}),
        await many.post("/models:delete", {**body, "plan_token": plan["plan_token"], "confirm_count": 29}),
        await many.post("/models:delete", {**body, "plan_token": "plan_0", "confirm_count": 30}),
        await many.post("/models:delete", {**body, "filter": "name=m*", "plan_token": plan["plan_token"]}),
        await many.post("/models:delete", {**body, "references": "cascade", "plan_token": plan["plan_token"]}),
    ]
    assert [(one.status, one.json["code"]) for one in answers] == [
        (428, "plan_required"),
        (428, "confirmation_required"),
        (409, "confirmation_mismatch"),
        (409, "plan_changed"),
        (409, "plan_changed"),
        (409, "plan_changed"),
    ]
    assert await crowd.states() == {"active": 30}
    assert await crowd.rows(select(operations)) == []


@pytest.mark.parametrize("change", ["one more", "one less", "one changed"])
async def test_another_set_than_the_plan_showed_is_refused(crowd: Crowd, many: Api, change: str) -> None:
    """AIP-165: plan again."""
    await crowd.fill(Amount(5, aliases=0, grants=0))
    plan = await _plan(many, "name=m*")
    if change == "one more":
        await many.make("/models", name="m-new")
    elif change == "one less":
        await many.delete("/models/mdl_000003")
    else:
        await many.patch("/models/mdl_000003", {"description": "x"})
    refused = await many.post("/models:delete", {"filter": "name=m*", "force": True, "plan_token": plan["plan_token"]})
    assert (refused.status, refused.json["code"]) == (409, "plan_changed")
    other = await many.patch("/models/mdl_000001", {"description": ""})
    assert other.status == 200
    assert (await _begin(many, "name=m*")).json["count"] in {4, 5, 6}


async def test_a_team_reaches_its_own_models_only(crowd: Crowd, many: Api) -> None:
    """ACL-3: another team's models do not count, and a filter that names it finds nothing."""
    await many.make("/teams", name="other")
    await many.make("/models", name="a", team="default")
    await many.make("/models", name="b", team="other")
    assert (await _plan(many, "name=*", by=TEAM_ADMIN))["count"] == 1
    assert (await _plan(many, "team=other", by=TEAM_ADMIN))["count"] == 0
    begun = await _begin(many, "name=*", by=TEAM_ADMIN)
    over = await crowd.until_over(begun.json["operation"])
    assert over.done == 1
    assert await crowd.states() == {"active": 1, "deleted": 1}
    refused = await many.post("/models:delete", {"filter": "name=*"}, by=principal(Role.OPERATOR))
    assert (refused.status, refused.json["code"]) == (403, "permission_denied")


async def test_what_may_not_go_stays_and_its_item_says_why(crowd: Crowd, many: Api) -> None:
    """restrict: referenced, protected or changed meanwhile; the others go."""
    await crowd.fill(Amount(6, aliases=0, grants=0))
    await many.make("/aliases", name="best", model="m000001")
    await many.post("/models/mdl_000002/protection", {"enabled": True})
    begun = await _begin(many, "name=m*")
    crowd.clock.advance(5)
    await many.patch("/models/mdl_000003", {"description": "still in use"})
    await many.make("/models", name="m-later")
    over = await crowd.until_over(begun.json["operation"])
    assert (over.state, over.done, over.failed) == ("done", 6, 3)
    items = {one.item: one for one in await crowd.items(over.id)}
    assert {uid: one.outcome for uid, one in items.items() if one.outcome != "ok"} == {
        "mdl_000001": "model_referenced",
        "mdl_000002": "deletion_protected",
        "mdl_000003": "plan_changed",
    }
    assert items["mdl_000001"].detail["references"][0]["name"] == "best"
    assert await crowd.states() == {"active": 4, "deleted": 3}


async def test_fallbacks_inside_the_filter_go_along_whatever_the_order(crowd: Crowd, many: Api) -> None:
    """A chunk draws in what falls back on it; what stays for another reason keeps what it falls back on."""
    crowd_of_one = Crowd(crowd.database, crowd.service, crowd.clock, crowd.elsewhere, worker="wrk_b", chunk=1)
    async with crowd_of_one.api() as api:
        uids = {}
        for name, fallbacks in (("a", []), ("b", ["a"]), ("c", ["b"]), ("x", []), ("y", ["x"])):
            uids[name] = (await api.make("/models", name=name, fallbacks=fallbacks))["uid"]
        await api.post(f"/models/{uids['y']}/protection", {"enabled": True})
        begun = await _begin(api, "name=*")
        over = await crowd_of_one.until_over(begun.json["operation"])
    assert (over.done, over.failed) == (5, 2)
    outcomes = {one.detail["name"]: one.outcome for one in await crowd_of_one.items(over.id)}
    assert outcomes == {"a": "ok", "b": "ok", "c": "ok", "x": "model_referenced", "y": "deletion_protected"}
    assert (await many.get(f"/models/{uids['y']}")).json["fallbacks"] == ["x"]
    await crowd_of_one.close()


async def test_another_process_goes_on_where_the_first_one_died(
    crowd: Crowd, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LIF section 9: the place is stored with each chunk; nothing is done twice and nothing left out."""
    await crowd.fill(Amount(1000, aliases=100, grants=100, keys=10))
    first = Crowd(crowd.database, crowd.service, clock, crowd.elsewhere, worker="wrk_dying", chunk=200, rest_s=LIMIT_S)
    async with first.api() as api:
        begun = await _begin(api, "name=*", references="cascade")
    left = await _after_one_chunk(first, begun.json["operation"])
    monkeypatch.setattr(first.runner, "_release", _nothing)  # as a kill -9 leaves it: a lease that nobody renews
    await first.tasks.close()
    assert 0 < left.done < 1000
    await crowd.runner.step()
    assert (await crowd.operation(left.id)).lease_owner == "wrk_dying"
    clock.advance(20)
    over = await crowd.until_over(left.id)
    assert (over.state, over.done, over.failed) == ("done", 1000, 0)
    items = await crowd.items(over.id)
    assert len({one.item for one in items}) == len(items) == 1000
    assert await crowd.recorded("model.delete") == 1000


async def _after_one_chunk(crowd: Crowd, operation_id: str) -> OperationRecord:
    """Return the operation while it rests."""

    async def rests() -> bool:
        await crowd.runner.step()
        return (await crowd.operation(operation_id)).done > 0

    await until(rests)
    return await crowd.operation(operation_id)


async def _nothing(*_given: object, **_more: object) -> None:
    """Do nothing."""


async def test_cancelling_keeps_what_is_done_and_touches_no_more(crowd: Crowd, many: Api) -> None:
    """The wish is granted between two chunks; what is deleted can be restored."""
    await crowd.fill(Amount(1000, aliases=0, grants=0))
    slow = Crowd(crowd.database, crowd.service, crowd.clock, crowd.elsewhere, worker="wrk_slow", rest_s=LIMIT_S)
    begun = await _begin(many, "name=*")
    left = await _after_one_chunk(slow, begun.json["operation"])
    assert (await many.post(f"/operations/{left.id}/cancel", {})).status in {200, 202}
    over = await slow.until_over(left.id)
    assert (over.state, over.done) == ("cancelled", left.done)
    assert over.result == {"deleted": left.done, "refused": 0, "untouched": 1000 - left.done}
    assert await crowd.states() == {"deleted": left.done, "active": 1000 - left.done}
    await slow.close()


async def test_it_ends_when_every_process_has_seen_it_and_no_call_runs(crowd: Crowd, many: Api) -> None:
    """LIF-6: another process that lives is waited for, by name; its calls get the drain of a single model."""
    await crowd.fill(Amount(3, aliases=0, grants=0))
    crowd.elsewhere.others_.append({"mdl_000001": 2})
    async with crowd.database.write() as conn:
        await conn.execute(insert(workers).values(_worker(seen=0, inflight='{"mdl_000001": 2}')))
    begun = await _begin(many, "name=*")
    operation = begun.json["operation"]

    async def named() -> bool:
        await crowd.runner.step()
        found = await crowd.operation(operation)
        return [one["worker"] for one in found.blockers] == ["wrk_far"]

    await until(named)
    assert await crowd.states() == {"draining": 3}
    async with crowd.database.write() as conn:
        await conn.execute(update(workers).where(workers.c.id == "wrk_far").values(seen_version=10**9))

    async def two_gone() -> bool:
        await crowd.runner.step()
        return await crowd.states() == {"deleted": 2, "draining": 1}

    await until(two_gone)
    assert not (await crowd.operation(operation)).over
    async with crowd.database.write() as conn:
        await conn.execute(update(workers).where(workers.c.id == "wrk_far").values(inflight="{}"))
    over = await crowd.until_over(operation)
    assert (over.state, over.result) == ("done", {"deleted": 3, "refused": 0})
    assert await crowd.states() == {"deleted": 3}
    assert await crowd.recorded("model.drained") == 3


async def test_beginning_twice_with_one_key_begins_once(crowd: Crowd, many: Api) -> None:
    """The answer is repeated, though the set of the plan is gone by then."""
    await crowd.fill(Amount(3, aliases=0, grants=0))
    plan = await _plan(many, "name=*")
    body = {"filter": "name=*", "force": True, "plan_token": plan["plan_token"]}
    first = await many.post("/models:delete", body, Idempotency_Key="once")
    await crowd.until_over(first.json["operation"])
    again = await many.post("/models:delete", body, Idempotency_Key="once")
    assert (again.status, again.json) == (202, first.json)


def _worker(*, seen: int, inflight: str) -> dict[str, Any]:
    return {
        "id": "wrk_far",
        "host": "far",
        "pid": 1,
        "role": "server",
        "started_at": 1,
        "heartbeat_at": 10**14,
        "seen_version": seen,
        "inflight": inflight,
    }
