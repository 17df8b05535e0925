"""How calls meet a model that is announced to leave, is leaving, or has left (lifecycle.md sections 2, 3 and 8).

The states are written as the retirement writes them; what leads to them is tests/lifecycle.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import openai
import pytest
from aiohttp import ClientResponse
from sqlalchemy import insert

from gateway.access.relay import Relay
from gateway.registry.store.tables import ALIASES, MODELS
from gateway.storage import schema
from resolver import aconnect
from tests.app.caller import until
from tests.dataplane.house import House, Model, chat, mark, refused, sent
from tests.dataplane.objects import about, make
from tests.fakes.script import event_stream

pytestmark = pytest.mark.asyncio(loop_scope="module")
AT_MS = 1_795_132_800_000  # 2026-11-20
_CHUNK = b'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,%s}]}\n\n'
FIRST = _CHUNK % b'"delta":{"content":"a"}'
LAST = _CHUNK % b'"delta":{},"finish_reason":"stop"' + b"data: [DONE]\n\n"


async def bring(house: House, model: Model, state: str, **fields: Any) -> None:
    """Bring the model into a state; its aliases leave with it."""
    async with house.product.inside.ground.service.together(by="file") as together:
        change = together.change
        if state in {"draining", "deleted"}:
            fields.setdefault("deleted_at", AT_MS)
            gone = await ALIASES.all(change.conn, schema.aliases.c.model_uid == model.uid)
            await ALIASES.delete(change.conn, [one.id for one in gone])
            kept = [
                {"model_uid": model.uid, "kind": "alias", "ref_id": one.id, "name": one.name, "effect": "deleted",
                 "row": "{}"}
                for one in gone
            ]  # fmt: skip
            if kept:
                await change.conn.execute(insert(schema.retired_references), kept)
        await MODELS.update(change.conn, model.uid, {"state": state, **fields}, now_ms=change.now_ms)


def relay_of(house: House) -> Relay:
    """Return what carries the product's calls."""
    return house.product.inside._relay


@contextlib.asynccontextmanager
async def streaming(house: House, model: Model, **headers: str) -> AsyncIterator[tuple[ClientResponse, str]]:
    """Give a stream whose first event has come, and the marker whose gate lets the rest go."""
    marker = mark()
    house.near.scripts[marker] = event_stream().events(FIRST).gate().events(LAST).end()
    caller = house.admin.having(**headers)
    body = json.dumps(chat(model.name, marker, stream=True)).encode()
    sent_headers = {**caller.headers, "Content-Type": "application/json"}
    url = f"{caller.address}v1/chat/completions"
    async with caller.session.post(url, data=body, headers=sent_headers) as response:
        assert await response.content.readuntil(b"\n\n") == FIRST
        yield response, marker


def links(headers: Mapping[str, str]) -> list[str]:
    """Return the values of `Link`."""
    return headers.getall("Link", [])  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize("state", ["draining", "deleted"])
async def test_a_new_call_is_refused_and_told_who_took_over(house: House, state: str) -> None:
    """At once, by name and by alias, under every mount; the SDK raises NotFoundError and does not try again."""
    model, heir = await house.publish(house.near), await house.publish(house.near)
    alias = await house.admin.make("aliases", name=f"alias-of-{model.name}", model=model.uid)
    await bring(house, model, state, successor_uid=heir.uid)
    for mount, base in (("v1", "/v1/"), ("access/models/default", "/access/models/default/v1/")):
        for name in (model.name, alias["name"]):
            answer = await house.admin.chat(name, path=f"{mount}/chat/completions")
            error = refused(answer, 404, "model_retired")
            assert error["message"] == f"model {name!r} was retired on 2026-11-20; use {heir.name!r}"
            assert (error["type"], error["param"]) == ("invalid_request_error", "model")
            assert answer.headers["x-should-retry"] == "false"
            assert f'<{base}models/{heir.name}>; rel="successor-version"' in links(answer.headers)
    followed = await house.admin.get(f"v1/models/{heir.name}")
    assert followed.json["id"] == heir.name


@pytest.mark.parametrize("state", ["draining", "deleted"])
async def test_to_a_key_that_may_not_call_it_the_model_does_not_exist(house: House, state: str) -> None:
    """ACL-3: not by its name, nor in a message about another one."""
    model = await house.publish(house.near)
    other = await house.member(models=["something-else"])
    await bring(house, model, state)
    refused(await other.chat(model.name), 404, "model_not_found")
    refused(await other.get(f"v1/models/{model.name}"), 404, "model_not_found")


@pytest.mark.parametrize("state", ["draft", "draining", "deleted"])
async def test_no_list_shows_it(house: House, state: str) -> None:
    """Not the list, not the model's own page, not what another name comes close to."""
    model = await house.publish(house.near)
    await bring(house, model, state)
    listed = await house.admin.get("v1/models")
    assert model.name not in [one["id"] for one in listed.json["data"]]
    code = "model_not_found" if state == "draft" else "model_retired"
    refused(await house.admin.get(f"v1/models/{model.name}"), 404, code)
    close = refused(await house.admin.chat(f"{model.name}x"), 404, "model_not_found")
    assert f"'{model.name}'" not in close["message"]


async def test_a_deprecated_model_announces_its_end_with_every_answer(house: House) -> None:
    """Whole answers, streams, errors of the upstream and our own; the list shows it as well."""
    model, heir = await house.publish(house.near), await house.publish(house.near)
    told = {"deprecated_at": AT_MS, "sunset_at": AT_MS + 86_400_000, "successor_uid": heir.uid}
    await bring(house, model, "deprecated", **told)
    plain = await house.admin.chat(model.name)
    stream = await house.admin.post("v1/chat/completions", chat(model.name, stream=True))
    shown = await house.admin.get(f"v1/models/{model.name}")
    await house.change(f"endpoints/{model.endpoints[0]}", base_url="http://127.0.0.1:9/v1")
    failed = await house.admin.chat(model.name)
    await house.change(f"endpoints/{model.endpoints[0]}", enabled=False)
    off = await house.admin.chat(model.name)
    assert [one.status for one in (plain, stream, shown, failed, off)] == [200, 200, 200, 502, 503]
    for answer in (plain, stream, shown, failed, off):
        assert answer.headers["Deprecation"] == "@1795132800"
        assert answer.headers["Sunset"] == "Sat, 21 Nov 2026 00:00:00 GMT"
        assert f'</v1/models/{heir.name}>; rel="successor-version"' in links(answer.headers)
    assert shown.json["deprecation"]["successor"] == heir.name
    assert "Deprecation" not in (await house.admin.chat(heir.name)).headers


async def test_a_stream_runs_on_while_its_model_drains(house: House) -> None:
    """The swap of the registry closes nothing of it (EGR-6); it is counted until it has ended."""
    model, relay = await house.publish(house.near), relay_of(house)
    async with streaming(house, model) as (response, marker):
        await bring(house, model, "draining")
        assert (relay.running(model.uid), relay.running_by_model()[model.uid]) == (1, 1)
        refused(await house.admin.chat(model.name), 404, "model_retired")
        house.near.open_gate(marker)
        assert await response.content.read() == LAST
    assert relay.running(model.uid) == 0
    assert model.uid not in relay.running_by_model()


async def test_connections_of_a_model_close_when_it_is_deleted_and_not_before(house: House) -> None:
    """Draining still needs them; a deleted model's endpoint gets no byte more (EGR-6)."""
    model = await house.publish(house.near)
    assert (await house.admin.chat(model.name)).status == 200
    idle = set(house.near.connections)
    assert idle
    await bring(house, model, "draining")
    assert idle <= house.near.connections
    await bring(house, model, "deleted")

    async def closed() -> bool:
        return not idle & house.near.connections

    await until(closed, within_s=30)


async def test_streams_beyond_the_grace_end_with_an_error_event(house: House) -> None:
    """No [DONE]: every SDK raises on the event; other models' calls run on."""
    model, other, relay = await house.publish(house.near), await house.publish(house.near), relay_of(house)
    heir = await house.publish(house.near)
    request_id = "6f1c3f0e-8a56-4b0e-9d4c-2f7c6f7b1b01"
    async with (
        streaming(house, model, X_Request_Id=request_id) as (response, _),
        streaming(house, other) as (untouched, marker),
    ):
        await bring(house, model, "draining", successor_uid=heir.uid)
        assert relay.end(model.uid) == 1
        rest = b""
        with contextlib.suppress(Exception):  # the body has no end
            rest = await response.content.readuntil(b"\n\n")
        event = json.loads(rest.removeprefix(b"data: "))["error"]
        assert (event["code"], event["successor"]) == ("model_retired", heir.name)
        assert event["message"] == f"model {model.name!r} was retired on 2026-11-20; use {heir.name!r}"
        house.near.open_gate(marker)
        assert await untouched.content.read() == LAST
    row = (await house.rows(request_id))[0]
    assert (row["model_uid"], row["outcome"], row["status"]) == (model.uid, "broken", 200)


async def test_the_sdk_raises_when_its_stream_is_ended(house: House) -> None:
    """openai-python: APIError from the event (lifecycle.md section 8)."""
    model, marker = await house.publish(house.near), mark()
    house.near.scripts[marker] = event_stream().events(FIRST).gate().events(LAST).end()
    async with openai.AsyncOpenAI(
        base_url=f"{house.product.anonymous.address}v1", api_key=house.product.key, max_retries=0
    ) as client:
        stream = await client.chat.completions.create(
            model=model.name, messages=[{"role": "user", "content": marker}], stream=True
        )
        chunks = aiter(stream)
        await anext(chunks)
        await bring(house, model, "draining")
        relay_of(house).end(model.uid)
        with pytest.raises(openai.APIError, match="was retired on 2026-11-20"):
            await anext(chunks)
        with pytest.raises(openai.NotFoundError) as refusal:
            await client.chat.completions.create(model=model.name, messages=[{"role": "user", "content": "x"}])
        assert refusal.value.code == "model_retired"


async def test_a_call_without_a_byte_yet_gets_the_404(house: House) -> None:
    """Its usage is unknown: the upstream may have worked all the same."""
    model, marker, request_id = await house.publish(house.near), mark(), "6f1c3f0e-8a56-4b0e-9d4c-2f7c6f7b1b02"
    house.near.scripts[marker] = event_stream().gate()
    caller = house.admin.having(X_Request_Id=request_id)
    call = asyncio.get_running_loop().create_task(caller.chat(model.name, marker))

    async def arrived() -> bool:
        return bool(sent(house.near, marker))

    await until(arrived, within_s=30)
    await bring(house, model, "draining")
    assert relay_of(house).end(model.uid) == 1
    refused(await call, 404, "model_retired")
    row = (await house.rows(request_id))[0]
    assert (row["status"], row["outcome"], row["source"]) == (404, "refused", "unknown")


async def test_a_caller_that_leaves_a_draining_model_is_booked_as_one_that_left(house: House) -> None:
    """The end of the model changes nothing of it."""
    model, request_id = await house.publish(house.near), "6f1c3f0e-8a56-4b0e-9d4c-2f7c6f7b1b03"
    async with streaming(house, model, X_Request_Id=request_id) as (response, _):
        await bring(house, model, "draining")
        response.close()
    assert (await house.rows(request_id))[0]["outcome"] == "cancelled"
    assert relay_of(house).running(model.uid) == 0


@pytest.mark.parametrize("state", ["draining", "deleted"])
async def test_what_a_retired_model_made_is_not_asked_of_another(house: House, state: str) -> None:
    """Its objects are known nowhere else: the team's default endpoint is not asked in its place."""
    model, default = await house.publish(house.near), await house.publish(house.far)
    caller = await house.member()
    object_id = await make(caller, house.near, "response", model)
    await house.take("default", default, "responses")
    await bring(house, model, state)
    refused(await about(caller, "GET", "responses/{}", object_id), 404, "model_retired")
    limited = await house.member(models=[default.name])
    refused(await about(limited, "GET", "responses/{}", object_id), 404, "not_found")
    assert not sent(house.far, object_id)


async def test_the_default_endpoint_of_a_draining_model_takes_nothing(house: House) -> None:
    """A call that names no model is refused like one that names it."""
    team = await house.team()
    model = await house.publish(house.near, team=team)
    caller = await house.member(team)
    await house.take(team, model, "moderations")
    assert (await caller.post("v1/moderations", {"input": "x"})).status == 200
    await bring(house, model, "draining")
    refused(await caller.post("v1/moderations", {"input": "x"}), 404, "model_retired")


async def test_resolve_names_the_successor(house: House) -> None:
    """As the data plane does; a key that may not call it learns nothing."""
    model, heir = await house.publish(house.near), await house.publish(house.near)
    await bring(house, model, "deleted", successor_uid=heir.uid)
    answer = await house.admin.get(f"api/v1/resolve?model={model.name}")
    assert (answer.status, answer.code) == (404, "model_retired")
    assert answer.json["detail"] == f"model {model.name!r} was retired on 2026-11-20; use {heir.name!r}"
    other = await house.member(models=["something-else"])
    assert (await other.get(f"api/v1/resolve?model={model.name}")).code == "model_not_found"


async def test_the_wrapper_hears_of_it_with_and_without_an_address(house: House) -> None:
    """WRP-5: from the call where it knew the address, from the look-up where it did not; the same sentence, final."""
    model, heir = await house.publish(house.near), await house.publish(house.near)
    said = f"model {model.name!r} was retired on 2026-11-20; use {heir.name!r}"
    ask: Any = {"model": model.name, "messages": [{"role": "user", "content": "x"}]}
    client = await aconnect(model.name, server=house.product.anonymous.address, key=house.product.key)
    async with client:
        assert (await client.chat.completions.create(**ask)).choices
        await bring(house, model, "deleted", successor_uid=heir.uid)
        for _ in ("called", "looked up"):
            with pytest.raises(openai.NotFoundError, match=re.escape(said)) as refusal:
                await client.chat.completions.create(**ask)
            assert refusal.value.code == "model_retired"
