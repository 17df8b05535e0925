"""Another team's objects do not exist: by id, by name, by filter, as a reference, and on the data plane (ACL-3)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.app.caller import Answer, Caller
from tests.app.conftest import Start
from tests.app.installation import Installation
from tests.app.walk import management, nobody
from tests.fakes.script import answer
from tests.fakes.upstream import Upstream

MARK = "mark-0000000b10e0"
NOUNS = ("models", "endpoints", "aliases", "keys", "teams")


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Two teams with one of everything each. `ids` are blue's, by noun; `red` is an operator of the other team."""

    product: Installation
    ids: dict[str, str]
    blue: Caller
    red: Caller


@pytest.fixture
async def neighbours(start: Start, upstream: Upstream) -> AsyncIterator[Neighbours]:
    """Give both teams; only names and ids of blue are used below."""
    async with start() as product:
        for team in ("blue", "red"):
            await product.admin.make("teams", name=team)
            await product.publish(f"{team}-model", upstream.url, team=team)
            await product.admin.make("aliases", name=f"{team}-alias", model=f"{team}-model", team=team)
        blue, red = await product.as_role("operator", team="blue"), await product.as_role("operator", team="red")
        yield Neighbours(product, {noun: await _first_id(blue, noun) for noun in NOUNS}, blue, red)


async def _first_id(caller: Caller, noun: str) -> str:
    (item,) = (await caller.show(f"api/v1/{noun}"))["items"]
    return str(item.get("uid") or item["id"])


async def test_each_team_sees_its_own(neighbours: Neighbours) -> None:
    """The fixture is what it says: with blue's key every one of its objects is there."""
    for noun, found in neighbours.ids.items():
        assert (await neighbours.blue.get(f"api/v1/{noun}/{found}")).status == 200


async def test_another_teams_ids_are_unknown_in_every_operation(neighbours: Neighbours) -> None:
    """The same answer as for an id of nobody, word for word, so that nothing can be found out."""
    for there, nowhere in zip(
        management(neighbours.product, neighbours.ids), management(neighbours.product), strict=True
    ):
        if there.path == nowhere.path or there.path.startswith("api/v1/gateways"):
            continue
        body = (b'{"enabled":true}' if there.path.endswith("/protection") else b"{}") if there.body else None
        answers = [await neighbours.red.call(step.method, step.path, body) for step in (there, nowhere)]
        theirs, nobodys = answers
        assert theirs.status == nobodys.status, f"{there}: {theirs.text} {nobodys.text}"
        assert theirs.status in {403, 404}, f"{there}: {theirs.text}"
        noun = next(one for one, found in neighbours.ids.items() if found in there.path)
        assert _words(theirs, neighbours.ids[noun]) == _words(nobodys, nobody(noun)), str(there)


def _words(said: Answer, name: str) -> dict[str, Any]:
    told: dict[str, Any] = said.json
    told.pop("request_id")
    return {member: str(value).replace(name, "ID") for member, value in told.items()}


@pytest.mark.parametrize("noun", NOUNS)
async def test_lists_hold_the_own_team_alone(neighbours: Neighbours, noun: str) -> None:
    """Whatever the filter says."""
    listed = await neighbours.red.get(f"api/v1/{noun}")
    assert "blue" not in listed.text
    assert len(listed.json["items"]) == 1


@pytest.mark.parametrize(
    "path",
    ["models?team=blue", "endpoints?team=blue", "aliases?team=blue", "keys?team=blue", "usage?team=blue",
     "resolve?team=blue", "resolve?team=blue&model=blue-model"],
)  # fmt: skip
async def test_asking_for_another_team_is_a_404(neighbours: Neighbours, path: str) -> None:
    """As for a team that nobody made."""
    theirs, nobodys = [await neighbours.red.get(f"api/v1/{one}") for one in (path, path.replace("blue", "gone"))]
    assert (theirs.status, theirs.code) == (404, "team_not_found"), theirs.text
    assert _words(theirs, "blue") == _words(nobodys, "gone")


@pytest.mark.parametrize("path", ["resolve?model=blue-model", "resolve?model=blue-alias", "endpoints?model=blue-model"])
async def test_another_teams_names_are_unknown(neighbours: Neighbours, path: str) -> None:
    """And not among the suggestions."""
    answer = await neighbours.red.get(f"api/v1/{path}")
    assert answer.status == 404
    assert "blue" not in answer.text.replace(path.partition("=")[2], "")


async def test_nothing_can_be_made_in_another_team(neighbours: Neighbours) -> None:
    """Neither by its name nor by a reference to what it has."""
    ids, red = neighbours.ids, neighbours.red
    alias = (await red.show("api/v1/aliases"))["items"][0]["id"]
    endpoint = {"base_url": "http://127.0.0.1:9/v1"}
    tried = [
        await red.post("api/v1/models", {"name": "mine", "team": "blue"}),
        await red.post("api/v1/endpoints", {"model": ids["models"], **endpoint}),
        await red.post("api/v1/endpoints", {"model": "blue-model", "team": "blue", **endpoint}),
        await red.post("api/v1/aliases", {"name": "mine", "model": ids["models"]}),
        await red.post("api/v1/aliases", {"name": "mine", "model": "blue-model", "team": "blue"}),
        await red.call("PATCH", f"api/v1/aliases/{alias}", {"model": ids["models"]}),
    ]
    assert [answer.status for answer in tried] == [404] * 6, [answer.text for answer in tried]
    keys = [{"name": "mine", "team": "blue"}, {"name": "mine", "team": None}]
    assert [(await red.post("api/v1/keys", body)).status for body in keys] == [403, 403]


@pytest.mark.parametrize("prefix", ["access/models/blue/", "access/models/blue/v1/"])
async def test_another_teams_address_is_unknown(neighbours: Neighbours, prefix: str) -> None:
    """403 as for a team that nobody made; the models behind it cannot be called or counted."""
    red = neighbours.red
    for path in ("models", "models/blue-model", "chat/completions"):
        for team in ("blue", "gone"):
            at = prefix.replace("blue", team) + path
            refused = await (red.get(at) if path.startswith("models") else red.chat("blue-model", path=at))
            assert (refused.status, refused.code) == (403, "permission_denied"), refused.text
    assert (await red.chat("blue-model")).code == "model_not_found"
    assert (await neighbours.blue.chat("blue-model")).status == 200


async def test_another_teams_stored_objects_are_unknown(neighbours: Neighbours, upstream: Upstream) -> None:
    """An id that leaked opens nothing, not even with a request that goes upstream."""
    upstream.scripts[MARK] = answer(200, b'{"id":"resp_blue","object":"response"}')
    made = await neighbours.blue.post("v1/responses", {"model": "blue-model", "input": MARK})
    assert made.status == 200
    before = len(upstream.journal.records)
    for method in ("GET", "DELETE"):
        assert (await neighbours.red.call(method, "v1/responses/resp_blue")).status == 404
    assert len(upstream.journal.records) == before
    assert (await neighbours.blue.get("v1/responses/resp_blue")).status == 200


async def test_usage_of_another_team_is_not_summed_up(neighbours: Neighbours) -> None:
    """Not by key either."""
    await neighbours.blue.chat("blue-model")
    for query in ("", f"?key={neighbours.ids['keys']}", "?model=blue-model", "?group_by=team&group_by=key"):
        answer = await neighbours.red.get(f"api/v1/usage{query}")
        assert (answer.status, answer.json["total"]["requests"]) == (200, 0), answer.text
        assert neighbours.ids["keys"] not in answer.text
