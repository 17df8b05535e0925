"""Announcing a model's end, calling it off, switching it off and on: by the one table. On both databases."""

import pytest

from gateway.api.permissions import Role
from gateway.registry.service.registry_service import RegistryService
from tests.clock import ManualClock
from tests.lifecycle.test_guards import OPERATOR
from tests.registry.api import Api, principal

PUBLISHER = principal(Role.PUBLISHER, team="default")
DEVELOPER = principal(Role.DEVELOPER, team="default")
UPSTREAM = "http://10.0.0.1:8000/v1"


async def test_deprecating_announces_time_and_successor(api: Api, service: RegistryService) -> None:
    """A publisher may; calls still pass, and what is served knows what to say with each answer."""
    await api.make("/models", name="new")
    model = await api.make("/models", name="old", endpoints=[{"base_url": UPSTREAM}])
    body = {"sunset_at": "2027-03-31", "successor": "new", "reason": "the new one is better"}
    done = await api.post(f"/models/{model['uid']}/deprecation", body, by=PUBLISHER)
    assert (done.status, done.json["state"]) == (200, "deprecated"), done.json
    assert done.json["deprecation"]["at"] == "2027-01-15T08:00:00.000Z"
    assert done.json["deprecation"]["sunset_at"] == "2027-04-01T00:00:00.000Z"
    found = service.registry.snapshot.find("default", "old")
    assert found is not None
    assert found.callable
    assert found.deprecation is not None
    assert service.registry.snapshot.successor(found.deprecation.successor_uid) is not None


async def test_once_more_changes_what_is_announced_and_not_since_when(api: Api, clock: ManualClock) -> None:
    """The same table: deprecated to deprecated. What is left out is not announced any more."""
    model = await api.make("/models", name="old")
    await api.make("/models", name="new")
    path = f"/models/{model['uid']}/deprecation"
    first = (await api.post(path, {"sunset_at": "2027-03-31T12:00:00+02:00"})).json["deprecation"]
    assert first["sunset_at"] == "2027-03-31T10:00:00.000Z"
    clock.advance(60)
    again = await api.post(path, {"successor": "new"})
    assert again.json["deprecation"]["at"] == first["at"]
    assert again.json["deprecation"]["sunset_at"] is None
    same = await api.post(path, {"successor": "new"})
    assert same.etag == again.etag


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"sunset_at": "2026-12-31"}, "validation_failed"),
        ({"sunset_at": "2027-12-31T10:00:00"}, "validation_failed"),
        ({"sunset_at": "soon"}, "validation_failed"),
        ({"successor": "old"}, "bad_successor"),
        ({"successor": "nobody"}, "bad_successor"),
        ({"successor": "off"}, "bad_successor"),
        ({"successor": "theirs"}, "bad_successor"),
    ],
)
async def test_what_cannot_come_true_is_not_announced(api: Api, body: dict[str, str], code: str) -> None:
    """A time that is over or has no zone, a successor that is none: 422, and nothing has changed."""
    model = await api.make("/models", name="old")
    off = await api.make("/models", name="off")
    await api.patch(f"/models/{off['uid']}", {"state": "disabled"})
    await api.make("/teams", name="other")
    await api.make("/models", name="theirs", team="other")
    answer = await api.post(f"/models/{model['uid']}/deprecation", body)
    assert (answer.status, answer.json["code"]) == (422, code)
    assert (await api.get(f"/models/{model['uid']}")).json["state"] == "active"


async def test_reactivating_announces_nothing_any_more(api: Api) -> None:
    """By its own call, or by a patch of the state."""
    model = await api.make("/models", name="old")
    path = f"/models/{model['uid']}"
    assert (await api.delete(f"{path}/deprecation", by=PUBLISHER)).json["code"] == "state_conflict"
    for back in ("call", "patch"):
        await api.post(f"{path}/deprecation", {"sunset_at": "2027-03-31"})
        done = await (api.delete(f"{path}/deprecation") if back == "call" else api.patch(path, {"state": "active"}))
        assert (done.status, done.json["state"], done.json["deprecation"]) == (200, "active", None), back


async def test_each_step_needs_its_own_permission(api: Api) -> None:
    """Deprecating is the publisher's, switching off and protecting the operator's."""
    model = await api.make("/models", name="a")
    path = f"/models/{model['uid']}"
    for by, statuses in ((DEVELOPER, (403, 403, 403)), (PUBLISHER, (200, 403, 403)), (OPERATOR, (200, 200, 200))):
        answers = [
            await api.post(f"{path}/deprecation", {}, by=by),
            await api.patch(path, {"state": "disabled"}, by=by),
            await api.post(f"{path}/protection", {"enabled": True}, by=by),
        ]
        assert tuple(one.status for one in answers) == statuses
        if by is PUBLISHER:
            await api.delete(f"{path}/deprecation")


async def test_a_patch_of_the_state_goes_by_the_table(api: Api) -> None:
    """Enabled again it is what it was before; what the table has not is a 409 that says what is."""
    model = await api.make("/models", name="a")
    path = f"/models/{model['uid']}"
    await api.post(f"{path}/deprecation", {"sunset_at": "2027-03-31"})
    assert (await api.patch(path, {"state": "disabled"})).json["state"] == "disabled"
    refused = await api.post(f"{path}/deprecation", {})
    assert (refused.status, refused.json["state"]) == (409, "disabled")
    assert refused.json["possible"] == ["enable", "delete"]
    back = (await api.patch(path, {"state": "active"})).json
    assert (back["state"], back["deprecation"]["sunset_at"]) == ("deprecated", "2027-04-01T00:00:00.000Z")


async def test_nothing_of_a_deleted_model_is_changed(api: Api) -> None:
    """Neither it nor its endpoints: it comes back as it left."""
    model = await api.make("/models", name="a", endpoints=[{"base_url": UPSTREAM}])
    path, endpoint = f"/models/{model['uid']}", f"/endpoints/{model['endpoints'][0]['id']}"
    await api.delete(path)
    answers = [
        await api.patch(path, {"description": "x"}),
        await api.patch(path, {"state": "active"}),
        await api.patch(endpoint, {"weight": 3}),
        await api.delete(endpoint),
        await api.post("/endpoints", {"model": model["uid"], "base_url": UPSTREAM}),
        await api.post(f"{path}/deprecation", {}),
    ]
    assert [(one.status, one.json["code"]) for one in answers] == [(409, "state_conflict")] * 6


@pytest.mark.parametrize("call", ["deprecation", "protection"])
async def test_if_match_guards_each_step(api: Api, call: str) -> None:
    """412 with the present tag; what is malformed is a 400."""
    model = await api.make("/models", name="a")
    path, body = f"/models/{model['uid']}/{call}", {"enabled": True} if call == "protection" else {}
    assert (await api.post(path, body, If_Match='"x.1"')).json["etag"] == model["etag"]
    assert (await api.post(path, body, If_Match="1")).status == 400
    assert (await api.post(path, body, If_Match=model["etag"])).status == 200
