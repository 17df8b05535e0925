"""Behaviours that other gateways of this kind were measured with, held to what is promised here.

The rows are a selection: what other tests hold already is left out, and so is what a fixed table of operations makes
impossible (paths and methods that are passed on as they come).
"""

import asyncio
import itertools
import json
from collections import Counter
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import openai
import pytest

from gateway.storage.connection import AsyncConnection
from tests.app.caller import Answer
from tests.dataplane.house import House, Model, chat, header, mark, refused, target
from tests.fakes.journal import Record
from tests.fakes.scenarios import ONE
from tests.fakes.script import Script, answer, event_stream

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROWS: list[dict[str, Any]] = json.loads(Path(__file__).parents[1].joinpath("vectors/behaviours.json").read_text())


def _script(upstream: dict[str, Any]) -> Script:
    if "events" in upstream:
        return event_stream().events(*(event.encode() for event in upstream["events"])).end()
    return answer(upstream.get("status", 200), upstream["body"].encode(), upstream.get("headers"))


async def _call(house: House, call: dict[str, Any], model: Model) -> Answer:
    headers = {name.replace("-", "_"): text for name, text in call.get("headers", {}).items()}
    body = call["body"].replace("MODEL", model.name).encode() if "body" in call else None
    path = "v1/" + call["path"].replace("MODEL", model.name)
    return await house.admin.call(call.get("method", "POST"), path, body, **headers)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['id']}: {row['why']}")
async def test_a_measured_behaviour(house: House, row: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row says why."""
    model = await house.publish(house.near)
    await house.take("default", model, "responses", "files")
    if "upstream" in row:
        monkeypatch.setattr(house.near, "script_for", lambda _: _script(row["upstream"]))
    before = len(house.near.journal.records)
    answered = await _call(house, row["call"], model)
    seen = house.near.journal.records[before:]
    told = json.loads(json.dumps(row).replace("MODEL", model.name))
    assert len(seen) == told["expect"].get("asked", 1)
    _hold_answer(answered, told["expect"], told.get("upstream", {}))
    if seen:
        _hold_request(seen[0], told["expect"], told["call"])


def _hold_answer(answered: Answer, expect: dict[str, Any], upstream: dict[str, Any]) -> None:
    assert answered.status == expect["status"], answered.text
    assert answered.code == expect.get("code", answered.code)
    assert expect.get("holds", "") in answered.text
    assert {name: answered.headers.get(name) for name in expect.get("headers", {})} == expect.get("headers", {})
    for name, value in expect.get("members", {}).items():
        assert answered.json[name] == value
    if expect.get("same"):
        assert answered.text == "".join(upstream.get("events", [])) + upstream.get("body", "")


def _hold_request(seen: Record, expect: dict[str, Any], call: dict[str, Any]) -> None:
    if expect.get("forwarded"):
        assert seen.start.decode() == call["body"]
    assert target(seen) == expect.get("target", target(seen))
    assert {name: header(seen, name) for name in expect.get("sent", {})} == expect.get("sent", {})


@pytest.mark.parametrize("slash", ["", "/"])
async def test_both_spellings_of_a_base_url_are_one_address(house: House, slash: str) -> None:
    """sdk-5, mp-3: the unmodified SDK through both, answer unchanged."""
    model = await house.publish(house.near)
    base_url = f"{house.admin.address}access/models/default{slash}"
    async with openai.AsyncOpenAI(base_url=base_url, api_key=house.product.key, max_retries=0) as client:
        said = await client.chat.completions.create(**chat(model.name))
        assert said.choices[0].message.content == "Hello there."


@pytest.mark.parametrize("end", ["fin", "rst"])
@pytest.mark.parametrize("path", ["chat/completions", "responses"])
async def test_a_stream_that_breaks_raises_in_the_sdk(house: House, path: str, end: str) -> None:
    """mpb-10, spb-20: partial text is never taken for all of it."""
    model, marker = await house.publish(house.near), mark()
    first = b'data: {"type":"response.created","response":{}}\n\n' if path == "responses" else ONE
    begun = event_stream().events(first)
    house.near.scripts[marker] = begun.fin() if end == "fin" else begun.rst()
    async with openai.AsyncOpenAI(
        base_url=f"{house.admin.address}v1", api_key=house.product.key, max_retries=0
    ) as client:
        create: Any = client.responses.create if path == "responses" else client.chat.completions.create
        fields: dict[str, Any] = {"input": marker} if path == "responses" else chat(model.name, marker)
        stream = await create(**{**fields, "model": model.name, "stream": True})
        with pytest.raises(openai.APIError):
            async for _ in stream:
                pass


async def test_a_refusal_keeps_its_code_in_the_sdk(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """mpb-12, mp-6: what the SDK raises says whose fault it was."""
    model = await house.publish(house.near)
    row = next(row for row in ROWS if row["id"] == "mpb-12")
    monkeypatch.setattr(house.near, "script_for", lambda _: _script(row["upstream"]))
    keys = {house.product.key: openai.BadRequestError, "mp_live_wrong": openai.AuthenticationError}
    for key, kind in keys.items():
        address = f"{house.product.stranger.address}v1"
        headers = dict(house.product.stranger.headers)
        async with openai.AsyncOpenAI(base_url=address, api_key=key, max_retries=0, default_headers=headers) as client:
            with pytest.raises(kind) as raised:
                await client.chat.completions.create(**chat(model.name))
            assert raised.value.code in {"context_length_exceeded", "invalid_api_key"}
            assert raised.value.request_id


async def test_each_of_two_places_answers_and_either_may_go(house: House) -> None:
    """reg-11, reg-21, mpb-17: both are asked; when one goes, the other one serves; with the model its name goes."""
    model = await house.publish(house.near, house.far)
    before = Counter(near=len(house.near.journal.records), far=len(house.far.journal.records))
    for _ in range(40):
        assert (await house.admin.chat(model.name)).status == 200
    asked = Counter(near=len(house.near.journal.records), far=len(house.far.journal.records)) - before
    assert (asked.total(), set(asked)) == (40, {"near", "far"})
    for endpoint in model.endpoints:
        if endpoint == model.endpoints[-1]:
            assert (await house.admin.chat(model.name)).status == 200
        assert (await house.admin.call("DELETE", f"api/v1/endpoints/{endpoint}")).status == 200
    refused(await house.admin.chat(model.name), 503, "no_upstream_available")
    assert (await house.admin.call("DELETE", f"api/v1/models/{model.uid}")).status == 200
    refused(await house.admin.chat(model.name), 404, "model_retired")
    assert model.name not in (await house.admin.get("v1/models")).text


async def test_a_key_costs_no_look_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """auth-3: many first calls with one key ask no database and no other server who it is."""
    model, caller = await house.publish(house.near), await house.member()
    reads = itertools.count()
    database = house.product.inside.ground.database
    read = database.read

    def counted() -> AbstractAsyncContextManager[AsyncConnection]:
        next(reads)
        return read()

    monkeypatch.setattr(database, "read", counted)
    answers = await asyncio.gather(*(caller.chat(model.name) for _ in range(20)))
    assert {one.status for one in answers} == {200}
    assert next(reads) <= 2  # the registry's own poll, once a second
