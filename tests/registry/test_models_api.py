"""Models over HTTP, on both databases."""

import pytest

from gateway.api.page import encode_cursor
from gateway.api.permissions import Role
from gateway.registry.service.registry_service import RegistryService
from tests.clock import ManualClock
from tests.registry.api import ORIGIN, Api, principal

UPSTREAM = "http://10.0.0.1:8000/v1"
PUBLISHER = principal(Role.PUBLISHER, team="default")
STRANGER = principal(Role.PUBLISHER, team="other")


async def test_one_call_publishes_a_model_with_its_endpoint(api: Api, service: RegistryService) -> None:
    """The answer has everything to call it, and this process serves it before the answer is out."""
    answer = await api.post(
        "/models",
        {"name": "qwen3", "endpoints": [{"base_url": UPSTREAM, "upstream_model": "Qwen/Qwen3-8B"}]},
        by=PUBLISHER,
    )
    assert answer.status == 201
    model = answer.json
    assert (model["name"], model["team"], model["task"], model["state"]) == ("qwen3", "default", "chat", "active")
    assert model["base_url"] == "/access/models/default/"
    assert model["url"] == f"{ORIGIN}access/models/default/"
    assert (model["kind"], model["via"], model["gateway"], model["warnings"]) == ("server", None, None, [])
    assert [one["upstream_model"] for one in model["endpoints"]] == ["Qwen/Qwen3-8B"]
    assert answer.headers["Location"] == f"models/{model['uid']}"
    assert answer.etag == model["etag"] == f'"{model["uid"]}.1"'
    assert model["created_at"] == "2027-01-15T08:00:00.000Z"
    found = service.registry.snapshot.find("default", "qwen3")
    assert found is not None
    assert (found.uid, found.callable) == (model["uid"], True)


async def test_a_refused_endpoint_leaves_no_model_behind(api: Api) -> None:
    """A model and its endpoints are published together or not at all."""
    body = {"name": "qwen3", "endpoints": [{"base_url": UPSTREAM}, {"base_url": UPSTREAM, "api_key": "env:NOT_SET"}]}
    assert (await api.post("/models", body)).status == 422
    assert (await api.get("/models")).json["items"] == []


async def test_the_answer_has_one_structure_for_both_forms_of_address(api: Api) -> None:
    """Through a gateway or on the server: the same members, other values."""
    await api.make("/gateways", name="eu", url="HTTPS://Gateway.Example.com:443")
    on_server = await api.make("/models", name="a", via="server")
    behind = await api.make("/models", name="b", via="eu")
    assert behind.keys() == on_server.keys()
    assert (behind["base_url"], behind["url"], behind["kind"]) == ("https://gateway.example.com",) * 2 + ("gateway",)
    assert (behind["via"], behind["gateway"]) == ("eu", "eu")
    assert (on_server["via"], on_server["gateway"]) == ("server", None)


async def test_a_gateways_new_url_is_published_at_once(api: Api) -> None:
    """Nothing is stored pre-joined: the next read shows it, and a cached copy is not confirmed."""
    gateway = await api.make("/gateways", name="eu", url="https://old.example")
    model = await api.make("/models", name="a", via="eu")
    await api.patch(f"/gateways/{gateway['id']}", {"url": "http://new.example/x"})
    again = await api.get(f"/models/{model['uid']}", If_None_Match=model["etag"])
    assert again.status == 200
    assert (again.json["base_url"], again.json["warnings"]) == ("http://new.example/x", ["downgrade"])


@pytest.mark.parametrize("step", ["team", "default", "name"])
async def test_what_a_default_decides_changes_the_etag(api: Api, step: str) -> None:
    """A client that asks with If-None-Match hears of every move of the address."""
    gateway = await api.make("/gateways", name="eu", url="https://eu.example", is_default=step == "name")
    team = (await api.get("/teams?name=default")).json["items"][0]
    model = await api.make("/models", name="a")
    if step == "team":
        await api.patch(f"/teams/{team['id']}", {"default_via": "eu"})
    elif step == "default":
        await api.patch(f"/gateways/{gateway['id']}", {"is_default": True})
    else:
        await api.patch(f"/gateways/{gateway['id']}", {"name": "europe"})
    for path, etag in ((f"/models/{model['uid']}", model["etag"]), (f"/teams/{team['id']}", team["etag"])):
        again = await api.get(path, If_None_Match=etag)
        assert again.status == 200
        assert again.json["gateway"] == ("europe" if step == "name" else "eu")


async def test_an_unchanged_model_is_not_sent_again(api: Api) -> None:
    """If-None-Match with the current ETag: 304 without a body."""
    model = await api.make("/models", name="a")
    again = await api.get(f"/models/{model['uid']}", If_None_Match=model["etag"])
    assert (again.status, again.json, again.etag) == (304, None, model["etag"])


async def test_a_patch_changes_what_is_given_and_null_goes_back(api: Api, clock: ManualClock) -> None:
    """JSON merge: absent fields stay, null takes a value away, the revision grows."""
    model = await api.make("/models", name="a", via="server", idle_timeout_s=5.5, description="first")
    clock.advance(60)
    answer = await api.patch(f"/models/{model['uid']}", {"via": None, "idle_timeout_s": None, "task": "embeddings"})
    changed = answer.json
    assert (changed["via"], changed["idle_timeout_s"], changed["task"]) == (None, None, "embeddings")
    assert changed["description"] == "first"
    assert changed["etag"] == f'"{model["uid"]}.2"'
    assert changed["updated_at"] == "2027-01-15T08:01:00.000Z"
    assert changed["created_at"] == model["created_at"]


async def test_a_patch_that_changes_nothing_makes_no_revision(api: Api) -> None:
    """Otherwise every idle `apply` would invalidate what others hold."""
    model = await api.make("/models", name="a")
    for body in ({}, {"name": "a"}, {"via": None, "description": ""}):
        assert (await api.patch(f"/models/{model['uid']}", body)).json == model


async def test_if_match_guards_a_change(api: Api) -> None:
    """lifecycle.md section 6: strong comparison; what is malformed is refused, never ignored."""
    model = await api.make("/models", name="a")
    path = f"/models/{model['uid']}"
    for condition, status in (('"mdl_x.1"', 412), ("1", 400), ("", 400), (f"W/{model['etag']}", 412)):
        answer = await api.patch(path, {"name": "b"}, If_Match=condition)
        assert answer.status == status
        assert answer.json.get("etag") == (model["etag"] if status == 412 else None)
    for condition in (model["etag"], "*"):
        assert (await api.patch(path, {"description": condition}, If_Match=condition)).status == 200


async def test_two_changes_with_one_etag_have_one_winner(api: Api) -> None:
    """The second one hears of the first."""
    model = await api.make("/models", name="a")
    path, guard = f"/models/{model['uid']}", {"If_Match": model["etag"]}
    assert (await api.patch(path, {"description": "x"}, **guard)).status == 200
    assert (await api.delete(path, **guard)).status == 412


@pytest.mark.parametrize("kind", ["models", "aliases"])
async def test_a_name_is_unique_among_models_and_aliases(api: Api, kind: str) -> None:
    """Callers could not tell them apart: 409 name_taken, both ways."""
    model = await api.make("/models", name="a")
    await api.make("/aliases", name="best", model="a")
    extra = {"model": model["uid"]} if kind == "aliases" else {}
    for name in ("a", "best"):
        answer = await api.post(f"/{kind}", {"name": name, **extra})
        assert (answer.status, answer.json["code"], answer.json["param"]) == (409, "name_taken", "name")
    other = await api.make(f"/{kind}", name="free", **extra)
    renamed = await api.patch(f"/{kind}/{other.get('uid', other.get('id'))}", {"name": "best"})
    assert (renamed.status, renamed.json["existing"]["kind"]) == (409, "alias")


async def test_another_team_may_use_the_same_name(api: Api) -> None:
    """Names live in their team."""
    await api.make("/teams", name="other")
    first, second = await api.make("/models", name="a"), await api.make("/models", name="a", team="other")
    assert first["uid"] != second["uid"]
    assert second["base_url"] == "/access/models/other/"


async def test_a_models_new_name_shows_in_its_parts(api: Api, service: RegistryService) -> None:
    """Endpoints and aliases show it too, so their ETags change with it."""
    model = await api.make("/models", name="a", endpoints=[{"base_url": UPSTREAM}])
    alias = await api.make("/aliases", name="best", model="a")
    await api.patch(f"/models/{model['uid']}", {"name": "b"})
    assert (await api.get(f"/aliases/{alias['id']}", If_None_Match=alias["etag"])).json["model"] == "b"
    assert (await api.get(f"/endpoints/{model['endpoints'][0]['id']}")).json["model"] == "b"
    assert service.registry.snapshot.names("default") == ("b", "best")


async def test_a_path_of_its_own_is_published_when_it_is_served(api: Api) -> None:
    """Which ones are is in test_address.py; it is checked on creation and on change."""
    model = await api.make("/models", name="a", path="/v1")
    assert (model["base_url"], model["url"]) == ("/v1", f"{ORIGIN}v1")
    for answer in (
        await api.post("/models", {"name": "b", "path": "/elsewhere"}),
        await api.patch(f"/models/{model['uid']}", {"path": "/elsewhere"}),
    ):
        assert (answer.status, answer.json["code"], answer.json["param"]) == (422, "invalid_path", "path")
    assert (await api.patch(f"/models/{model['uid']}", {"path": None})).json["base_url"] == "/access/models/default/"


async def test_an_unknown_gateway_is_refused_with_the_likely_one(api: Api) -> None:
    """`via` names a gateway that exists, or "server"."""
    await api.make("/gateways", name="eu-west", url="https://eu.example")
    answer = await api.post("/models", {"name": "a", "via": "eu_west"})
    assert (answer.status, answer.json["code"], answer.json["did_you_mean"]) == (422, "gateway_not_found", ["eu-west"])


async def test_switching_a_model_off_needs_the_operators_permission(api: Api, service: RegistryService) -> None:
    """security.md section 6: a publisher publishes, an operator disables."""
    model = await api.make("/models", name="a", endpoints=[{"base_url": UPSTREAM}])
    path = f"/models/{model['uid']}"
    assert (await api.patch(path, {"state": "disabled"}, by=PUBLISHER)).status == 403
    operator = principal(Role.OPERATOR, team="default")
    assert (await api.patch(path, {"state": "disabled"}, by=operator)).json["state"] == "disabled"
    found = service.registry.snapshot.find("default", "a")
    assert found is not None
    assert not found.callable


async def test_another_teams_model_does_not_exist(api: Api) -> None:
    """ACL-3: every way to it is a 404 that tells nothing."""
    await api.make("/teams", name="other")
    model = await api.make("/models", name="a", endpoints=[{"base_url": UPSTREAM}])
    path = f"/models/{model['uid']}"
    assert (await api.get(path, by=STRANGER)).json["code"] == "model_not_found"
    assert (await api.patch(path, {"name": "b"}, by=STRANGER)).status == 404
    assert (await api.get("/models?team=default", by=STRANGER)).json["code"] == "team_not_found"
    assert (await api.get("/models", by=STRANGER)).json["items"] == []
    assert (await api.post("/models", {"name": "b", "team": "default"}, by=STRANGER)).status == 404
    assert (await api.get(f"/endpoints/{model['endpoints'][0]['id']}", by=STRANGER)).status == 404
    endpoint = {"model": model["uid"], "base_url": UPSTREAM}
    assert (await api.post("/endpoints", endpoint, by=STRANGER)).status == 404


async def test_lists_are_paged_by_name_and_filtered(api: Api) -> None:
    """A cursor goes on behind the last name, whatever was added before it meanwhile."""
    for name in ("c", "a", "e", "b"):
        await api.make("/models", name=name, task="embeddings" if name == "e" else "chat")
    first = (await api.get("/models?limit=2")).json
    await api.make("/models", name="aa")
    second = (await api.get(f"/models?limit=2&cursor={first['next_cursor']}")).json
    assert [one["name"] for one in first["items"] + second["items"]] == ["a", "b", "c", "e"]
    assert second["next_cursor"] is None
    assert [one["name"] for one in (await api.get("/models?task=embeddings")).json["items"]] == ["e"]
    assert [one["name"] for one in (await api.get("/models?name=c&team=default")).json["items"]] == ["c"]
    assert (await api.get("/models?cursor=bm9wZQ")).json["code"] == "invalid_cursor"


async def test_every_page_of_one_covers_the_list_once(api: Api) -> None:
    """The last row of a page is the first thing behind which the next one looks."""
    for number in range(4):
        await api.make("/models", name=f"m{number}")
    seen, cursor = [], ""
    while cursor is not None:
        page = (await api.get(f"/models?limit=1{cursor and '&cursor='}{cursor}")).json
        seen += [one["name"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert seen == ["m0", "m1", "m2", "m3"]


async def test_no_text_that_was_sent_makes_the_server_fail(api: Api) -> None:
    """Bytes that are no UTF-8, half surrogates and NUL in paths, filters and cursors: refused or not found."""
    cursors = (encode_cursor(("\0", "a")), "WyJcdWQ4MDAiLCJhIl0")  # the second one holds half a surrogate
    paths = ("/models/%ff", "/models/mdl_%ed%a0%80", "/models?name=%ff", "/endpoints?model=mdl_%ed%a0%80", "/teams/%00")
    for path in (*paths, *(f"/models?cursor={cursor}" for cursor in cursors)):
        assert (await api.get(path)).status in {200, 400, 404}, path
