"""PRX-41, CMP-12, CMP-33 and section 5: four separate limits, each with its own end."""

import time

import pytest

from tests.conformance.conftest import Serve
from tests.conformance.events import broken_off
from tests.conformance.expect import refused
from tests.conformance.modelport import UpstreamProcess
from tests.conformance.target import Target
from tests.fakes.blackhole import blackhole
from tests.fakes.scenarios import DONE, ONE, TWO, completion
from tests.fakes.script import JSON_TYPE, Script, answer, chunk, event_stream, head

SHORT_S = 0.5
NOT_AT_ONCE_S, SOON_S = 0.4, 3.0
HALF = head(200, {**JSON_TYPE, "Content-Length": "200000"}) + b'{"a":"' + b"x" * 70_000


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
async def test_a_head_that_does_not_come_is_a_504(target: Target, stream: bool) -> None:
    """PRX-41 CMP-12: the first-byte limit, and the upstream request is given up with it."""
    case = await target.case(Script().silence(), fields={"first_byte_timeout_s": SHORT_S})
    begun = time.monotonic()
    refused(await case.post(case.body(stream=stream)), 504, "upstream_timeout")
    assert NOT_AT_ONCE_S < time.monotonic() - begun < SOON_S
    await case.upstream_left()


async def test_a_stream_that_falls_silent_is_broken_off(target: Target) -> None:
    """PRX-41 CMP-12: the idle limit: error event `upstream_idle_timeout`, then a cut."""
    case = await target.case(event_stream().events(ONE, TWO).silence(), fields={"idle_timeout_s": SHORT_S})
    reply = await case.stream()
    assert not reply.whole
    assert broken_off(reply.body, ONE + TWO)["code"] == "upstream_idle_timeout"
    await case.upstream_left()


async def test_a_stream_that_is_silent_from_the_head_on_is_no_whole_answer(target: Target) -> None:
    """PRX-41: before any byte to the client: 504; later: error event and cut."""
    case = await target.case(event_stream().silence(), fields={"idle_timeout_s": SHORT_S})
    reply = await case.stream()
    if reply.status == 200:
        assert not reply.whole
        assert broken_off(reply.body, b"")["code"] == "upstream_idle_timeout"
    else:
        refused(reply, 504, "upstream_idle_timeout")


async def test_a_plain_body_that_falls_silent_never_looks_whole(target: Target) -> None:
    """PRX-41 PRX-4: 504 while nothing was sent, a cut afterwards."""
    case = await target.case(Script().raw(HALF).silence(), fields={"idle_timeout_s": SHORT_S})
    reply = await case.post()
    if reply.status == 200:
        assert not reply.whole
    else:
        refused(reply, 504, "upstream_idle_timeout")
    await case.upstream_left()


async def test_a_plain_call_has_a_total_limit(target: Target) -> None:
    """PRX-41: it drips, so no idle limit ends it; the total does."""
    drip = Script().raw(head(200, {**JSON_TYPE, "Transfer-Encoding": "chunked"})).repeat(chunk(b" "), 200, 0.1)
    case = await target.case(drip, fields={"total_timeout_s": SHORT_S, "idle_timeout_s": 5.0})
    begun = time.monotonic()
    reply = await case.post()
    assert time.monotonic() - begun < SOON_S
    if reply.status == 200:
        assert not reply.whole
    else:
        refused(reply, 504, "upstream_timeout")
    await case.upstream_left()


async def test_a_live_stream_outlives_every_limit(target: Target) -> None:
    """PRX-41 CMP-33: events each 0.2 s for longer than first byte, idle and total together: never cut."""
    limits = {"first_byte_timeout_s": SHORT_S, "idle_timeout_s": SHORT_S, "total_timeout_s": SHORT_S}
    case = await target.case(event_stream().repeat(chunk(ONE), 12, 0.2).events(DONE).end(), fields=limits)
    reply = await case.stream()
    assert reply.whole
    assert reply.body == ONE * 12 + DONE


async def test_a_connect_that_hangs_is_given_up(serve: Serve, upstream: UpstreamProcess) -> None:
    """PRX-41: the connect limit: 502 `upstream_connect_failed`, or the next endpoint."""
    with blackhole() as port, serve(timeouts={"connect_s": SHORT_S}) as server:
        case = await server.target(upstream).case(base_urls=(f"http://127.0.0.1:{port}/v1",))
        begun = time.monotonic()
        refused(await case.post(), 502, "upstream_connect_failed")
        assert NOT_AT_ONCE_S < time.monotonic() - begun < SOON_S


async def test_another_endpoint_takes_over_when_a_connect_fails(target: Target) -> None:
    """Section 5 section 7: nothing was sent, so the next endpoint may be tried; the caller sees one answer."""
    good = f"http://127.0.0.1:{target.upstream_port}/v1"
    case = await target.case(answer(200, completion()), base_urls=("http://127.0.0.1:9/v1", good))
    assert [(await case.post()).status for _ in range(6)] == [200] * 6
    assert len(await case.seen()) == 6


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_another_endpoint_takes_over_when_one_refuses(target: Target, status: int) -> None:
    """Section 7: before the first byte, another endpoint is tried; its answer is the only one that the caller sees."""
    good = f"http://127.0.0.1:{target.upstream_port}/v1"
    refusing = await target.case(answer(status, b'{"error":{"message":"busy"}}', {"Retry-After": "1"}))
    other = f"http://127.0.0.1:{target.upstream_port}/v1/{refusing.marker}"
    case = await target.case(answer(200, completion()), base_urls=(other, good))
    assert [(await case.post()).status for _ in range(4)] == [200] * 4
