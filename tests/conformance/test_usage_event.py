"""PRX-11, USE-2, USE-3: the usage event arrives when it was asked for, and only then."""

import json

import pytest

from tests.conformance.target import Target
from tests.fakes.scenarios import CHAT_STREAM, DONE, ONE, STOP, TWO, event, usage_event
from tests.fakes.script import SSE_TYPE, Script, event_stream, head

ASKED = {"include_usage": True}
WITHOUT = ONE + TWO + STOP + DONE
WITH = ONE + TWO + STOP + usage_event() + DONE


async def test_usage_that_was_asked_for_arrives(target: Target) -> None:
    """PRX-11: the caller's own stream_options pass."""
    case = await target.case(CHAT_STREAM)
    reply = await case.post(case.body(stream=True, stream_options=ASKED))
    assert reply.body == WITH


async def test_usage_that_was_not_asked_for_does_not_arrive(target: Target) -> None:
    """PRX-11 USE-3: whether or not the gateway asked the upstream for it."""
    case = await target.case(CHAT_STREAM)
    assert (await case.stream()).body == WITHOUT


@pytest.mark.parametrize("stream_usage", [True, False])
async def test_usage_is_asked_for_only_where_the_model_declares_it(target: Target, stream_usage: bool) -> None:
    """USE-3: `stream_options.include_usage` is spliced in; the rest of the body stays as it was written."""
    case = await target.case(CHAT_STREAM, fields={"stream_usage": stream_usage})
    body = case.body(stream=True, temperature=0.10)
    reply = await case.post(body)
    assert reply.body == WITHOUT
    seen = (await case.only()).start
    if stream_usage:
        assert json.loads(seen)["stream_options"] == ASKED
        assert b'"temperature": 0.1' in seen
    else:
        assert seen == body


async def test_a_usage_event_that_the_upstream_sends_by_itself_stays(target: Target) -> None:
    """PRX-11: removed only if we injected the request for it."""
    case = await target.case(event_stream().events(ONE, usage_event(), DONE).end(), fields={"stream_usage": False})
    assert (await case.stream()).body == ONE + usage_event() + DONE


async def test_usage_inside_a_content_event_stays(target: Target) -> None:
    """PRX-11 USE-2: choices that are not empty carry text: the event is never dropped."""
    both = event("bye", usage={"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3})
    case = await target.case(event_stream().events(ONE, both, DONE).end())
    assert (await case.stream()).body == ONE + both + DONE


async def test_a_caller_who_declines_usage_is_obeyed(target: Target) -> None:
    """USE-3: `include_usage: false` of the caller is the caller's word; the event does not reach him."""
    case = await target.case(CHAT_STREAM)
    reply = await case.post(case.body(stream=True, stream_options={"include_usage": False}))
    assert usage_event() not in reply.body


async def test_other_stream_options_are_kept(target: Target) -> None:
    """USE-3 PRX-33: what the caller wrote beside it stays."""
    case = await target.case(CHAT_STREAM)
    options = {"include_obfuscation": False}
    await case.post(case.body(stream=True, stream_options=options))
    assert json.loads((await case.only()).start)["stream_options"]["include_obfuscation"] is False


async def test_a_plain_call_gets_no_stream_options(target: Target) -> None:
    """USE-3 PRX-33: nothing is added to a call that is no stream."""
    case = await target.case()
    body = case.body()
    await case.post(body)
    assert b"stream_options" not in (await case.only()).start


async def test_an_injected_usage_event_is_removed_at_every_split(target: Target) -> None:
    """USE-3 STR-2: also when the event comes in pieces, or two events in one chunk."""
    events = ONE + usage_event() + DONE
    for size in (1, 7, 64, len(events)):
        pieces = [events[at : at + size] for at in range(0, len(events), size)]
        case = await target.case(event_stream().events(*pieces).end(), fields={"stream_usage": True})
        assert (await case.stream()).body == ONE + DONE


async def test_a_length_of_the_upstream_is_dropped_where_an_event_is_removed(target: Target) -> None:
    """CMP-29 USE-3: a stale Content-Length would cut the stream or leave the client waiting."""
    events = ONE + STOP + usage_event() + DONE
    raw = head(200, {**SSE_TYPE, "Content-Length": str(len(events))}) + events
    case = await target.case(Script().raw(raw), fields={"stream_usage": True})
    reply = await case.stream()
    assert reply.whole
    assert reply.body == ONE + STOP + DONE
