"""STR-6 where it is switched on: a comment in silence, between events only."""

import asyncio
import contextlib
import json

import openai

from tests.conformance.case import Case
from tests.conformance.conftest import Serve
from tests.conformance.modelport import UpstreamProcess
from tests.fakes.scenarios import DONE, ONE, STOP, TWO
from tests.fakes.script import Script, answer, event_stream

COMMENT = b": keepalive\n"
QUICK = {"streams": {"keepalive": True, "keepalive_s": 0.2}}


async def test_a_silent_stream_gets_comments_between_events(serve: Serve, upstream: UpstreamProcess) -> None:
    """STR-6: before the first event and between two, never inside one; the events stay as they are."""
    half = len(TWO) // 2
    stream = event_stream().gate().events(ONE, TWO[:half]).pause(0.7).events(TWO[half:], STOP, DONE).end()
    plain = Script().pause(0.5).raw(answer(200, b"{}").steps[0].data)
    with serve(**QUICK) as server:
        target = server.target(upstream)
        case, other = await target.case(stream), await target.case(plain)
        before, body = await _through(case)
        assert (await other.post()).body == b"{}"
    assert before
    assert (COMMENT * 100).startswith(before)
    assert body.replace(COMMENT, b"") == ONE + TWO + STOP + DONE
    assert ONE + COMMENT in body
    assert TWO in body


async def test_comments_do_not_hide_an_upstream_that_fell_silent(serve: Serve, upstream: UpstreamProcess) -> None:
    """STR-6 PRX-41: the limit of the upstream's silence runs on; then the error event and the cut."""
    with serve(**QUICK, timeouts={"idle_s": 1}) as server:
        case = await server.target(upstream).case(event_stream().events(ONE).silence())
        reply = await asyncio.wait_for(case.stream(), 10)
        await case.upstream_left()
    assert reply.body.startswith(ONE + COMMENT)
    assert b"upstream_idle_timeout" in reply.body
    assert not reply.whole


async def test_a_caller_that_leaves_between_comments_is_noticed(serve: Serve, upstream: UpstreamProcess) -> None:
    """STR-6 PRX-1: cancellation is as quick as without."""
    with serve(**QUICK) as server:
        case = await server.target(upstream).case(event_stream().events(ONE).silence())
        wire, head = await case.open_stream()
        async with wire:
            await wire.take(head, len(ONE) + len(COMMENT))
            wire.leave("fin")
            await case.upstream_left()


async def test_the_comment_harms_no_sdk(serve: Serve, upstream: UpstreamProcess) -> None:
    """CL-9: after an event with an id, a comment with a blank line is a JSONDecodeError in openai for Python."""
    stream = event_stream().events(b"id: 1\n" + ONE).pause(0.7).events(STOP, DONE).end()
    with serve(**QUICK) as server:
        case = await server.target(upstream).case(stream)
        asked = json.loads(case.body(stream=True))
        base_url = f"{server.origin}/v1"
        async with openai.AsyncOpenAI(base_url=base_url, api_key=server.admin_key, max_retries=0) as client:
            chunks = await client.chat.completions.create(**asked)
            said = [chunk.choices[0].delta.content or "" async for chunk in chunks if chunk.choices]
    assert "".join(said) == "Hello"


async def _through(case: Case) -> tuple[bytes, bytes]:
    """Return what came before the gate was opened, which is two comments long, and everything."""
    before, body = b"", bytearray()
    wire, head = await case.open_stream()
    async with wire, contextlib.aclosing(wire.pieces(head)) as pieces:
        async for piece in pieces:
            body += piece or b""
            if not before and len(body) >= 2 * len(COMMENT):
                before = bytes(body)
                await case.open_gate()
    return before, bytes(body)
