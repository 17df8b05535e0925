"""A stream that creates an object: known from its first event on, however the stream ends."""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.app.caller import Caller, until
from tests.dataplane.house import House, Model, mark, refused, sent
from tests.dataplane.opening import opened
from tests.fakes.script import Script, event_stream

pytestmark = pytest.mark.asyncio(loop_scope="module")

LAST = {"responses": b'data: {"type":"response.completed","response":{}}\n\n', "chat/completions": b"data: [DONE]\n\n"}


def first(kind: str, object_id: str) -> bytes:
    """Return the event with which a stream of the kind begins."""
    if kind == "responses":
        said = {"type": "response.created", "response": {"id": object_id, "status": "in_progress"}}
        return b"event: response.created\ndata: " + json.dumps(said).encode() + b"\n\n"
    return b'data: {"id":"%s","object":"chat.completion.chunk","choices":[]}\n\n' % object_id.encode()


async def two_places(house: House) -> tuple[Caller, Model]:
    """Return a caller and a model whose objects are elsewhere than the team's default endpoint."""
    team = await house.team()
    await house.take(team, await house.publish(house.near, team=team), "responses", "chat.completions")
    return await house.member(team), await house.publish(house.far, team=team)


def begin(
    caller: Caller, kind: str, model: Model, asked: str, **fields: Any
) -> contextlib.AbstractAsyncContextManager[aiohttp.ClientResponse]:
    """Ask for a stream whose object is stored."""
    body = {"model": model.name, "messages": [], "user": asked, "stream": True, "store": True, **fields}
    return caller.session.post(f"{caller.address}v1/{kind}", json=body, headers=dict(caller.headers))


@pytest.mark.parametrize("kind", LAST)
async def test_an_object_is_known_while_its_stream_runs(house: House, kind: str) -> None:
    """It can be read, or cancelled, on another connection."""
    caller, model = await two_places(house)
    asked, marker = mark(), mark()
    house.far.scripts[asked] = event_stream().events(first(kind, f"id_{marker}")).gate().events(LAST[kind]).end()
    async with begin(caller, kind, model, asked) as stream:
        assert marker.encode() in await stream.content.readany()
        assert (await caller.get(f"v1/{kind}/id_{marker}")).status == 200
        house.far.open_gate(asked)
        assert await stream.read() == LAST[kind]
    assert (len(sent(house.far, marker)), sent(house.near, marker)) == (1, [])


ENDS: dict[str, Callable[[bytes], Script]] = {
    "cut": lambda event: event_stream().events(event).fin(),
    "reset": lambda event: event_stream().events(event).rst(),
    "without terminal": lambda event: event_stream().events(event).end(),
    "an error inside": lambda event: event_stream().events(event, b'data: {"type":"error"}\n\n').end(),
    "byte by byte": lambda event: event_stream().events(*(bytes([one]) for one in event)).end(),
    "after a comment": lambda event: event_stream().events(b": hello\n\n", event).end(),
}


@pytest.mark.parametrize("name", ENDS)
async def test_an_object_is_known_however_its_stream_ended(house: House, name: str) -> None:
    """The upstream has it, whatever happened to the connection."""
    caller, model = await two_places(house)
    asked, marker = mark(), mark()
    house.far.scripts[asked] = ENDS[name](first("responses", f"resp_{marker}"))
    async with begin(caller, "responses", model, asked) as stream:
        with contextlib.suppress(aiohttp.ClientPayloadError):
            await stream.read()
    assert (await caller.get(f"v1/responses/resp_{marker}")).status == 200
    assert (len(sent(house.far, marker)), sent(house.near, marker)) == (1, [])


async def test_an_object_is_known_after_its_caller_left(house: House) -> None:
    """A background response goes on without him."""
    caller, model = await two_places(house)
    asked, marker = mark(), mark()
    house.far.scripts[asked] = event_stream().events(first("responses", f"resp_{marker}")).silence()
    async with begin(caller, "responses", model, asked) as stream:
        await stream.content.readany()
        stream.close()

    async def has_left() -> bool:
        return bool(sent(house.far, asked)[0].left)

    await until(has_left)
    assert (await caller.post(f"v1/responses/resp_{marker}/cancel", b"")).status == 200
    assert len(sent(house.far, marker)) == 1


async def test_a_stream_that_stores_nothing_is_not_remembered(house: House) -> None:
    """`store: false`."""
    team = await house.team()
    caller, model = await house.member(team), await house.publish(house.far, team=team)
    asked, marker = mark(), mark()
    house.far.scripts[asked] = event_stream().events(first("responses", f"resp_{marker}")).end()
    async with begin(caller, "responses", model, asked, store=False) as stream:
        await stream.read()
    refused(await caller.get(f"v1/responses/resp_{marker}"), 404, "not_found")


async def test_another_teams_stream_is_another_teams_object(house: House) -> None:
    """ACL-3: from the first event on."""
    caller, model = await two_places(house)
    stranger = await house.team()
    await house.take(stranger, await house.publish(house.far, team=stranger), "responses")
    asked, marker = mark(), mark()
    house.far.scripts[asked] = event_stream().events(first("responses", f"resp_{marker}")).gate().end()
    async with begin(caller, "responses", model, asked) as stream:
        await stream.content.readany()
        answered = await (await house.member(stranger)).post(f"v1/responses/resp_{marker}/cancel", b"")
        refused(answered, 404, "not_found")
        house.far.open_gate(asked)
        await stream.read()


async def test_an_object_of_a_stream_survives_a_restart(tmp_path: Path) -> None:
    """Also when the server was stopped while the stream ran."""
    asked, marker = mark(), mark()
    async with opened(tmp_path, timeouts={"drain_s": 0.1}) as before:
        caller, model = await two_places(before)
        before.far.scripts[asked] = event_stream().events(first("responses", f"resp_{marker}")).silence()
        async with begin(caller, "responses", model, asked) as stream:
            await stream.content.readany()
            await before.product.inside.stop()
            with pytest.raises(aiohttp.ClientPayloadError):
                await stream.read()
        async with opened(tmp_path, before=before) as after:
            again = after.admin.keyed(caller.headers["Authorization"].removeprefix("Bearer "))
            assert (await again.get(f"v1/responses/resp_{marker}")).status == 200
    assert (len(sent(after.far, marker)), sent(after.near, marker)) == (1, [])
