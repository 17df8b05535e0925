"""CMP-24, 26, 27 and 32: what users of other gateways complained about, as tests of ours."""

import asyncio

import pytest

from tests.conformance.conftest import Serve
from tests.conformance.expect import openai_error
from tests.conformance.modelport import UpstreamProcess
from tests.conformance.target import Target
from tests.fakes.scenarios import DONE, ONE, SCENARIOS, completion
from tests.fakes.script import answer, chunk, event_stream

GOOD = answer(200, completion())
SLOW_STREAMS = 200
CANARY_KEY = "sk-canary-7f3a9c"
CANARY_PROMPT = "canary-prompt-5d21"


@pytest.mark.alone
async def test_an_upstream_that_hangs_up_after_each_answer_costs_nothing(target: Target) -> None:
    """CMP-24: fifty calls in a row, each on a connection that ends after it: no failure."""
    case = await target.case(SCENARIOS["hangs-up-after"])
    assert [(await case.post()).status for _ in range(50)] == [200] * 50


@pytest.mark.alone
async def test_a_stale_pooled_connection_is_retried_once_in_silence(target: Target) -> None:
    """CMP-24 section 7: it died before any byte came back: the call succeeds on a new connection."""
    case = await target.case(GOOD.when_poisoned())
    assert [(await case.post()).status for _ in range(20)] == [200] * 20


@pytest.mark.alone
async def test_many_slow_streams_at_once_all_end_whole(target: Target) -> None:
    """CMP-32 CMP-24: two hundred streams that take a second each, without a hidden queue."""
    case = await target.case(event_stream().repeat(chunk(ONE), 10, 0.1).events(DONE).end())
    async with asyncio.timeout(30):
        replies = await asyncio.gather(*(case.stream() for _ in range(SLOW_STREAMS)))
    assert all(reply.whole and reply.body == ONE * 10 + DONE for reply in replies)


async def test_no_secret_shows_anywhere(serve: Serve, upstream: UpstreamProcess) -> None:
    """CMP-26 SEC-5: an upstream's key and a prompt are in no answer, log line or metric, whatever goes wrong."""
    with serve(log={"level": "debug"}) as server:
        target = server.target(upstream)
        texts = []
        for script in [*SCENARIOS.values(), answer(401, b'{"error":{"message":"bad key sk-canary-7f3a9c"}}')]:
            if any(step.kind in {"silence", "pause"} or step.times > 1 for step in script.steps):
                continue
            case = await target.case(script)
            model = await server.management.get(f"/models?name={case.model}")
            uid = model["items"][0]["endpoints"][0]["id"]
            await server.management.call("PATCH", f"/endpoints/{uid}?preflight=skip", {"api_key": CANARY_KEY})
            body = case.body(stream=True, messages=[{"role": "user", "content": CANARY_PROMPT}])
            texts.append((await case.post(body)).body.decode(errors="replace"))
            texts.append(str(await server.management.get(f"/models?name={case.model}")))
            assert {seen.get("authorization") for seen in await case.seen()} == {f"Bearer {CANARY_KEY}"}
        texts += [server.log.read_text(), (await server.fetch("metrics")).body.decode()]
        everything = "\n".join(texts)
    assert CANARY_KEY not in everything
    assert CANARY_PROMPT not in everything
    shown = everything.count(server.admin_key)
    assert everything.count(server.admin_key[-52:-9]) == shown <= 1  # the first start shows it, nothing else does


async def test_log_lines_cannot_be_forged(serve: Serve, upstream: UpstreamProcess) -> None:
    """Security 12.23: CR, LF and ANSI from a caller or an upstream end no line and steer no terminal."""
    with serve() as server:
        target = server.target(upstream)
        evil = 'x\r\n{"level":"forged"}\x1b[31m'
        case = await target.case(answer(500, b'{"error":{"message":"a\\nforged\\u001b[31m"}}'))
        await case.post()
        await case.post(case.body(model=evil))
        await case.post(User_Agent="a\x1b[31mforged")
        lines = server.log.read_bytes()
    assert b"\x1b" not in lines
    assert not any(line.strip().startswith(b'{"level":"forged"}') for line in lines.splitlines())


async def test_a_model_without_endpoint_is_known_but_unavailable(target: Target) -> None:
    """mpb-14: 503 with Retry-After, not 404 and not 500."""
    case = await target.case(fields={"endpoints": []})
    reply = await case.post()
    assert reply.status == 503
    assert openai_error(reply)["code"] == "no_upstream_available"
    assert reply.get("retry-after")
