"""Teams and gateways over HTTP."""

import pytest
from sqlalchemy import insert

from gateway.api.permissions import Role
from gateway.registry.service.registry_service import RegistryService
from gateway.storage.engine import Database
from gateway.storage.schema import keys
from tests.registry.api import ORIGIN, Api, principal

BOUND_ADMIN = principal(Role.ADMIN, team="default")
UPSTREAM = "http://10.0.0.1:8000/v1"


async def test_the_team_default_exists_from_the_start(api: Api, service: RegistryService) -> None:
    """design.md: and starting again makes no second one."""
    await service.ensure_default()
    (team,) = (await api.get("/teams")).json["items"]
    assert (team["name"], team["base_url"], team["kind"]) == ("default", "/access/models/default/", "server")
    assert team["url"] == f"{ORIGIN}access/models/default/"


async def test_a_deleted_default_team_is_not_made_anew(api: Api, service: RegistryService) -> None:
    """It is made for a new installation, not for one that chose other names."""
    await api.make("/teams", name="research")
    (default,) = (await api.get("/teams?name=default")).json["items"]
    assert (await api.delete(f"/teams/{default['id']}")).status == 200
    await service.ensure_default()
    assert [team["name"] for team in (await api.get("/teams")).json["items"]] == ["research"]


async def test_a_team_publishes_through_its_own_default(api: Api) -> None:
    """`default_via` is for models that choose nothing; the team's own address follows it too."""
    await api.make("/gateways", name="eu", url="https://eu.example")
    team = await api.make("/teams", name="research", default_via="eu")
    assert (team["default_via"], team["gateway"], team["base_url"]) == ("eu", "eu", "https://eu.example")
    model = await api.make("/models", name="a", team="research")
    assert (model["via"], model["gateway"], model["base_url"]) == (None, "eu", "https://eu.example")
    changed = (await api.patch(f"/teams/{team['id']}", {"default_via": "server"})).json
    assert (changed["default_via"], changed["gateway"]) == ("server", None)
    assert (await api.get(f"/models/{model['uid']}")).json["base_url"] == "/access/models/research/"


async def test_a_teams_name_cannot_be_changed(api: Api) -> None:
    """It stands in published addresses, which are good for a model's whole life."""
    team = await api.make("/teams", name="research")
    assert (await api.patch(f"/teams/{team['id']}", {"name": "other"})).status == 422


async def test_default_endpoints_are_merged_by_operation(api: Api, service: RegistryService) -> None:
    """Null takes an entry away, others stay; only the team's own endpoints qualify."""
    model = await api.make("/models", name="a", endpoints=[{"base_url": UPSTREAM}])
    endpoint = model["endpoints"][0]["id"]
    path = f"/teams/{(await api.get('/teams')).json['items'][0]['id']}"
    both = await api.patch(path, {"default_endpoints": {"files": endpoint, "batches": endpoint}})
    assert both.json["default_endpoints"] == {"batches": endpoint, "files": endpoint}
    found = service.registry.snapshot.default_endpoint("default", "files")
    assert found is not None
    assert found.id == endpoint
    one = await api.patch(path, {"default_endpoints": {"files": None}})
    assert one.json["default_endpoints"] == {"batches": endpoint}
    other = await api.make("/teams", name="other")
    wrong = await api.patch(f"/teams/{other['id']}", {"default_endpoints": {"files": endpoint}})
    assert (wrong.status, wrong.json["code"]) == (422, "endpoint_not_found")


async def test_a_team_with_contents_is_not_deleted(api: Api, database: Database) -> None:
    """LIF-3: models and keys are listed in the refusal."""
    team = await api.make("/teams", name="research")
    model = await api.make("/models", name="a", team="research")
    row = {"id": "key_1", "key_id": "k", "env": "live", "name": "ci", "role": "viewer", "hash": b"", "pepper_id": "p"}
    async with database.write() as conn:
        await conn.execute(insert(keys).values(**row, team_id=team["id"], created_at=1, updated_at=1))
    blocked = await api.delete(f"/teams/{team['id']}")
    assert (blocked.status, blocked.json["code"], blocked.json["references_total"]) == (409, "team_referenced", 2)
    assert [one["id"] for one in blocked.json["references"]] == [model["uid"], "key_1"]


async def test_a_key_of_one_team_sees_and_makes_no_other(api: Api) -> None:
    """ACL-3, whatever the role: gateways and teams belong to the whole installation."""
    other = await api.make("/teams", name="other")
    gateway = await api.make("/gateways", name="eu", url="https://eu.example")
    assert [team["name"] for team in (await api.get("/teams", by=BOUND_ADMIN)).json["items"]] == ["default"]
    assert (await api.get(f"/teams/{other['id']}", by=BOUND_ADMIN)).status == 404
    assert (await api.post("/teams", {"name": "mine"}, by=BOUND_ADMIN)).status == 403
    assert (await api.delete(f"/teams/{other['id']}", by=BOUND_ADMIN)).status == 404
    assert (await api.post("/gateways", {"name": "x", "url": "https://x.example"}, by=BOUND_ADMIN)).status == 403
    assert (await api.patch(f"/gateways/{gateway['id']}", {"name": "x"}, by=BOUND_ADMIN)).status == 403
    assert (await api.delete(f"/gateways/{gateway['id']}", by=BOUND_ADMIN)).status == 403


@pytest.mark.parametrize("path", ["/teams", "/gateways"])
async def test_names_are_checked_and_unique(api: Api, path: str) -> None:
    """422 for what is no name, 409 for what is taken."""
    extra = {"url": "https://x.example"} if path == "/gateways" else {}
    assert (await api.post(path, {"name": "Eu West", **extra})).json["code"] == "invalid_name"
    await api.make(path, name="eu", **extra)
    taken = await api.post(path, {"name": "eu", **extra})
    assert (taken.status, taken.json["code"]) == (409, "name_taken")


@pytest.mark.parametrize(
    "url", ["/v1", "gateway.example.com", "https://u:p@gw.example", "https://gw.example/?x=1", "https://gw.example#f"]
)
async def test_a_gateways_url_must_be_callable(api: Api, url: str) -> None:
    """It is published as it stands, so the resolver judges it first."""
    answer = await api.post("/gateways", {"name": "eu", "url": url})
    assert (answer.status, answer.json["code"], answer.json["param"]) == (422, "invalid_url", "url")


async def test_at_most_one_gateway_is_the_default(api: Api) -> None:
    """A new default takes the flag from the old one, whose ETag grows."""
    first = await api.make("/gateways", name="a", url="https://a.example", is_default=True)
    model = await api.make("/models", name="m")
    await api.make("/gateways", name="b", url="https://b.example", is_default=True)
    again = await api.get(f"/gateways/{first['id']}", If_None_Match=first["etag"])
    assert again.json["is_default"] is False
    assert (await api.get(f"/models/{model['uid']}", If_None_Match=model["etag"])).json["gateway"] == "b"


@pytest.mark.parametrize("how", ["model", "team", "default"])
async def test_a_gateway_in_use_is_not_deleted(api: Api, how: str) -> None:
    """By choice or as the default: what would lose its address is listed; afterwards it goes."""
    gateway = await api.make("/gateways", name="eu", url="https://eu.example", is_default=how == "default")
    model = await api.make("/models", name="m", via="eu" if how == "model" else None)
    team = (await api.get("/teams")).json["items"][0]
    if how == "team":
        await api.patch(f"/teams/{team['id']}", {"default_via": "eu"})
    path = f"/gateways/{gateway['id']}"
    blocked = await api.delete(path)
    assert (blocked.status, blocked.json["code"]) == (409, "gateway_referenced")
    assert [one["id"] for one in blocked.json["references"]] == [team["id"] if how == "team" else model["uid"]]
    await api.patch(f"/models/{model['uid']}", {"via": "server"})
    await api.patch(f"/teams/{team['id']}", {"default_via": "server"})
    assert (await api.delete(path)).json["name"] == "eu"
    assert (await api.get(path)).json["code"] == "gateway_not_found"


async def test_if_match_guards_teams_and_gateways(api: Api) -> None:
    """A stale ETag is a 412 with the current one."""
    gateway = await api.make("/gateways", name="eu", url="https://eu.example")
    team = await api.make("/teams", name="research")
    for path in (f"/gateways/{gateway['id']}", f"/teams/{team['id']}"):
        assert (await api.patch(path, {"description": "x"}, If_Match='"old.1"')).status == 412
        assert (await api.delete(path, If_Match='"old.1"')).status == 412
