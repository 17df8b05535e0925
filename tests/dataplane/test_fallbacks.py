"""Models that take over where a model cannot answer: when, which, for whom, and what is told and counted of it."""

import json

import aiohttp
import pytest

from gateway.access.balance import DEFAULTS, Balancer
from tests.app.installation import free_port
from tests.dataplane.house import House, Model, chat, form, mark, refused, sent
from tests.fakes.journal import Record
from tests.fakes.scenarios import DONE, ONE, STOP
from tests.fakes.script import Script, answer, event_stream, head

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("balance")]

STREAM = {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}
BUSY = b'{"error":{"message":"busy"}}'
TROUBLES: dict[str, Script] = {
    "429": answer(429, BUSY),
    "502": answer(502, BUSY),
    "503": answer(503, BUSY),
    "504": answer(504, BUSY),
    "timeout": Script().silence(),
}
FAULTS: dict[str, Script] = {
    "400": answer(400, BUSY),
    "404": answer(404, BUSY),
    "422": answer(422, BUSY),
    "500": answer(500, BUSY),
    "a connection that breaks": Script().raw(b"HTTP/1.1 200 OK\r\nContent-").fin(),
}


def nowhere() -> str:
    """Return an address on which nobody listens."""
    return f"http://127.0.0.1:{free_port()}/v1"


def asked_for(record: Record) -> str:
    """Return the model that the model server was asked for."""
    return str(json.loads(record.start)["model"])


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("name", TROUBLES)
async def test_another_model_answers_where_the_first_cannot(house: House, name: str, *, stream: bool) -> None:
    """Under its own name upstream; told in a header; a row for each attempt, charged to the model that was asked."""
    second = await house.publish({"base_url": house.far.url, "upstream_model": "theirs"})
    first = await house.publish(house.near, first_byte_timeout_s=0.4, fallbacks=[second.name])
    marker = mark()
    house.near.scripts[marker] = TROUBLES[name]
    answered = await house.admin.post("v1/chat/completions", chat(first.name, marker, stream=stream))
    assert answered.status == 200, answered.text
    assert [asked_for(one) for one in sent(house.far, marker)] == ["theirs"]
    assert answered.headers["x-modelport-attempts"] == f"{first.endpoints[0]}: {name}, fallback {second.name}"
    failed, last = await house.rows(answered.headers["x-request-id"], 2)
    assert (failed["outcome"], failed["model_uid"], failed["endpoint_id"]) == ("retried", first.uid, first.endpoints[0])
    assert (last["outcome"], last["model_uid"], last["endpoint_id"]) == ("complete", second.uid, second.endpoints[0])


@pytest.mark.parametrize("name", FAULTS)
async def test_what_another_model_would_not_do_better_is_final(house: House, name: str) -> None:
    """The caller's own faults, and calls whose work may have been done."""
    second = await house.publish(house.far)
    first, marker = await house.publish(house.near, fallbacks=[second.name]), mark()
    house.near.scripts[marker] = FAULTS[name]
    answered = await house.admin.post("v1/chat/completions", chat(first.name, marker))
    assert answered.status >= 400
    assert not sent(house.far, marker)
    assert "x-modelport-attempts" not in answered.headers


async def test_nothing_takes_over_after_the_first_byte(house: House) -> None:
    """STR-4: what has begun has one source."""
    second = await house.publish(house.far)
    first, marker = await house.publish(house.near, fallbacks=[second.name]), mark()
    house.near.scripts[marker] = event_stream().events(ONE).fin()
    with pytest.raises(aiohttp.ClientPayloadError):
        await house.admin.post("v1/chat/completions", chat(first.name, marker, stream=True))
    assert not sent(house.far, marker)


async def test_the_own_endpoints_come_first_and_the_order_holds(house: House) -> None:
    """Each of the model's endpoints, then the models in their order, then those that these name."""
    last = await house.publish(house.far)
    second = await house.publish(nowhere(), fallbacks=[last.name])
    third = await house.publish(nowhere())
    first = await house.ranked(nowhere(), nowhere(), fallbacks=[second.name, third.name])
    answered = await house.admin.post("v1/chat/completions", chat(first.name))
    assert answered.status == 200, answered.text
    assert answered.headers["x-modelport-attempts"].split(", ") == [
        *(f"{one}: connect_failed" for one in first.endpoints),
        f"fallback {second.name}",
        f"{second.endpoints[0]}: connect_failed",
        f"fallback {third.name}",
        f"{third.endpoints[0]}: connect_failed",
        f"fallback {last.name}",
    ]


async def test_where_all_fail_the_last_one_is_told(house: House) -> None:
    """And that asking again is no use: it would be asked of all of them again."""
    marker = mark()
    second = await house.publish(house.far)
    first = await house.publish(house.near, fallbacks=[second.name])
    house.near.scripts[marker] = answer(503, BUSY)
    house.far.scripts[marker] = answer(429, BUSY)
    answered = await house.admin.post("v1/chat/completions", chat(first.name, marker))
    assert (answered.status, answered.body) == (429, BUSY)
    assert answered.headers["x-should-retry"] == "false"


async def test_a_model_whose_endpoints_are_off_is_taken_over_at_once(house: House) -> None:
    """It is in the list, as it can be called; nothing was tried in vain."""
    second = await house.publish(house.far)
    first = await house.publish({"base_url": house.near.url, "enabled": False}, fallbacks=[second.name])
    none = await house.publish(fallbacks=[second.name])
    listed = {one["id"] for one in (await house.admin.get("v1/models")).json["data"]}
    for model in (first, none):
        answered = await house.admin.post("v1/chat/completions", chat(model.name))
        assert answered.status == 200, answered.text
        assert answered.headers["x-modelport-attempts"] == f"fallback {second.name}"
        (row,) = await house.rows(answered.headers["x-request-id"])
        assert row["model_uid"] == second.uid
        assert model.name in listed


async def test_an_endpoint_that_keeps_failing_is_passed_over(house: House) -> None:
    """Once it is open, the other model is asked first; a probe finds out when it is back."""
    marker = mark()
    second = await house.publish(house.far)
    first = await house.publish(house.near, fallbacks=[second.name])
    house.near.scripts[marker] = answer(503, BUSY)
    for _ in range(DEFAULTS.failures + 3):
        assert (await house.admin.post("v1/chat/completions", chat(first.name, marker))).status == 200
    assert len(sent(house.near, marker)) == DEFAULTS.failures


async def test_one_that_said_when_to_come_back_is_left_alone(house: House) -> None:
    """As long as another model can answer."""
    marker = mark()
    second = await house.publish(house.far)
    first = await house.publish(house.near, fallbacks=[second.name])
    house.near.scripts[marker] = answer(429, BUSY, {"Retry-After": "60"})
    for _ in range(3):
        assert (await house.admin.post("v1/chat/completions", chat(first.name, marker))).status == 200
    assert len(sent(house.near, marker)) == 1


async def test_where_every_model_is_open_the_own_one_is_told(house: House, balance: Balancer) -> None:
    """503 with the time to ask again, as without fallbacks."""
    second = await house.publish(nowhere())
    first = await house.publish(nowhere(), fallbacks=[second.name])
    for endpoint in (*first.endpoints, *second.endpoints):
        for _ in range(DEFAULTS.failures):
            balance.record(endpoint, "connect_failed")
    answered = await house.admin.post("v1/chat/completions", chat(first.name))
    refused(answered, 503, "no_upstream_available")
    assert int(answered.headers["Retry-After"]) > 0


async def test_nobody_is_led_to_a_model_that_the_key_may_not_call(house: House) -> None:
    """It is passed over, its own fallbacks count; and without a way on the first failure is the answer."""
    marker = mark()
    third = await house.publish(house.far)
    second = await house.publish({"base_url": house.near.url, "upstream_model": "secret"}, fallbacks=[third.name])
    first = await house.publish(nowhere(), fallbacks=[second.name])
    both = await house.member(models=[first.name, third.name])
    answered = await both.post("v1/chat/completions", chat(first.name, marker))
    assert (answered.status, len(sent(house.far, marker)), len(sent(house.near, marker))) == (200, 1, 0)
    assert second.name not in answered.headers["x-modelport-attempts"]
    alone = await house.member(models=[first.name])
    answered = await alone.post("v1/chat/completions", chat(first.name, marker))
    refused(answered, 502, "upstream_connect_failed")
    assert (len(sent(house.far, marker)), len(sent(house.near, marker))) == (1, 0)


async def test_a_switched_off_model_of_a_key_without_its_fallback_cannot_be_reached(house: House) -> None:
    """As if it had none."""
    second = await house.publish(house.far)
    first = await house.publish({"base_url": house.near.url, "enabled": False}, fallbacks=[second.name])
    alone = await house.member(models=[first.name])
    refused(await alone.post("v1/chat/completions", chat(first.name)), 503, "no_upstream_available")


async def test_a_disabled_model_takes_over_for_nobody_and_is_not_taken_over(house: House) -> None:
    """Whoever switched it off meant it."""
    marker = mark()
    second = await house.publish(house.far)
    first = await house.publish(nowhere(), fallbacks=[second.name])
    await house.change(f"models/{second.uid}", state="disabled")
    refused(await house.admin.post("v1/chat/completions", chat(first.name, marker)), 502, "upstream_connect_failed")
    await house.change(f"models/{second.uid}", state="active")
    await house.change(f"models/{first.uid}", state="disabled")
    refused(await house.admin.post("v1/chat/completions", chat(first.name, marker)), 404, "model_disabled")
    assert not sent(house.far, marker)


async def test_the_limits_and_the_usage_event_are_those_of_the_model_that_is_asked(house: House) -> None:
    """The second has patience and wants the usage of streams; the caller sees nothing of that event."""
    marker = mark()
    second = await house.publish(house.far, stream_usage=True, first_byte_timeout_s=30)
    first = await house.publish(house.near, first_byte_timeout_s=0.2, fallbacks=[second.name])
    house.near.scripts[marker] = Script().silence()
    house.far.scripts[marker] = Script().pause(0.5).raw(head(200, STREAM)).events(ONE, STOP, DONE).end()
    answered = await house.admin.post("v1/chat/completions", chat(first.name, marker, stream=True))
    assert (answered.status, "[DONE]" in answered.text) == (200, True)
    assert json.loads(sent(house.near, marker)[0].start).get("stream_options") is None
    assert json.loads(sent(house.far, marker)[0].start)["stream_options"] == {"include_usage": True}


async def test_an_upload_is_sent_again_only_while_it_is_whole(house: House) -> None:
    """A form whose beginning is kept can be sent to another model; its name is the other model's."""
    marker = mark()
    second = await house.publish({"base_url": house.far.url, "upstream_model": "theirs"}, task="audio")
    first = await house.publish(nowhere(), task="audio", fallbacks=[second.name])
    body, headers = form(("model", first.name), ("prompt", marker))
    answered = await house.admin.call("POST", "v1/audio/transcriptions", body, **headers)
    assert answered.status == 200, answered.text
    assert b"theirs" in sent(house.far, marker)[0].start


async def test_a_call_about_a_stored_object_stays_where_the_object_is(house: House) -> None:
    """Nobody else knows it."""
    model, marker, made = await _with_response(house)
    house.near.scripts[marker] = answer(503, BUSY)
    asked = {"model": model.name, "input": marker, "previous_response_id": made}
    answered = await house.admin.post("v1/responses", asked)
    assert (answered.status, len(sent(house.far, marker))) == (503, 0)


async def _with_response(house: House) -> tuple[Model, str, str]:
    """Publish a model with a fallback, have its own endpoint make a response, and return its id."""
    second = await house.publish(house.far)
    model = await house.publish(house.near, fallbacks=[second.name])
    marker, begin = mark(), mark()
    made = f"resp_{mark()}"
    house.near.scripts[begin] = answer(200, json.dumps({"id": made, "object": "response"}).encode())
    answered = await house.admin.post("v1/responses", {"model": model.name, "input": begin, "store": True})
    assert answered.status == 200, answered.text
    await house.settle()
    return model, marker, made


async def test_deleting_the_fallback_names_the_model_that_leans_on_it(house: House) -> None:
    """It is a reference like others."""
    second = await house.publish(house.far)
    first = await house.publish(house.near, fallbacks=[second.name])
    answered = await house.admin.call("DELETE", f"api/v1/models/{second.uid}")
    assert (answered.status, answered.json["code"]) == (409, "model_referenced")
    assert (answered.json["references"][0]["kind"], answered.json["references"][0]["name"]) == ("fallback", first.name)
