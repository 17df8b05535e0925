"""Batches and responses in the background are noted as unfinished until an answer says that they are over."""

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import select

from gateway.storage.schema import stored_objects
from tests.app.caller import Caller
from tests.dataplane.house import House, Model, mark, sent, target, told
from tests.fakes.script import answer, event_stream

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def until_ms(house: House, object_id: str) -> int | None:
    """Return by when the object is finished at the latest, None when it is."""
    await house.settle()
    query = select(stored_objects.c.unfinished_until).where(stored_objects.c.object_id == object_id)
    async with house.product.inside.ground.database.read() as conn:
        until: int | None = (await conn.execute(query)).scalar_one()
    return until


async def make(house: House, model: Model, kind: str, **members: Any) -> str:
    """Make a batch or a response whose answer has these members; return its id."""
    asked = mark()
    object_id = f"{kind}_{asked}"
    house.near.scripts[asked] = told(id=object_id, object=kind, **members)
    path, body = {
        "batch": ("batches", {"endpoint": "/v1/chat/completions", "metadata": {"note": asked}}),
        "response": ("responses", {"model": model.name, "user": asked, "background": True}),
    }[kind]
    answer = await house.admin.post(f"v1/{path}", body)
    assert answer.status == 200, answer.text
    return object_id


async def say(house: House, method: str, path: str, object_id: str, **members: Any) -> None:
    """Ask about the object and be told these members."""
    house.near.scripts[object_id[object_id.index("mark-") :]] = told(id=object_id, **members)
    answer = await house.admin.call(method, f"v1/{path.format(object_id)}", {} if method == "POST" else None)
    assert answer.status == 200, answer.text


async def a_model(house: House) -> Model:
    """Publish a model that takes calls which name none."""
    model = await house.publish(house.near)
    await house.take("default", model, "batches", "responses")
    return model


@pytest.mark.parametrize(("kind", "path"), [("batch", "batches/{}"), ("response", "responses/{}")])
async def test_it_is_unfinished_until_an_answer_says_so(house: House, kind: str, path: str) -> None:
    """Still in progress is no news; completed ends it."""
    object_id = await make(house, await a_model(house), kind, status="in_progress", completion_window="24h")
    now_ms = house.product.inside.ground.clock.now_ms()
    first = await until_ms(house, object_id)
    assert first is not None
    assert 86_000_000 < first - now_ms <= 86_400_000
    await say(house, "GET", path, object_id, status="in_progress")
    assert await until_ms(house, object_id) is not None
    await say(house, "GET", path, object_id, status="completed")
    assert await until_ms(house, object_id) is None


@pytest.mark.parametrize(("kind", "path"), [("batch", "batches/{}/cancel"), ("response", "responses/{}/cancel")])
async def test_cancelling_ends_it_when_the_upstream_says_so(house: House, kind: str, path: str) -> None:
    """`cancelling` is not `cancelled` yet."""
    object_id = await make(house, await a_model(house), kind, status="in_progress")
    await say(house, "POST", path, object_id, status="cancelling")
    assert await until_ms(house, object_id) is not None
    await say(house, "POST", path, object_id, status="cancelled")
    assert await until_ms(house, object_id) is None


async def test_an_answer_without_a_status_changes_nothing(house: House) -> None:
    """Nobody said that it is over."""
    object_id = await make(house, await a_model(house), "batch", status="validating")
    await say(house, "GET", "batches/{}", object_id)
    assert await until_ms(house, object_id) is not None


async def test_an_ordinary_response_is_finished(house: House) -> None:
    """It is there with its answer."""
    assert await until_ms(house, await make(house, await a_model(house), "response", status="completed")) is None


def _event(kind: str, object_id: str, *, background: bool) -> bytes:
    body = {"type": kind, "response": {"id": object_id, "object": "response", "background": background}}
    return f"event: {kind}\ndata: {json.dumps(body)}\n\n".encode()


async def _stream(house: House, model: Model, object_id: str, *events: bytes) -> None:
    asked = mark()
    house.near.scripts[asked] = event_stream().events(*events).end()
    body = {"model": model.name, "user": asked, "stream": True}
    answer = await house.admin.post("v1/responses", body)
    assert answer.body == b"".join(events)
    assert sent(house.near, asked)
    assert object_id in answer.text


async def test_a_stream_in_the_background_is_finished_by_its_last_event(house: House) -> None:
    """Whoever stops reading leaves it unfinished; the end of the stream ends it."""
    model = await a_model(house)
    cut, whole, front = (f"resp_{mark()}" for _ in range(3))
    await _stream(house, model, cut, _event("response.created", cut, background=True))
    assert await until_ms(house, cut) is not None
    events = (_event(kind, whole, background=True) for kind in ("response.created", "response.completed"))
    await _stream(house, model, whole, *events)
    assert await until_ms(house, whole) is None
    await _stream(house, model, front, _event("response.created", front, background=False))
    assert await until_ms(house, front) is None


async def test_an_unfinished_batch_keeps_its_model(house: House) -> None:
    """409 with the batch named, until it is over (lifecycle.md section 4)."""
    model = await house.publish(house.near)
    team: Caller = house.admin
    await house.take("default", model, "batches")
    object_id = await make(house, model, "batch", status="in_progress")
    await house.settle()
    found = (await team.show("api/v1/teams?name=default"))["items"][0]
    await house.change(f"teams/{found['id']}", default_endpoints={"batches": None})
    kept = await team.call("DELETE", f"api/v1/models/{model.uid}?dry_run=true")
    assert (kept.status, kept.code) == (409, "model_referenced")
    assert object_id in kept.text
    await say(house, "GET", "batches/{}", object_id, status="completed")
    await house.settle()
    assert (await team.call("DELETE", f"api/v1/models/{model.uid}?dry_run=true")).status == 200


@pytest.mark.parametrize(
    ("kind", "status", "outcome"),
    [("batch", 200, "ok"), ("response", 200, "ok"), ("batch", 409, "upstream_refused")],
)
async def test_what_a_deletion_gives_up_is_called_off_at_its_upstream(
    house: House, kind: str, status: int, outcome: str
) -> None:
    """Section 4: job cancelled; with the endpoint's key, once, and what the upstream said is in the operation."""
    model = await a_model(house)
    object_id = await make(house, model, kind, status="in_progress")
    await house.settle()
    marker = object_id[object_id.index("mark-") :]
    house.near.scripts[marker] = answer(status, b"{}")
    gone = await house.admin.call("DELETE", f"api/v1/models/{model.uid}?references=cascade", **{"If-Match": "*"})
    assert gone.status in {200, 202}, gone.text
    operation = await _called_off(house, model.name)
    assert (operation["done"], operation["failed"]) == (1, 0 if outcome == "ok" else 1)
    items = await house.admin.call("GET", f"api/v1/operations/{operation['id']}/items")
    assert json.loads(items.text)["outcome"] == outcome
    asked = [one for one in sent(house.near, marker) if target(one).endswith(f"/{object_id}/cancel")]
    assert [one.head.split(b" ", 1)[0] for one in asked] == [b"POST"]


async def _called_off(house: House, name: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            found = (await house.admin.show("api/v1/operations?kind=call_off"))["items"]
            mine = [one for one in found if one["target_name"] == name and one["state"] == "done"]
            if mine:
                return dict(mine[0])
            await asyncio.sleep(0.05)
