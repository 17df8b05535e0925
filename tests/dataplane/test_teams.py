"""Which team a call belongs to, and what its key sees of models: through every door alike (ACL-3, section 7)."""

from urllib.parse import quote

import pytest

from tests.app.caller import Caller
from tests.dataplane.house import House, chat, mark, refused, sent, word
from tests.dataplane.opening import opened

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def names(caller: Caller, base: str = "v1") -> list[str]:
    """Return the names that the caller is shown."""
    return [one["id"] for one in (await caller.show(f"{base}/models"))["data"]]


async def test_each_team_has_its_own_model_of_a_name(house: House) -> None:
    """The same name in two teams: each key calls and lists its own."""
    name, teams = word("same"), [await house.team(), await house.team()]
    for team, upstream in zip(teams, (house.near, house.far), strict=True):
        await house.admin.make("models", name=name, team=team, endpoints=[{"base_url": upstream.url}])
    for team, upstream in zip(teams, (house.near, house.far), strict=True):
        caller, before = await house.member(team), len(upstream.journal.records)
        for base in ("v1", f"access/models/{team}"):
            assert (await caller.chat(name, path=f"{base}/chat/completions")).status == 200
            assert (await caller.show(f"{base}/models/{name}"))["owned_by"] == team
        assert len(upstream.journal.records) == before + 2


@pytest.mark.parametrize("path", ["models", "models/x", "chat/completions", "files", "responses/resp_1"])
async def test_another_team_is_forbidden_whether_or_not_it_exists(house: House, path: str) -> None:
    """403 in the same words, before anything about the model is looked at."""
    mine, theirs = await house.team(), await house.team()
    caller, told = await house.member(mine), []
    for team in (theirs, word("team")):
        method, body = ("POST", chat("x")) if path == "chat/completions" else ("GET", None)
        error = refused(await caller.call(method, f"access/models/{team}/{path}", body), 403, "permission_denied")
        told.append(str({**error, "request_id": ""}).replace(team, "TEAM"))
    assert told[0] == told[1]


async def test_a_team_is_spelled_one_way(house: House) -> None:
    """RES-5: an escaped spelling is another word, for the check as for the look-up."""
    team = await house.team()
    caller = await house.member(team)
    assert (await caller.get(f"access/models/{team}/models")).status == 200
    for spelling in (f"%{ord(team[0]):02x}{team[1:]}", team.upper(), f"{team}%20", f"{team};x=1"):
        refused(await caller.get(f"access/models/{spelling}/models"), 403, "permission_denied")


async def test_an_administrator_is_told_which_teams_there_are(house: House) -> None:
    """Who may see every team gets a 404 with the nearest name."""
    team = await house.team()
    error = refused(await house.admin.get(f"access/models/{team}x/models"), 404, "team_not_found")
    assert f"{team!r}" in error["hint"]


async def test_unbound_callers_mean_the_same_team_everywhere(house: House) -> None:
    """`/v1/` and `resolve` agree: `default`, as long as there is one."""
    model = await house.publish(house.near)
    for caller in (house.admin, house.product.anonymous):
        assert (await caller.chat(model.name)).status == 200
        assert (await caller.show(f"api/v1/resolve?model={model.name}"))["team"] == "default"
        assert await names(caller) == await names(caller, "access/models/default")


@pytest.mark.parametrize("rest", [1, 2])
async def test_without_a_default_team_the_only_one_is_meant(
    tmp_path_factory: pytest.TempPathFactory, rest: int
) -> None:
    """Of several nobody can say which: both refuse with the same code."""
    async with opened(tmp_path_factory.mktemp("teams")) as house:
        teams = [await house.team() for _ in range(rest)]
        model = await house.publish(house.near, team=teams[0])
        default = (await house.admin.show("api/v1/teams?name=default"))["items"][0]
        assert (await house.admin.call("DELETE", f"api/v1/teams/{default['id']}")).status == 200
        for caller in (house.admin, house.product.anonymous):
            answers = [await caller.get("api/v1/resolve"), await caller.get("v1/models"), await caller.chat(model.name)]
            if rest == 1:
                assert [one.status for one in answers] == [200] * 3
                assert answers[0].json["team"] == teams[0]
                assert await names(caller) == [model.name]
            else:
                assert [(one.status, one.code) for one in answers] == [(422, "team_required")] * 3


async def test_a_key_sees_and_calls_what_its_patterns_say(house: House) -> None:
    """KEY-6: models and aliases, in lists, entries, calls and did-you-mean."""
    team = await house.team()
    granted, hidden = await house.publish(house.near, team=team), await house.publish(house.near, team=team)
    await house.admin.make("aliases", name="fast", model=granted.name, team=team)
    await house.admin.make("aliases", name="slow", model=hidden.name, team=team)
    wide, narrow = await house.member(team), await house.member(team, models=[f"{granted.name[:-1]}?", "slow"])
    assert set(await names(wide)) == {granted.name, hidden.name, "fast", "slow"}
    assert set(await names(narrow)) == {granted.name, "fast", "slow"}
    for name in (granted.name, "fast", "slow"):
        assert (await narrow.chat(name)).status == 200
    error = refused(await narrow.chat(hidden.name), 404, "model_not_found")
    assert hidden.name not in error["hint"]
    refused(await narrow.get(f"v1/models/{hidden.name}"), 404, "model_not_found")


@pytest.mark.parametrize("upstream_model", [None, "Org/Real-Name"])
async def test_an_alias_reaches_the_upstream_under_the_models_name(house: House, upstream_model: str | None) -> None:
    """PRX-10: the endpoint's name for it, else the model's; every other byte as it came, also where it is escaped."""
    model, alias = await house.publish({"base_url": house.near.url, "upstream_model": upstream_model}), word("alias")
    await house.admin.make("aliases", name=alias, model=model.name)
    for spelling in (alias, f"\\u{ord(alias[0]):04x}{alias[1:]}"):
        marker = mark()
        body = f'{{"user":"{marker}", "model" :"{spelling}","n":1.0 }}'
        assert (await house.admin.post("v1/chat/completions", body.encode())).status == 200
        expected = body.replace(spelling, upstream_model or model.name)
        assert sent(house.near, marker)[0].start.decode() == expected


async def test_a_disabled_model_is_gone_from_lists_and_says_why(house: House) -> None:
    """Those who may use it are told; nobody is asked."""
    model = await house.publish(house.near)
    await house.change(f"models/{model.uid}", state="disabled")
    caller, stranger = await house.member(), await house.member(models=["something-else"])
    answered = await caller.chat(model.name)
    refused(answered, 404, "model_disabled")
    assert answered.headers["x-should-retry"] == "false"
    refused(await stranger.chat(model.name), 404, "model_not_found")
    assert model.name not in await names(caller)
    refused(await caller.get(f"v1/models/{model.name}"), 404, "model_not_found")
    await house.change(f"models/{model.uid}", state="active")
    assert (await caller.chat(model.name)).status == 200


async def test_a_model_whose_endpoints_are_off_is_known_but_unavailable(house: House) -> None:
    """mpb-14: 503 with Retry-After; and not in the list, which is about what can be called."""
    model, caller = await house.publish(house.near, house.far), await house.member()
    for endpoint in model.endpoints:
        await house.change(f"endpoints/{endpoint}", enabled=False)
    answered = await caller.chat(model.name)
    refused(answered, 503, "no_upstream_available")
    assert int(answered.headers["Retry-After"]) > 0
    assert model.name not in await names(caller)


@pytest.mark.parametrize("base", ["v1", "access/models/default", "access/models/default/v1"])
async def test_a_name_with_a_slash_is_found_in_both_spellings(house: House, base: str) -> None:
    """clients.md section 2: SDKs escape the slash, people do not; HEAD is GET without its body."""
    name = f"org/{word('model')}:free"
    await house.admin.make("models", name=name, endpoints=[{"base_url": house.near.url}])
    caller = await house.member()
    for spelling in (name, quote(name, safe=""), f"{name}/", quote(name)):
        shown = await caller.get(f"{base}/models/{spelling}")
        assert (shown.status, shown.json["id"]) == (200, name), spelling
        head = await caller.call("HEAD", f"{base}/models/{spelling}")
        assert (head.status, head.body) == (200, b"")
        assert head.headers["Content-Length"] == str(len(shown.body))
    assert (await caller.chat(name)).status == 200


@pytest.mark.parametrize(
    ("role", "lists", "calls"), [("viewer", 200, 403), ("auditor", 403, 403), ("publisher", 200, 200)]
)
async def test_a_role_decides_what_a_key_does_here(house: House, role: str, lists: int, calls: int) -> None:
    """security.md section 6: a viewer lists, an auditor does not even that."""
    model, caller = await house.publish(house.near), await house.product.as_role(role, team="default")
    assert (await caller.get("v1/models")).status == lists
    assert (await caller.get(f"v1/models/{model.name}")).status == lists
    answered = await caller.chat(model.name)
    assert answered.status == calls
    assert (await caller.chat("no-such-model")).status == (403 if calls == 403 else 404)
