"""CMP-18 and section 7: an upstream that is down is asked seldom, and its callers do not wait for it."""

import time

import pytest

from tests.conformance.case import Case
from tests.conformance.expect import openai_error, refused
from tests.conformance.target import Target
from tests.conformance.wire import Answer
from tests.fakes.scenarios import completion
from tests.fakes.script import Script, answer

CALLS = 40
AT_ONCE_S = 0.25


async def _until_open(case: Case) -> Answer:
    """Call until the gateway no longer asks the upstream; return that answer."""
    for _ in range(CALLS):
        reply = await case.post()
        if reply.status == 503:
            return reply
        assert reply.status == 502
    raise AssertionError(f"the upstream was asked {CALLS} times in an outage")


@pytest.mark.alone
async def test_an_outage_is_told_at_once_and_ends_by_itself(target: Target) -> None:
    """CMP-18: also a single upstream cools down: 503 with Retry-After in ms, and one probe finds it well again."""
    case = await target.case(Script().fin())
    reply = await _until_open(case)
    assert openai_error(reply)["code"] == "no_upstream_available"
    wait_s = int(reply.get("retry-after") or 0)
    assert 1 <= wait_s <= 30
    asked = len(await case.seen())
    begun = time.monotonic()
    refused(await case.post(), 503, "no_upstream_available")
    assert time.monotonic() - begun < AT_ONCE_S
    assert len(await case.seen()) == asked
    await target.upstream.script(case.marker, answer(200, completion()))
    deadline = time.monotonic() + wait_s + 5
    while (await case.post()).status != 200:
        assert time.monotonic() < deadline, "the upstream is well again, but was not asked"
        time.sleep(0.2)  # noqa: ASYNC251  # nothing else runs here, and the breaker's clock is the real one


async def test_errors_of_the_caller_open_nothing(target: Target) -> None:
    """CMP-18: 400 and 404 of the upstream say that it lives."""
    case = await target.case(answer(400, b'{"error":{"message":"no"}}'))
    assert {(await case.post()).status for _ in range(20)} == {400}


@pytest.mark.alone
async def test_advice_to_wait_is_obeyed(target: Target) -> None:
    """PRX-12 CMP-17: an endpoint that said when to come back is left alone while another one answers."""
    good = f"http://127.0.0.1:{target.upstream_port}/v1"
    busy = await target.case(answer(429, b'{"error":{"message":"busy"}}', {"Retry-After": "30"}))
    other = f"http://127.0.0.1:{target.upstream_port}/v1/{busy.marker}"
    case = await target.case(answer(200, completion()), base_urls=(other, good))
    assert {(await case.post()).status for _ in range(30)} == {200}
    assert len(await busy.seen()) <= 1
