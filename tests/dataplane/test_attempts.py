"""Several endpoints: which one is asked, when another one is, and what is told of it (section 7, CL-6, CL-7)."""

import asyncio
import itertools
import uuid
from collections import Counter

import aiohttp
import pytest

from gateway.access.balance import DEFAULTS, Balancer
from tests.app.installation import free_port
from tests.clock import ManualClock
from tests.dataplane.house import House, chat, form, mark, refused, sent
from tests.fakes.scenarios import HTML, ONE
from tests.fakes.script import Script, answer, event_stream

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("balance")]

BUSY = b'{"error":{"message":"busy"}}'


def nowhere() -> str:
    """Return an address on which nobody listens."""
    return f"http://127.0.0.1:{free_port()}/v1"


TROUBLES: dict[str, tuple[Script, int, str]] = {
    "429": (answer(429, BUSY), 429, "estimated"),
    "502": (answer(502, BUSY), 502, "estimated"),
    "502 as a page": (answer(502, HTML, {"Content-Type": "text/html"}), 502, "estimated"),
    "503": (answer(503, BUSY), 503, "estimated"),
    "504": (answer(504, BUSY), 504, "estimated"),
    "timeout": (Script().silence(), 504, "unknown"),
}


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("name", TROUBLES)
async def test_another_endpoint_answers_where_the_first_cannot(house: House, name: str, *, stream: bool) -> None:
    """One row per attempt, one request in the sums; the attempt is named in a header (USE-6)."""
    script, status, source = TROUBLES[name]
    model = await house.ranked(house.near, house.far, first_byte_timeout_s=0.4)
    marker = mark()
    house.near.scripts[marker] = script
    answered = await house.admin.post("v1/chat/completions", chat(model.name, marker, stream=stream))
    assert answered.status == 200, answered.text
    assert (len(sent(house.near, marker)), len(sent(house.far, marker))) == (1, 1)
    kind = name.partition(" ")[0]
    assert answered.headers["x-modelport-attempts"] == f"{model.endpoints[0]}: {kind}"
    first, last = await house.rows(answered.headers["x-request-id"], 2)
    assert (first["outcome"], first["status"], first["endpoint_id"]) == ("retried", status, model.endpoints[0])
    assert first["source"] == source
    assert (last["outcome"], last["status"], last["endpoint_id"]) == ("complete", 200, model.endpoints[1])


async def test_an_endpoint_that_cannot_be_reached_is_passed_over(house: House) -> None:
    """Connect failure: nothing was sent, so it cost nothing."""
    model, marker = await house.ranked(nowhere(), house.far), mark()
    answered = await house.admin.post("v1/chat/completions", chat(model.name, marker))
    assert answered.status == 200
    assert answered.headers["x-modelport-attempts"] == f"{model.endpoints[0]}: connect_failed"
    first, _ = await house.rows(answered.headers["x-request-id"], 2)
    assert (first["outcome"], first["source"], first["input_tokens"]) == ("retried", "estimated", 0)


FINAL: dict[str, tuple[Script, int]] = {
    "400": (answer(400, BUSY), 400),
    "401": (answer(401, BUSY), 502),
    "404": (answer(404, BUSY), 404),
    "409": (answer(409, BUSY), 409),
    "500": (answer(500, BUSY), 500),
    "508": (answer(508, BUSY), 508),
    "a redirect": (answer(307, BUSY), 502),
    "a connection that breaks": (Script().raw(b"HTTP/1.1 200 OK\r\nContent-").fin(), 502),
    "no HTTP": (Script().raw(b"hello\r\n").fin(), 502),
}


@pytest.mark.parametrize("name", FINAL)
async def test_what_another_endpoint_would_not_do_better_is_final(house: House, name: str) -> None:
    """Neither the caller's faults, nor a call whose work may have been done."""
    script, status = FINAL[name]
    model, marker = await house.ranked(house.near, house.far), mark()
    house.near.scripts[marker] = script
    answered = await house.admin.post("v1/chat/completions", chat(model.name, marker))
    assert answered.status == status
    assert "x-modelport-attempts" not in answered.headers
    assert (len(sent(house.near, marker)), len(sent(house.far, marker))) == (1, 0)


@pytest.mark.parametrize("name", TROUBLES)
async def test_a_models_only_endpoint_is_asked_once(house: House, name: str) -> None:
    """CL-7: the caller's SDK retries as well, and the two would multiply."""
    model, marker = await house.publish(house.near, first_byte_timeout_s=0.4), mark()
    house.near.scripts[marker] = TROUBLES[name][0]
    await house.admin.post("v1/chat/completions", chat(model.name, marker))
    assert len(sent(house.near, marker)) == 1


async def test_nothing_is_tried_after_the_first_byte(house: House) -> None:
    """STR-4: a stream that has begun has one source."""
    model, marker = await house.ranked(house.near, house.far), mark()
    house.near.scripts[marker] = event_stream().events(ONE).rst()
    with pytest.raises(aiohttp.ClientPayloadError):
        await house.admin.post("v1/chat/completions", chat(model.name, marker, stream=True))
    assert not sent(house.far, marker)


async def test_a_disabled_endpoint_and_one_without_weight_are_left_out(house: House) -> None:
    """Also as a second attempt: the disabled one never, the weightless one where nobody else is left."""
    marker = mark()
    off = {"base_url": house.far.url, "enabled": False}
    spare = {"base_url": house.far.url, "weight": 0}
    model = await house.publish(off, spare, house.near)
    for _ in range(5):
        assert (await house.admin.post("v1/chat/completions", chat(model.name, marker))).status == 200
    assert not sent(house.far, marker)
    house.near.scripts[marker] = answer(503, BUSY)
    answered = await house.admin.post("v1/chat/completions", chat(model.name, marker))
    assert (answered.status, len(sent(house.far, marker))) == (200, 1)


async def test_calls_are_shared_out_by_weight(house: House, balance: Balancer) -> None:
    """Three to one."""
    marker = mark()
    model = await house.publish({"base_url": house.near.url, "weight": 3}, {"base_url": house.far.url, "weight": 1})
    balance._random = itertools.cycle(number / 16 for number in range(16)).__next__
    for _ in range(16):
        await house.admin.post("v1/chat/completions", chat(model.name, marker))
    assert Counter(near=len(sent(house.near, marker)), far=len(sent(house.far, marker))) == {"near": 12, "far": 4}


async def test_a_call_is_tried_three_times_at_most(house: House) -> None:
    """Also where there are more endpoints; the answer says that asking again is no use."""
    model, marker = await house.ranked(*[house.near] * 3, *[{"base_url": house.near.url, "weight": 0}] * 2), mark()
    house.near.scripts[marker] = answer(503, BUSY)
    answered = await house.admin.post("v1/chat/completions", chat(model.name, marker))
    assert (answered.status, answered.body, len(sent(house.near, marker))) == (503, BUSY, 3)
    assert answered.headers["x-modelport-attempts"] == ", ".join(f"{one}: 503" for one in model.endpoints[:2])
    assert answered.headers["x-should-retry"] == "false"
    rows = await house.rows(answered.headers["x-request-id"], 3)
    assert [row["outcome"] for row in rows] == ["retried", "retried", "complete"]


@pytest.mark.parametrize(
    ("script", "status", "told"),
    [
        (answer(503, BUSY, {"Retry-After": "7"}), 503, {"Retry-After": "7"}),
        (answer(429, BUSY, {"retry-after-ms": "700"}), 429, {"retry-after-ms": "700"}),
        (answer(503, BUSY, {"x-should-retry": "true"}), 503, {"x-should-retry": "true"}),
        (answer(503, HTML, {"Content-Type": "text/html", "Retry-After": "7"}), 503, {"Retry-After": "7"}),
        (answer(502, HTML, {"Content-Type": "text/html"}), 502, {"x-should-retry": "false"}),
    ],
    ids=["503", "429", "its own word", "a page", "a page without advice"],
)
async def test_the_upstreams_own_advice_is_better_than_ours(
    house: House, script: Script, status: int, told: dict[str, str]
) -> None:
    """PRX-12: who was told when to come back is not told never to."""
    model, marker = await house.ranked(house.near, house.far), mark()
    house.near.scripts[marker] = house.far.scripts[marker] = script
    answered = await house.admin.post("v1/chat/completions", chat(model.name, marker))
    assert answered.status == status
    names = ("Retry-After", "retry-after-ms", "x-should-retry")
    assert {name: answered.headers[name] for name in names if name in answered.headers} == told


@pytest.mark.parametrize(("endpoints", "told"), [(1, None), (2, "false")])
async def test_who_reached_nobody_may_ask_again_unless_all_were_tried(
    house: House, endpoints: int, told: str | None
) -> None:
    """CL-6: nothing was sent; but several endpoints that are all away will not be back in half a second."""
    model = await house.publish(*(nowhere() for _ in range(endpoints)))
    answered = await house.admin.chat(model.name)
    refused(answered, 502, "upstream_connect_failed")
    assert answered.headers.get("x-should-retry") == told


@pytest.mark.parametrize("model_first", [True, False], ids=["model first", "model last"])
async def test_an_upload_is_sent_elsewhere_only_before_it_flows(house: House, *, model_first: bool) -> None:
    """PRX-36: an endpoint that cannot be reached has taken nothing; one that answers 503 may have taken all."""
    for bad, status, asked in ((nowhere(), 200, 1), (house.near, 503, 0)):
        model, marker = await house.ranked(bad, house.far), mark()
        parts = [("model", model.name), ("prompt", marker), ("file", "x" * 300_000)]
        body, headers = form(*(parts if model_first else reversed(parts)))
        house.near.scripts[marker] = answer(503, BUSY)
        answered = await house.admin.call("POST", "v1/audio/transcriptions", body, **headers)
        assert (answered.status, len(sent(house.far, marker))) == (status, asked)
        if asked:
            assert bytes(sent(house.far, marker)[0].start) == body


async def test_each_attempt_gets_the_endpoints_own_name_for_the_model(house: House) -> None:
    """PRX-10: spliced anew from the caller's bytes."""
    marker = mark()
    model = await house.ranked(
        {"base_url": house.near.url, "upstream_model": "a-much-longer-name"},
        {"base_url": house.far.url, "upstream_model": "b"},
    )
    house.near.scripts[marker] = answer(503, BUSY)
    body = b'{ "model" : "%s", "n":1.0, "user":"%s", "messages":[] }' % (model.name.encode(), marker.encode())
    assert (await house.admin.post("v1/chat/completions", body)).status == 200
    for upstream, name in ((house.near, b"a-much-longer-name"), (house.far, b"b")):
        assert bytes(sent(upstream, marker)[0].start) == body.replace(model.name.encode(), name)


async def test_all_attempts_together_have_the_models_total_time(house: House) -> None:
    """Section 5: accepted to end, whatever was tried in between."""
    model, marker = await house.ranked(house.near, house.far, first_byte_timeout_s=0.2, total_timeout_s=0.3), mark()
    house.near.scripts[marker] = house.far.scripts[marker] = Script().silence()
    answered = await house.admin.post("v1/chat/completions", chat(model.name, marker))
    refused(answered, 504, "upstream_timeout")
    assert "total" in answered.json["error"]["message"]
    assert answered.headers["x-modelport-attempts"] == f"{model.endpoints[0]}: timeout"


class Hesitant(Balancer):
    """Pauses between two attempts for so long that it can be seen."""

    def pause_s(self, tried: int) -> float:
        """Return a minute for each attempt."""
        return 60.0 * tried


async def test_who_leaves_between_two_attempts_ends_the_call(house: House) -> None:
    """Section 4: the wait is cancelled, no further attempt starts; one request in the sums."""
    model, marker = await house.ranked(house.near, house.far), mark()
    house.near.scripts[marker] = answer(503, BUSY)
    house.product.inside._relay._dispatcher._balancer = Hesitant(ManualClock().monotonic, lambda: 0.5)
    request_id = str(uuid.uuid4())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.6):
            await house.admin.post("v1/chat/completions", chat(model.name, marker), X_Request_Id=request_id)
    rows = await house.rows(request_id, 2)
    assert [(row["outcome"], row["status"]) for row in rows] == [("retried", 503), ("cancelled", 499)]
    assert (len(sent(house.near, marker)), len(sent(house.far, marker))) == (1, 0)


async def test_the_attempts_budget_keeps_an_outage_from_doubling_the_traffic(house: House) -> None:
    """Section 7: a fifth of the calls once the reserve is spent; the others get the refusal that there is."""
    model, marker = await house.publish(*[house.near] * 2), mark()
    house.near.scripts[marker] = answer(429, BUSY)
    calls = 60
    for _ in range(calls):
        await house.admin.post("v1/chat/completions", chat(model.name, marker))
    asked = len(sent(house.near, marker))
    assert calls < asked <= calls * (1 + DEFAULTS.retry_ratio) + DEFAULTS.retry_reserve
