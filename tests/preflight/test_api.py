"""Checks over HTTP: before registrations and changes, on demand, in the background."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.registry.verdict import Verdict
from tests.app.caller import UNCHECKED, Answer, Caller
from tests.app.conftest import Start, admin, caller, process_settings, product, start
from tests.app.installation import Installation
from tests.preflight.server import Server, answering, chat, error, listing, serving

__all__ = ["admin", "caller", "process_settings", "product", "start"]

DEAD = "http://127.0.0.1:9/v1"


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Give a model server that is in order."""
    async with serving(answering(models=listing("qwen3"), chat_completions=chat())) as running:
        yield running


def body(url: str, name: str = "qwen3", **fields: Any) -> dict[str, Any]:
    """Return a model with one endpoint."""
    return {"name": name, "endpoints": [{"base_url": url, **fields}]}


def stages(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Return stage and verdict of the first endpoint's stages."""
    return [(one["stage"], one["verdict"]) for one in document["endpoints"][0]["stages"]]


def events(answer: Answer) -> list[tuple[str, Any]]:
    """Return name and data of each event."""
    parts = [part.split("\n") for part in answer.text.strip().split("\n\n")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in parts]


async def test_a_registration_that_would_not_work_is_refused(admin: Caller) -> None:
    """422 with the stages; nothing is made, and the next one is not in the way."""
    for path, sent in (("models", body(DEAD)), ("models", body(DEAD))):
        refused = await admin.post(f"api/v1/{path}", sent)
        assert (refused.status, refused.code) == (422, "preflight_failed"), refused.text
        assert refused.json["detail"] == "nothing listens on 127.0.0.1:9"
        assert stages(refused.json["preflight"]) == [("address", "pass"), ("existence", "fail"), ("trial", "skipped")]
    assert (await admin.show("api/v1/models"))["items"] == []


async def test_a_registration_that_works_is_called_once(admin: Caller, server: Server) -> None:
    """And its health is known at once."""
    made = await admin.post("api/v1/models", body(server.url))
    assert made.status == 201, made.text
    assert len(server.calls()) == 1
    assert server.calls()[0].body["max_tokens"] == 16
    assert (made.json["state"], made.json["endpoints"][0]["enabled"]) == ("active", True)
    shown = await admin.show(f"api/v1/models/{made.json['uid']}")
    assert (shown["health"], shown["last_error"]) == ("healthy", None)
    assert shown["checked_at"] is not None


async def test_forced_it_lands_switched_off(admin: Caller, product: Installation) -> None:
    """With the permission of administrators alone; its last error is word for word what the check said."""
    made = (await admin.post("api/v1/models?force=true", body(DEAD))).json
    (endpoint,) = made["endpoints"]
    assert endpoint["enabled"] is False
    shown = await admin.show(f"api/v1/endpoints/{endpoint['id']}")
    assert (shown["health"], shown["last_error"]) == ("unhealthy", "nothing listens on 127.0.0.1:9")
    reader = await product.as_role("viewer")
    seen = await reader.show(f"api/v1/endpoints/{endpoint['id']}")
    assert (seen["health"], seen["last_error"]) == ("unhealthy", None)
    publisher = await product.as_role("publisher", team="default")
    for query in ("force=true", "preflight=skip", "preflight=address", "preflight=existence"):
        refused = await publisher.post(f"api/v1/models?{query}", body(DEAD, "other"))
        assert (refused.status, refused.code) == (403, "permission_denied"), query


async def test_validate_only_keeps_nothing(admin: Caller, server: Server) -> None:
    """200 with the report; what the registration itself would refuse is refused."""
    told = await admin.post("api/v1/models?validate_only=true", body(server.url))
    assert (told.status, told.json["verdict"]) == (200, "pass")
    assert stages(told.json) == [("address", "pass"), ("existence", "pass"), ("trial", "pass")]
    assert (await admin.show("api/v1/models"))["items"] == []
    assert (await admin.post("api/v1/models?validate_only=true", body(server.url, "no name"))).status == 422
    assert (await admin.post("api/v1/models", body(server.url))).status == 201
    taken = await admin.post("api/v1/models?validate_only=true", body(server.url))
    assert (taken.status, taken.code) == (409, "name_taken")


async def test_a_rehearsal_asks_nobody_and_takes_no_permission(product: Installation, server: Server) -> None:
    """What a command does before a check that may take a minute: a name that does not fit is told at once."""
    publisher = await product.as_role("publisher", team="default")
    rehearsal = "api/v1/models?validate_only=true&preflight=skip"
    assert (await publisher.post(rehearsal, body(server.url))).status == 200
    assert (await publisher.post(rehearsal, body(server.url, "no name"))).status == 422
    assert server.asked == []
    assert (await publisher.show("api/v1/models"))["items"] == []


async def test_a_taken_name_is_told_before_anybody_is_asked(admin: Caller, server: Server) -> None:
    """A check may take a minute."""
    await admin.make("models", name="qwen3")
    assert (await admin.post("api/v1/models", body(server.url))).status == 409
    assert server.asked == []


async def test_a_repeated_registration_is_not_checked_again(admin: Caller) -> None:
    """The upstream may be gone by then: the first answer counts."""
    async with serving(answering(models=listing("qwen3"), chat_completions=chat())) as server:
        first = await admin.post("api/v1/models", body(server.url), Idempotency_Key="a")
    again = await admin.post("api/v1/models", body(server.url), Idempotency_Key="a")
    assert (again.status, again.json["uid"]) == (201, first.json["uid"])


async def test_a_change_is_checked_where_it_matters(admin: Caller, server: Server) -> None:
    """Address, key, upstream model, switching on; not weight, not switching off."""
    made = await admin.make("models", name="qwen3", endpoints=[{"base_url": server.url}])
    path = f"api/v1/endpoints/{made['endpoints'][0]['id']}"
    refused = await admin.call("PATCH", path, {"base_url": DEAD})
    assert (refused.status, refused.code) == (422, "preflight_failed")
    for change in ({"weight": 3}, {"enabled": False}):
        assert (await admin.call("PATCH", path, change)).status == 200
    assert server.asked == []
    assert (await admin.call("PATCH", path, {"enabled": True})).status == 200
    assert len(server.calls()) == 1
    assert (await admin.call("PATCH", path, {"api_key": "sk-0123456789abcdef"})).status == 200
    assert server.calls()[1].headers["authorization"] == "Bearer sk-0123456789abcdef"
    forced = await admin.call("PATCH", f"{path}?force=true", {"base_url": DEAD})
    assert (forced.status, forced.json["enabled"], forced.json["base_url"]) == (200, False, DEAD)


async def test_stage_by_stage_as_it_happens(admin: Caller, server: Server) -> None:
    """Each stage is an event; the last event is the document that is answered otherwise."""
    sent = {"base_url": server.url, "model": "qwen3"}
    told = events(await admin.post("api/v1/preflight", sent, Accept="text/event-stream"))
    assert [(name, data.get("stage")) for name, data in told] == [
        ("stage", "address"),
        ("stage", "existence"),
        ("stage", "trial"),
        ("report", None),
    ]
    plain = (await admin.post("api/v1/preflight", sent)).json
    assert stages(plain) == stages(told[-1][1])
    assert plain["notice"].startswith("The server is known from a check of the last 10 minutes")


async def test_a_registered_model_is_checked_with_its_own_key(admin: Caller) -> None:
    """From the vault, by name or by endpoint; nothing of it is shown."""
    async with serving(answering(models=listing("qwen3"), chat_completions=chat())) as server:
        endpoint = {"base_url": server.url, "api_key": "sk-0123456789abcdef"}
        made = await admin.make("models", name="qwen3", endpoints=[endpoint])
        by_name = await admin.post("api/v1/preflight", {"model": "qwen3"})
        by_id = await admin.post("api/v1/preflight", {"endpoint": made["endpoints"][0]["id"]})
        assert (by_name.json["verdict"], by_id.json["verdict"]) == ("pass", "pass"), by_name.text
        assert {one.headers.get("authorization") for one in server.calls()} == {"Bearer sk-0123456789abcdef"}
        assert "0123456789abcdef" not in by_name.text + by_id.text
    assert (await admin.post("api/v1/preflight", {"model": "qwen"})).json["did_you_mean"] == ["qwen3"]


async def test_a_sixth_check_in_a_minute_waits(product: Installation, server: Server) -> None:
    """For who is no administrator; and another team's model is not there."""
    publisher = await product.as_role("publisher", team="default")
    answers = [
        await publisher.post("api/v1/preflight", {"base_url": server.url, "model": f"m{number}"}) for number in range(6)
    ]
    assert [one.status for one in answers] == [200] * 5 + [429]
    assert answers[-1].code == "too_many_checks"
    assert int(answers[-1].headers["Retry-After"]) <= 60


@pytest.mark.parametrize(
    ("answer", "status"),
    [(chat(), 200), (error(401, "no"), 502), (error(404, "no", "model_not_found"), 404), (error(400, "no"), 400)],
)
async def test_the_verdict_is_that_of_a_real_call(admin: Caller, answer: bytes, status: int) -> None:
    """Registered without a check, then checked and called; the upstream's 401 is the operator's matter (PRX-13)."""
    async with serving(answering(models=listing("qwen3"), chat_completions=answer)) as server:
        await admin.make("models", name="qwen3", endpoints=[{"base_url": server.url}])
        report = (await admin.post("api/v1/preflight", {"model": "qwen3"})).json
        called = await admin.chat("qwen3")
    assert called.status == status
    assert (report["verdict"] == Verdict.PASS) is (status == 200)


async def test_its_own_address_is_refused(admin: Caller, product: Installation) -> None:
    """REG-5, by whatever address this process calls its own."""
    own = product.inside.address
    told = (await admin.post("api/v1/preflight", {"base_url": f"{own}v1", "model": "x"})).json
    assert told["endpoints"][0]["stages"][0]["code"] == "own_address"


async def test_health_is_looked_at_without_calls(start: Start) -> None:
    """Stages a and b alone; a server that went away shows, and hides its model only where that is switched on."""
    async with start(health={"interval_s": 3600, "hide_unhealthy": True}) as product:
        rounds, admin = product.inside.ground.checking.rounds, product.admin
        rounds._chance = lambda: 0.0
        async with serving(answering(models=listing("qwen3"))) as server:
            made = await admin.post(f"api/v1/models{UNCHECKED}", body(server.url))
            rounds._followed_at = float("-inf")
            await rounds.turn()
            assert server.calls() == []
            shown = await admin.show(f"api/v1/models/{made.json['uid']}")
            assert (shown["health"], shown["endpoints"][0]["health"]) == ("healthy", "healthy")
            assert [one["id"] for one in (await admin.show("v1/models"))["data"]] == ["qwen3"]
        for place, group in rounds._groups.items():
            rounds._plan(place, group, 0.0)
        await rounds.turn()
        shown = await admin.show(f"api/v1/models/{made.json['uid']}")
        assert (shown["health"], shown["last_error"]) == ("unhealthy", f"nothing listens on {server.place}")
        assert (await admin.show("v1/models"))["data"] == []


async def test_a_kept_copy_is_stale_when_the_health_has_changed(admin: Caller) -> None:
    """304 while nothing changed; 200 with another health; a change with the older look's ETag goes through."""
    async with serving(answering(models=listing("qwen3"), chat_completions=chat())) as server:
        made = (await admin.post("api/v1/models", body(server.url))).json
        paths = [f"api/v1/models/{made['uid']}", f"api/v1/endpoints/{made['endpoints'][0]['id']}"]
        looks = [await admin.get(path) for path in paths]
        for path, look in zip(paths, looks, strict=True):
            assert (look.json["health"], look.headers["ETag"] == look.json["etag"]) == ("healthy", False)
            assert (await admin.get(path, If_None_Match=look.headers["ETag"])).status == 304
    await admin.post("api/v1/preflight", {"model": "qwen3", "stream": True})
    for path, look in zip(paths, looks, strict=True):
        again = await admin.get(path, If_None_Match=look.headers["ETag"])
        assert (again.status, again.json["health"]) == (200, "unhealthy")
        assert again.json["etag"] == look.json["etag"]
    changed = await admin.call("PATCH", paths[0], {"description": "x"}, If_Match=looks[0].headers["ETag"])
    assert changed.status == 200, changed.text
    late = await admin.call("PATCH", paths[0], {"description": "y"}, If_Match=looks[0].headers["ETag"])
    assert late.status == 412
