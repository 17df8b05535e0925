"""An endpoint's key reaches its own upstream and nobody else; the caller's key reaches none (KEY-7, SEC-3, EGR-7)."""

from pathlib import Path

import pytest

from tests.dataplane.conftest import Open
from tests.dataplane.house import House, Model, chat, header, mark, refused, sent
from tests.fakes.script import answer
from tests.fakes.upstream import Upstream

BUSY = b'{"error":{"message":"busy"}}'
BAD = "the credential of this model's endpoint cannot be read"


async def asked(house: House, model: Model, at: Upstream) -> str | None:
    """Call the model and return the `Authorization` that its server saw."""
    marker = mark()
    answered = await house.admin.post("v1/chat/completions", chat(model.name, marker))
    assert answered.status == 200, answered.text
    return header(sent(at, marker)[0], "Authorization")


@pytest.mark.parametrize("kind", ["env", "file", "stored", "none"])
async def test_each_kind_of_key_reaches_its_upstream(open_house: Open, tmp_path: Path, kind: str) -> None:
    """SEC-3: a variable, a file, a value that is kept encrypted; an endpoint without a key sends none."""
    folder = tmp_path / "data" / "secrets"
    folder.mkdir(parents=True)
    folder.joinpath("key").write_text("sk-of-the-file\n")
    keys = {"env": "env:UPSTREAM_KEY", "file": f"file:{folder}/key", "stored": "sk-stored"}
    expected = {"env": "Bearer sk-of-the-variable", "file": "Bearer sk-of-the-file", "stored": "Bearer sk-stored"}
    async with open_house(environment={"UPSTREAM_KEY": "sk-of-the-variable"}) as house:
        model = await house.publish({"base_url": house.near.url, "api_key": keys.get(kind)})
        assert await asked(house, model, house.near) == expected.get(kind)


async def test_the_callers_key_stays_here(open_house: Open) -> None:
    """PRX-19: in no header of the request, whichever it came in."""
    async with open_house() as house:
        model, marker = await house.publish(house.near), mark()
        key = house.product.key
        for name in ("Authorization", "x-api-key", "api-key"):
            headers = {"Authorization": f"Bearer {key}"} if name == "Authorization" else {name: key}
            caller = house.product.stranger.having(**{one.replace("-", "_"): text for one, text in headers.items()})
            assert (await caller.post("v1/chat/completions", chat(model.name, marker))).status == 200
        assert len(sent(house.near, marker)) == 3
        assert not [one for one in sent(house.near, marker) if key.encode() in one.head]


async def test_each_attempt_carries_its_own_endpoints_key(open_house: Open) -> None:
    """EGR-7: a second attempt at another host does not take the first one's key along."""
    async with open_house() as house:
        marker = mark()
        house.near.scripts[marker] = answer(503, BUSY)
        model = await house.ranked({"base_url": house.near.url, "api_key": "sk-near"}, house.far)
        house.product.inside._relay._dispatcher._balancer._random = lambda: 0.5
        assert (await house.admin.post("v1/chat/completions", chat(model.name, marker))).status == 200
        assert header(sent(house.near, marker)[0], "Authorization") == "Bearer sk-near"
        assert header(sent(house.far, marker)[0], "Authorization") is None


async def test_another_origin_takes_the_key_away(open_house: Open) -> None:
    """EGR-7: scheme, host and port; another path of the same origin keeps it."""
    async with open_house() as house:
        model = await house.publish({"base_url": house.near.url, "api_key": "sk-near"})
        path = f"endpoints/{model.endpoints[0]}"
        await house.change(path, base_url=f"{house.near.url}/other")
        assert await asked(house, model, house.near) == "Bearer sk-near"
        await house.change(path, base_url=house.far.url)
        assert await asked(house, model, house.far) is None
        await house.change(path, base_url=house.near.url)
        assert await asked(house, model, house.near) is None


async def test_a_new_key_is_used_by_the_next_call(open_house: Open) -> None:
    """And none after it was taken away."""
    async with open_house() as house:
        model = await house.publish({"base_url": house.near.url, "api_key": "sk-old"})
        path = f"endpoints/{model.endpoints[0]}"
        assert await asked(house, model, house.near) == "Bearer sk-old"
        await house.change(path, api_key="sk-new")
        assert await asked(house, model, house.near) == "Bearer sk-new"
        await house.change(path, api_key=None)
        assert await asked(house, model, house.near) is None


async def test_a_key_that_cannot_be_read_is_the_operators_business(open_house: Open) -> None:
    """SEC-3: 503, nobody is asked, and neither name nor value of the secret is told."""
    environment = {"UPSTREAM_KEY": "sk-of-the-variable"}
    async with open_house(environment=environment) as house:
        model, marker = await house.publish({"base_url": house.near.url, "api_key": "env:UPSTREAM_KEY"}), mark()
        del environment["UPSTREAM_KEY"]
        answered = await house.admin.post("v1/chat/completions", chat(model.name, marker))
        error = refused(answered, 503, "credential_unavailable")
        assert int(answered.headers["Retry-After"]) > 0
        assert (BAD in error["message"], "UPSTREAM_KEY" in answered.text) == (True, False)
        assert not sent(house.near, marker)
        environment["UPSTREAM_KEY"] = "sk-again"
        assert await asked(house, model, house.near) == "Bearer sk-again"


async def test_an_endpoint_whose_key_cannot_be_read_is_passed_over(open_house: Open) -> None:
    """Nothing was sent, so another endpoint may answer."""
    environment = {"UPSTREAM_KEY": "sk-of-the-variable"}
    async with open_house(environment=environment) as house:
        model = await house.ranked({"base_url": house.near.url, "api_key": "env:UPSTREAM_KEY"}, house.far)
        house.product.inside._relay._dispatcher._balancer._random = lambda: 0.5
        environment.clear()
        assert await asked(house, model, house.far) is None


async def test_a_key_with_a_line_break_makes_no_header(open_house: Open) -> None:
    """A variable that changed under a running server is judged at each use."""
    environment = {"UPSTREAM_KEY": "sk-fine"}
    async with open_house(environment=environment) as house:
        model, marker = await house.publish({"base_url": house.near.url, "api_key": "env:UPSTREAM_KEY"}), mark()
        environment["UPSTREAM_KEY"] = "sk-bad\r\nX-Evil: 1"
        answered = await house.admin.post("v1/chat/completions", chat(model.name, marker))
        refused(answered, 503, "credential_unavailable")
        assert "sk-bad" not in answered.text
        assert not sent(house.near, marker)


async def test_a_stored_key_survives_a_restart(open_house: Open) -> None:
    """Sealed in the database, opened by the key-encryption key beside it."""
    async with open_house() as before:
        model = await before.publish({"base_url": before.near.url, "api_key": "sk-stored"})
        await before.product.inside.stop()
        async with open_house(before=before) as after:
            assert await asked(after, model, after.near) == "Bearer sk-stored"
