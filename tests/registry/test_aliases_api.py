"""Aliases over HTTP."""

from gateway.api.permissions import Role
from gateway.registry.service.registry_service import RegistryService
from tests.registry.api import Api, principal

STRANGER = principal(Role.PUBLISHER, team="other")


async def test_an_alias_stands_for_a_model(api: Api, service: RegistryService) -> None:
    """It is made by the model's name or uid, and shows in the model's answer."""
    model = await api.make("/models", name="qwen3")
    alias = await api.make("/aliases", name="best", model="qwen3")
    assert (alias["model_uid"], alias["model"], alias["team"]) == (model["uid"], "qwen3", "default")
    shown = await api.get(f"/models/{model['uid']}", If_None_Match=model["etag"])
    assert shown.json["aliases"] == ["best"]
    assert service.registry.snapshot.find("default", "best") is service.registry.snapshot.find("default", "qwen3")


async def test_an_alias_can_be_pointed_elsewhere(api: Api, service: RegistryService) -> None:
    """Callers keep their name; both models' answers change."""
    first, second = await api.make("/models", name="a"), await api.make("/models", name="b")
    alias = await api.make("/aliases", name="best", model="a")
    changed = await api.patch(f"/aliases/{alias['id']}", {"model": second["uid"]}, If_Match=alias["etag"])
    assert (changed.status, changed.json["model"]) == (200, "b")
    found = service.registry.snapshot.find("default", "best")
    assert found is not None
    assert found.uid == second["uid"]
    assert (await api.get(f"/models/{first['uid']}")).json["aliases"] == []
    assert (await api.patch(f"/aliases/{alias['id']}", {"model": "a"}, If_Match=alias["etag"])).status == 412


async def test_an_alias_stays_in_its_team(api: Api) -> None:
    """A model of another team is none that it could stand for."""
    await api.make("/teams", name="other")
    foreign = await api.make("/models", name="x", team="other")
    await api.make("/models", name="a")
    alias = await api.make("/aliases", name="best", model="a")
    moved = await api.patch(f"/aliases/{alias['id']}", {"model": foreign["uid"]})
    assert (moved.status, moved.json["code"]) == (404, "model_not_found")
    for call in (api.get, api.delete):
        assert (await call(f"/aliases/{alias['id']}", by=principal(Role.OPERATOR, team="other"))).status == 404
    assert (await api.post("/aliases", {"name": "y", "model": foreign["uid"]}, by=STRANGER)).status == 201


async def test_aliases_are_listed_by_name_model_and_team(api: Api) -> None:
    """Filters work alone and together."""
    await api.make("/models", name="a")
    await api.make("/models", name="b")
    for name, model in (("z", "a"), ("y", "a"), ("x", "b")):
        await api.make("/aliases", name=name, model=model)
    assert [one["name"] for one in (await api.get("/aliases")).json["items"]] == ["x", "y", "z"]
    assert [one["name"] for one in (await api.get("/aliases?model=a&team=default")).json["items"]] == ["y", "z"]
    assert [one["name"] for one in (await api.get("/aliases?name=x")).json["items"]] == ["x"]
    assert (await api.get("/aliases?team=default", by=STRANGER)).status == 404


async def test_a_deleted_alias_is_no_name_any_more(api: Api, service: RegistryService) -> None:
    """The name is free again at once."""
    model = await api.make("/models", name="a")
    alias = await api.make("/aliases", name="best", model="a")
    assert (await api.delete(f"/aliases/{alias['id']}")).json["kind"] == "alias"
    assert service.registry.snapshot.find("default", "best") is None
    assert (await api.get(f"/aliases/{alias['id']}")).json["code"] == "alias_not_found"
    assert (await api.patch(f"/models/{model['uid']}", {"name": "best"})).status == 200
