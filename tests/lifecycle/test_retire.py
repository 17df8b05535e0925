"""Deleting a model: what it leaves, what it takes along, and what stands against it. On both databases."""

import pytest

from gateway.api.permissions import Role
from gateway.registry.service.registry_service import RegistryService
from tests.registry.api import Api, principal

UPSTREAM = "http://10.0.0.1:8000/v1"
OPERATOR = principal(Role.OPERATOR, team="default")
PUBLISHER = principal(Role.PUBLISHER, team="default")
STRANGER = principal(Role.ADMIN, team="other")


async def test_a_deleted_model_can_come_back(api: Api, service: RegistryService) -> None:
    """LIF-2: it is called no more, its row and endpoints stay; restored it is switched off, then as before."""
    model = await api.make("/models", name="a", endpoints=[{"base_url": UPSTREAM, "api_key": "sk-1234567890123456"}])
    path = f"/models/{model['uid']}"
    gone = await api.delete(path, by=OPERATOR, X_Reason="too old")
    assert gone.status == 200, gone.json
    assert (gone.json["state"], gone.json["uid"], gone.json["name"]) == ("deleted", model["uid"], "a")
    assert gone.json["delete_time"] == "2027-01-15T08:00:00.000Z"
    assert gone.json["purge_time"] == "2027-02-14T08:00:00.000Z"
    assert gone.json["reason"] == "too old"
    assert gone.etag == gone.json["etag"] == f'"{model["uid"]}.2"'
    closed = {
        "kind": "endpoint",
        "id": model["endpoints"][0]["id"],
        "name": UPSTREAM,
        "action": "closed",
        "detail": None,
    }
    assert gone.json["effects"] == [closed]
    assert service.registry.snapshot.find("default", "a") is None
    assert service.registry.snapshot.endpoints == {}
    back = await api.post(f"{path}/undelete", {}, by=OPERATOR)
    assert (back.status, back.json["state"]) == (200, "disabled"), back.json
    assert [one["id"] for one in back.json["endpoints"]] == [model["endpoints"][0]["id"]]
    assert back.json["health"] == "unproved"
    enabled = await api.patch(path, {"state": "active"}, by=OPERATOR)
    assert enabled.json["state"] == "active"
    found = service.registry.snapshot.find("default", "a")
    assert found is not None
    assert found.callable


async def test_a_reference_keeps_it_with_the_whole_list(api: Api) -> None:
    """LIF-3: 409, what points at it and why that is in the way; nothing has changed."""
    model = await api.make("/models", name="a")
    alias = await api.make("/aliases", name="best", model="a")
    blocked = await api.delete(f"/models/{model['uid']}")
    assert (blocked.status, blocked.json["code"]) == (409, "model_referenced")
    assert blocked.json["references"] == [
        {"kind": "alias", "id": alias["id"], "name": "best", "why": "it points at the model"}
    ]
    assert blocked.json["references_total"] == 1
    assert (await api.get(f"/models/{model['uid']}")).json["etag"] == f'"{model["uid"]}.2"'


async def test_cascade_takes_references_along_and_restoring_brings_them_back(api: Api) -> None:
    """The effects say so both times."""
    model = await api.make("/models", name="a")
    alias = await api.make("/aliases", name="best", model="a")
    etag = (await api.get(f"/models/{model['uid']}")).etag or ""
    gone = await api.delete(f"/models/{model['uid']}?references=cascade", If_Match=etag)
    assert gone.status == 200, gone.json
    assert [(one["kind"], one["name"], one["action"]) for one in gone.json["effects"]] == [("alias", "best", "deleted")]
    assert (await api.get(f"/aliases/{alias['id']}")).status == 404
    back = await api.post(f"/models/{model['uid']}/undelete", {"activate": True})
    assert (back.json["state"], back.json["aliases"]) == ("active", ["best"])
    assert (await api.get(f"/aliases/{alias['id']}")).json["model"] == "a"


@pytest.mark.parametrize("name", ["a", "org/name:tag", "Qwen/Qwen3-8B@q4+x"])
async def test_a_model_is_named_by_uid_or_by_name(api: Api, name: str) -> None:
    """A name may hold what a path has a meaning for; it is escaped there."""
    await api.make("/models", name=name)
    escaped = name.replace("/", "%2F").replace(":", "%3A").replace("@", "%40").replace("+", "%2B")
    gone = await api.delete(f"/models/{escaped}?team=default")
    assert (gone.status, gone.json.get("name")) == (200, name), gone.json
    assert (await api.post(f"/models/{escaped}/undelete", {"activate": True})).json["state"] == "active"


async def test_permission_comes_before_existence(api: Api) -> None:
    """ACL-4: retiring is the operator's, taking others along the administrator's, and neither says what exists."""
    model = await api.make("/models", name="a")
    for uid in (model["uid"], "mdl_unknown"):
        assert (await api.delete(f"/models/{uid}", by=PUBLISHER)).status == 403
        for policy in ("cascade", "repoint"):
            assert (await api.delete(f"/models/{uid}?references={policy}", by=OPERATOR)).status == 403
    assert (await api.delete("/models/mdl_unknown", by=OPERATOR)).json["code"] == "model_not_found"


async def test_another_teams_model_does_not_exist(api: Api) -> None:
    """ACL-3: by uid and by name, for each of the calls."""
    await api.make("/teams", name="other")
    model = await api.make("/models", name="a")
    for named in (model["uid"], "a"):
        path = f"/models/{named}"
        answers = [
            await api.delete(path, by=STRANGER),
            await api.get(f"{path}/references", by=STRANGER),
            await api.post(f"{path}/undelete", {}, by=STRANGER),
            await api.post(f"{path}/protection", {"enabled": True}, by=STRANGER),
            await api.post(f"{path}/deprecation", {}, by=STRANGER),
            await api.delete(f"{path}/deprecation", by=STRANGER),
        ]
        assert [one.json["code"] for one in answers] == ["model_not_found"] * 6
