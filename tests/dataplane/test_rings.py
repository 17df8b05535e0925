"""Gateways behind gateways: a chain works, a ring ends with 508 instead of going round (section 6, `Via`)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.app.caller import Caller
from tests.dataplane.house import House, chat, form, header, mark, refused, sent
from tests.dataplane.opening import opened

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLACES = ("batches", "chat.completions", "files", "images", "moderations", "responses")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def other(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Give a second installation."""
    async with opened(tmp_path_factory.mktemp("other")) as running:
        yield running


def through(house: House, **fields: Any) -> dict[str, Any]:
    """Return an endpoint that leads to an installation, with its key."""
    return {"base_url": f"{house.product.anonymous.address}v1", "api_key": house.product.key, **fields}


async def test_a_chain_of_gateways_is_one_call(house: House, other: House) -> None:
    """Each adds itself to `Via`; the request id is the same everywhere, each key goes one hop."""
    behind, marker = await other.publish({"base_url": other.near.url, "api_key": "sk-last"}), mark()
    model = await house.publish(through(other, upstream_model=behind.name))
    answered = await house.admin.post("v1/chat/completions", chat(model.name, marker))
    assert answered.status == 200
    (seen,) = sent(other.near, marker)
    hops = (header(seen, "Via") or "").split(", ")
    assert (len(hops), len(set(hops))) == (2, 2)
    assert header(seen, "X-Request-Id") == answered.headers["x-request-id"]
    assert header(seen, "Authorization") == "Bearer sk-last"
    assert answered.headers["x-upstream-request-id"] == answered.headers["x-request-id"]


async def ask(caller: Caller, what: str, model: str) -> Any:
    """Make a call of a kind."""
    if what == "upload":
        body, headers = form(("model", model), ("file", "x" * 1000))
        return await caller.call("POST", "v1/audio/transcriptions", body, **headers)
    if what == "list":
        return await caller.get("v1/files")
    return await caller.post("v1/chat/completions", chat(model, stream=what == "stream"))


@pytest.mark.parametrize("what", ["plain", "stream", "upload", "list"])
async def test_a_ring_of_two_ends_where_it_began(house: House, other: House, what: str) -> None:
    """508 after one round, told through both, and no SDK tries it again."""
    first, second = await house.publish(through(other)), await other.publish(through(house))
    await house.change(f"endpoints/{first.endpoints[0]}", upstream_model=second.name)
    await other.change(f"endpoints/{second.endpoints[0]}", upstream_model=first.name)
    for place, model in ((house, first), (other, second)):
        await place.take("default", model, *PLACES)
    answered = await ask(house.admin, what, first.name)
    assert (answered.status, answered.code) == (508, "gateway_loop"), answered.text
    assert answered.headers["x-should-retry"] == "false"
    assert "base_url" in answered.json["error"]["hint"]


async def test_a_server_is_not_its_own_upstream(house: House) -> None:
    """Refused where it is registered under the address that the operator uses; else by the call itself."""
    address = house.product.anonymous.address
    admin = house.product.anonymous.keyed(house.product.key)
    endpoint = {"base_url": f"{address}access/models/default/", "api_key": house.product.key}
    answered = await admin.post("api/v1/models", {"name": "mirror", "endpoints": [endpoint]})
    assert (answered.status, answered.code) == (422, "own_address")
    model = await house.publish(through(house))
    refused(await house.admin.chat(model.name), 508, "gateway_loop")


@pytest.mark.parametrize(("hops", "status"), [(7, 200), (8, 508)])
async def test_a_chain_that_is_too_long_is_taken_for_a_ring(house: House, hops: int, status: int) -> None:
    """A process that restarts has another name: eight gateways in a row are a ring of restarting ones."""
    model = await house.publish(house.near)
    via = ", ".join(f"1.1 modelport-{number:012x}" for number in range(hops))
    assert (await house.admin.having(Via=f"1.0 fred, {via}").chat(model.name)).status == status


async def test_another_proxys_name_is_no_ring(house: House) -> None:
    """Only our own entries count, and only they go on."""
    model, marker = await house.publish(house.near), mark()
    caller = house.admin.having(Via="1.1 nginx, HTTP/2 cdn (modelport-x)")
    assert (await caller.post("v1/chat/completions", chat(model.name, marker))).status == 200
    assert "nginx" not in (header(sent(house.near, marker)[0], "Via") or "")
