"""What each kind of end leaves in the books: one row with its source (USE-1 to USE-6, section 4)."""

import contextlib
import uuid
from typing import Any

import aiohttp
import pytest

from tests.dataplane.house import House, chat, form, mark, told
from tests.fakes.scenarios import DONE, HTML, ONE, STOP, TWO, completion, event, usage_event
from tests.fakes.script import Script, answer, event_stream, head

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLAIN = {"Content-Type": "application/json"}
EXACT, NOTHING, UNKNOWN = ("exact", 11, 7), ("estimated", 0, 0), ("unknown", None, None)
ERROR = b'{"error":{"message":"no"}}'

SHORT = Script().raw(head(200, {**PLAIN, "Content-Length": "99"}) + b"{").fin()

PLAIN_ENDS: dict[str, tuple[Script, int, str, tuple[Any, ...]]] = {
    "a whole answer": (answer(200, completion()), 200, "complete", EXACT),
    "an answer without usage": (answer(200, b'{"choices":[]}'), 200, "complete", UNKNOWN),
    "an answer that is no JSON": (answer(200, b"RIFF", {"Content-Type": "audio/wav"}), 200, "complete", UNKNOWN),
    "a refusal": (answer(400, ERROR), 400, "complete", NOTHING),
    "a refusal that counted": (answer(422, completion()), 422, "complete", EXACT),
    "an error": (answer(500, ERROR), 500, "complete", NOTHING),
    "a page": (answer(502, HTML, {"Content-Type": "text/html"}), 502, "refused", NOTHING),
    "a redirect": (answer(307, b"{}", {"Location": "/x"}), 502, "refused", NOTHING),
    "a refused credential": (answer(401, ERROR), 502, "refused", NOTHING),
    "silence": (Script().silence(), 504, "refused", UNKNOWN),
    "a hang-up": (Script().raw(b"HTTP/1.1 200").fin(), 502, "refused", UNKNOWN),
    "no HTTP": (Script().raw(b"220 ready\r\n").fin(), 502, "refused", NOTHING),
    "a short answer": (
        Script().raw(head(200, {**PLAIN, "Content-Length": "99"}) + b"{").fin(),
        502,
        "refused",
        UNKNOWN,
    ),
    "a chunked answer": (event_stream(PLAIN).events(completion()).end(), 200, "complete", EXACT),
}


@pytest.mark.parametrize("name", PLAIN_ENDS)
async def test_a_plain_call_is_one_row(house: House, name: str) -> None:
    """Exact where the upstream counted, zero where it refused, unknown where nobody can say."""
    script, status, outcome, counted = PLAIN_ENDS[name]
    model, marker = await house.publish(house.near, first_byte_timeout_s=0.4), mark()
    house.near.scripts[marker] = script
    answered = await house.admin.post("v1/chat/completions", chat(model.name, marker))
    assert answered.status == status, answered.text
    (row,) = await house.rows(answered.headers["x-request-id"])
    assert (row["status"], row["outcome"]) == (status, outcome)
    assert (row["source"], row["input_tokens"], row["output_tokens"]) == counted
    assert (row["model"], row["endpoint_id"], row["team"]) == (model.name, model.endpoints[0], "default")
    assert row["bytes_in"] > 0


CUT = event_stream().events(ONE, TWO)
FAULT = b'data: {"error":{"message":"x"}}\n\n'
STREAM_ENDS: dict[str, tuple[Script, str, str]] = {
    "whole": (event_stream().events(ONE, TWO, STOP, usage_event(), DONE).end(), "complete", "exact"),
    "whole, not counted": (event_stream().events(ONE, TWO, STOP, DONE).end(), "complete", "estimated"),
    "without [DONE]": (event_stream().events(ONE, TWO, STOP, usage_event()).end(), "complete", "exact"),
    "without any end": (event_stream().events(ONE, TWO).end(), "incomplete", "estimated"),
    "an error inside": (
        event_stream().events(ONE, FAULT).end(),
        "failed",
        "estimated",
    ),
    "reset": (CUT.rst(), "broken", "estimated"),
    "cut": (CUT.fin(), "broken", "estimated"),
    "cut after usage": (event_stream().events(ONE, event("b", usage={"prompt_tokens": 3})).fin(), "broken", "exact"),
    "silent": (CUT.silence(), "broken", "estimated"),
}


@pytest.mark.parametrize("name", STREAM_ENDS)
async def test_a_stream_is_one_row(house: House, name: str) -> None:
    """However it ended: its own numbers, else what was observed."""
    script, outcome, source = STREAM_ENDS[name]
    model, marker, request_id = await house.publish(house.near, idle_timeout_s=0.5), mark(), str(uuid.uuid4())
    house.near.scripts[marker] = script
    with contextlib.suppress(aiohttp.ClientPayloadError):
        body = chat(model.name, marker, stream=True)
        await house.admin.post("v1/chat/completions", body, X_Request_Id=request_id)
    (row,) = await house.rows(request_id)
    assert (row["status"], row["outcome"], row["source"]) == (200, outcome, source)
    assert row["output_tokens"] is not None
    assert 0 < row["ttfb_ms"] <= row["duration_ms"]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b'{"model":"no-such-model"}', 404), (b'{"model":5}', 400), (b'{"input_file_id":"x"}', 404)],
    ids=["broken", "unknown", "a number", "nobody"],
)
async def test_what_never_went_out_is_in_no_row(house: House, body: bytes, status: int) -> None:
    """Section 4: nothing was asked, nothing is charged."""
    path = "batches" if b"file" in body else "chat/completions"
    caller = await house.member(await house.team())
    answered = await caller.post(f"v1/{path}", body)
    assert answered.status == status
    assert await house.rows(answered.headers["x-request-id"], 0) == []


async def test_uploads_and_other_operations_are_in_the_books(house: House) -> None:
    """Bytes of an upload are counted, tokens where the upstream says them."""
    model, marker = await house.publish(house.near), mark()
    house.near.scripts[marker] = told(text="hi", usage={"type": "tokens", "input_tokens": 14, "output_tokens": 45})
    body, headers = form(("model", model.name), ("prompt", marker), ("file", "x" * 100_000))
    answered = await house.admin.call("POST", "v1/audio/transcriptions", body, **headers)
    (row,) = await house.rows(answered.headers["x-request-id"])
    assert (row["operation"], row["bytes_in"]) == ("audio.transcriptions", len(body))
    assert (row["source"], row["input_tokens"], row["output_tokens"]) == ("exact", 14, 45)


async def test_the_usage_event_is_asked_for_by_completions_as_well(house: House) -> None:
    """USE-3: both operations that end with [DONE], only those, and exactly that event is taken out again."""
    model = await house.publish(house.near, stream_usage=True)
    events = {"completions": DONE, "responses": b'data: {"type":"response.completed"}\n\n'}
    for path, last in events.items():
        marker = mark()
        house.near.scripts[marker] = event_stream().events(ONE, usage_event(), last).end()
        body = {"model": model.name, "prompt": marker, "stream": True, "store": False}
        answered = await house.admin.post(f"v1/{path}", body)
        asked = b"include_usage" in house.near.journal.find(marker)[0].start
        expected = ONE + last if asked else ONE + usage_event() + last
        assert (path, asked, answered.body) == (path, path == "completions", expected)
        (row,) = await house.rows(answered.headers["x-request-id"])
        assert (row["source"], row["input_tokens"], row["output_tokens"]) == EXACT


async def test_the_keys_own_row_names_the_key(house: House) -> None:
    """Sums by key; a caller on this machine without one has none."""
    model, caller = await house.publish(house.near), await house.member()
    for one, has_key in ((caller, True), (house.product.anonymous, False)):
        answered = await one.chat(model.name)
        assert answered.status == 200
        (row,) = await house.rows(answered.headers["x-request-id"])
        assert bool(row["key_id"]) is has_key
