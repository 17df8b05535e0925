"""`GET /api/v1/resolve`: what the SDK wrapper asks."""

import pytest

from gateway.api.permissions import Role
from tests.registry.api import ORIGIN, Api, principal


async def test_a_models_address_on_the_server(api: Api) -> None:
    """Exactly these members."""
    model = await api.make("/models", name="qwen3")
    assert (await api.get("/resolve?model=qwen3")).json == {
        "model": "qwen3",
        "uid": model["uid"],
        "team": "default",
        "base_url": "/access/models/default/",
        "url": f"{ORIGIN}access/models/default/",
        "via": None,
        "gateway": None,
        "revision": 1,
        "gateways": [],
    }


async def test_a_models_address_behind_a_gateway(api: Api) -> None:
    """The same members. An alias answers under its own name, all gateways are listed for key policies."""
    await api.make("/gateways", name="eu", url="https://eu.example")
    await api.make("/gateways", name="us", url="https://us.example/ai")
    model = await api.make("/models", name="org/qwen3", via="us")
    await api.make("/aliases", name="best", model=model["uid"])
    answer = (await api.get("/resolve?model=best")).json
    assert answer == {
        "model": "best",
        "uid": model["uid"],
        "team": "default",
        "base_url": "https://us.example/ai",
        "url": "https://us.example/ai",
        "via": "us",
        "gateway": "us",
        "revision": 2,
        "gateways": ["https://eu.example", "https://us.example/ai"],
    }
    assert (await api.get("/resolve?model=org/qwen3")).json["uid"] == model["uid"]


async def test_the_revision_grows_when_the_address_moves(api: Api) -> None:
    """Clients notice a moved address by it, also when only the gateway changed."""
    gateway = await api.make("/gateways", name="eu", url="https://eu.example")
    await api.make("/models", name="a", via="eu")
    before = (await api.get("/resolve?model=a")).json
    await api.patch(f"/gateways/{gateway['id']}", {"url": "https://new.example"})
    after = (await api.get("/resolve?model=a")).json
    assert after["url"] == "https://new.example"
    assert after["revision"] > before["revision"]


async def test_without_a_model_the_teams_own_address(api: Api) -> None:
    """For clients that route by each call's model."""
    assert (await api.get("/resolve")).json == {
        "team": "default",
        "base_url": "/access/models/default/",
        "url": f"{ORIGIN}access/models/default/",
        "gateways": [],
    }


async def test_an_unknown_name_leads_to_the_likely_one(api: Api) -> None:
    """UX-6: what was asked, what was probably meant, how many there are."""
    await api.make("/models", name="qwen-3")
    answer = await api.get("/resolve?model=qwen3")
    assert (answer.status, answer.json["code"], answer.json["did_you_mean"]) == (404, "model_not_found", ["qwen-3"])
    assert answer.json["detail"] == "model 'qwen3' not found in team 'default'; did you mean 'qwen-3'?"
    assert answer.json["hint"] == "1 model: GET /v1/models"


async def test_only_names_that_the_key_may_use_exist(api: Api) -> None:
    """A key's model patterns decide what is found and what is suggested; name or alias is enough."""
    await api.make("/models", name="qwen3")
    await api.make("/models", name="qwen4")
    await api.make("/aliases", name="best", model="qwen4")
    caller = principal(Role.DEVELOPER, team="default", models=("qwen4",))
    answer = await api.get("/resolve?model=qwen3", by=caller)
    assert (answer.status, answer.json["did_you_mean"]) == (404, ["qwen4"])
    assert (await api.get("/resolve?model=best", by=caller)).status == 200


@pytest.mark.parametrize(
    ("team", "wanted", "expected"),
    [
        ("other", "", "other"),
        ("other", "&team=other", "other"),
        ("other", "&team=default", 404),
        (None, "&team=other", "other"),
        (None, "&team=nobody", 404),
        (None, "", "default"),
    ],
)
async def test_the_team_comes_from_the_key_or_the_parameter(
    api: Api, team: str | None, wanted: str, expected: str | int
) -> None:
    """A key's own team; else the one that is named; else `default`."""
    await api.make("/teams", name="other")
    for name in ("default", "other"):
        await api.make("/models", name="m", team=name)
    answer = await api.get(f"/resolve?model=m{wanted}", by=principal(Role.DEVELOPER, team=team))
    if isinstance(expected, int):
        assert (answer.status, answer.json["code"]) == (expected, "team_not_found")
    else:
        assert answer.json["team"] == expected


async def test_the_only_team_is_meant_when_there_is_no_default(api: Api) -> None:
    """With several and none called default, the caller has to say which."""
    await api.make("/teams", name="research")
    (default,) = (await api.get("/teams?name=default")).json["items"]
    await api.delete(f"/teams/{default['id']}")
    assert (await api.get("/resolve")).json["team"] == "research"
    await api.make("/teams", name="sales")
    answer = await api.get("/resolve")
    assert (answer.status, answer.json["code"], answer.json["param"]) == (422, "team_required", "team")


async def test_an_auditor_learns_no_addresses(api: Api) -> None:
    """REGISTRY_READ is needed."""
    assert (await api.get("/resolve", by=principal(Role.AUDITOR))).status == 403
