"""PRX-4 to PRX-6: a broken stream looks broken, a clean one is left as it is, and an error inside passes."""

import pytest

from tests.conformance.events import broken_off
from tests.conformance.expect import openai_error
from tests.conformance.target import Target
from tests.fakes.scenarios import ONE, SCENARIOS, STOP, TWO
from tests.fakes.script import JSON_TYPE, Script, chunk, event_stream, head

CHUNKED_JSON = head(200, {**JSON_TYPE, "Transfer-Encoding": "chunked"})
CUTS = {
    "reset": event_stream().events(ONE, TWO).rst(),
    "fin without last chunk": event_stream().events(ONE, TWO).fin(),
    "inside an event": event_stream().events(ONE, TWO, STOP[:25]).fin(),
    "inside an event, reset": event_stream().events(ONE, TWO, STOP[:25]).rst(),
    "inside a chunk": event_stream().events(ONE, TWO).raw(chunk(STOP)[:-20]).fin(),
    "between two newlines": event_stream().events(ONE, TWO, STOP[:-1]).fin(),
    "broken chunk size": event_stream().events(ONE, TWO).pause(0.2).raw(b"zz\r\n").fin(),
}


@pytest.mark.parametrize("script", CUTS.values(), ids=CUTS.keys())
async def test_a_stream_that_breaks_ends_with_an_error_event_and_a_cut(target: Target, script: Script) -> None:
    """PRX-4: complete events, one error event on its own line, no last chunk, no [DONE], no finish_reason."""
    case = await target.case(script)
    answer = await case.stream()
    assert answer.status == 200
    assert not answer.whole, "the broken stream ended as if it were complete"
    broken_off(answer.body, ONE + TWO)
    assert b"[DONE]" not in answer.body


async def test_no_second_status_line_is_written_into_a_stream(target: Target) -> None:
    """STR-4: once the head is out, an error never becomes another HTTP answer inside the body."""
    case = await target.case(CUTS["reset"])
    wire, _ = await case.open_stream()
    async with wire:
        assert b"HTTP/1.1" not in await wire.rest()


async def test_the_error_event_has_the_openai_shape(target: Target) -> None:
    """PRX-4 STR-1: an SDK raises the event's message; code, type and request id tell the rest."""
    case = await target.case(CUTS["reset"])
    answer = await case.stream()
    error = broken_off(answer.body, ONE + TWO)
    assert error["type"] == "server_error"
    assert error["code"] == "upstream_disconnected"


async def test_a_stream_that_breaks_before_its_first_event_is_no_whole_answer(target: Target) -> None:
    """PRX-4: head and nothing more: a 502, or an error event and a cut."""
    case = await target.case(event_stream().fin())
    answer = await case.stream()
    if answer.status == 200:
        assert not answer.whole
        broken_off(answer.body, b"")
    else:
        assert answer.status == 502
        openai_error(answer)


SHORT = {
    "short content-length": Script().raw(head(200, {**JSON_TYPE, "Content-Length": "999"}) + b'{"a":').fin(),
    "short and reset": Script().raw(head(200, {**JSON_TYPE, "Content-Length": "999"}) + b'{"a":').rst(),
    "no last chunk": Script().raw(CHUNKED_JSON, chunk(b'{"a":')).fin(),
    "long and cut": Script().raw(head(200, {**JSON_TYPE, "Content-Length": "9000000"}) + b" " * 3_000_000).fin(),
}


@pytest.mark.parametrize("script", SHORT.values(), ids=SHORT.keys())
async def test_a_plain_body_that_is_cut_is_never_a_whole_200(target: Target, script: Script) -> None:
    """PRX-4: shorter than announced: 502 while nothing was sent, a cut afterwards."""
    case = await target.case(script)
    answer = await case.post()
    if answer.status == 200:
        assert not answer.whole, "a cut body arrived as a whole answer"
    else:
        assert answer.status == 502
        assert openai_error(answer)["code"] in {"upstream_disconnected", "upstream_truncated"}


@pytest.mark.parametrize("name", ["stream-no-done", "stream-no-finish"])
async def test_a_clean_end_without_terminal_stays_clean_and_gets_nothing_added(target: Target, name: str) -> None:
    """PRX-5 STR-9: neither finish_reason nor [DONE] nor usage is invented."""
    case = await target.case(SCENARIOS[name])
    answer = await case.stream()
    assert answer.whole
    assert answer.body == ONE + TWO + (STOP if name == "stream-no-done" else b"")


async def test_an_error_event_passes_untouched_and_nothing_follows(target: Target) -> None:
    """PRX-6: the upstream's own error object keeps its bytes."""
    error = b'data: {"error":{"message":"out of memory","type":null,"code":507}}\n\n'
    case = await target.case(event_stream().events(ONE, error).end())
    answer = await case.stream()
    assert answer.whole
    assert answer.body == ONE + error


async def test_an_encoded_stream_that_breaks_gets_no_event_only_the_cut(target: Target) -> None:
    """STR-3: plain text inside a gzip stream would be noise."""
    coded = event_stream({"Content-Encoding": "gzip"}).events(b"\x1f\x8b\x08\x00gzip-bytes").rst()
    case = await target.case(coded)
    answer = await case.stream(Accept_Encoding="gzip")
    assert not answer.whole
    assert b"error" not in answer.body
