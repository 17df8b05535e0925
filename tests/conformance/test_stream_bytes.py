"""PRX-7 to PRX-10 and STR-1, 2, 6, 7, 8: a stream's bytes and its rhythm are the upstream's."""

import asyncio
import contextlib

import pytest

from tests.conformance.target import Target
from tests.conformance.wire import request_bytes
from tests.fakes.scenarios import DONE, ONE, STOP, TWO, event
from tests.fakes.script import SSE_TYPE, Script, event_stream, head

WORDS = "déjà vu — 語彙 🦊 \u2028 \u0085 end"
RAW_TEXT = b'data: {"choices":[{"index":0,"delta":{"content":"' + WORDS.encode() + b'"}}]}\n\n'
STREAM = RAW_TEXT + STOP + DONE
BODIES = {
    "comments": b": ping\n\n" + ONE + b":\n" + TWO + b": bye\n\n" + DONE,
    "event, id and retry lines": b"event: delta\nid: 7\nretry: 100\n" + ONE + b"event:done\n" + DONE,
    "several data lines": b'data: {"choices":\ndata: []}\n\n' + DONE,
    "data without blank": ONE.replace(b"data: ", b"data:") + b"data:[DONE]\n\n",
    "no JSON": b"data: not json at all {{\n\ndata: [1,2\n\ndata: 5\n\n" + DONE,
    "unicode line separators": RAW_TEXT + DONE,
    "leading byte order mark": b"\xef\xbb\xbf" + ONE + DONE,
    "three newlines": ONE + b"\n" + TWO + b"\n\n" + DONE,
    "last event without blank line": ONE + STOP + DONE.rstrip(b"\n"),
    "something after DONE": ONE + DONE + b": trailer\n\n",
    "invalid UTF-8": ONE + b"data: \xff\xfe\xc3\n\n" + DONE,
    "empty": b"",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_stream_bytes_pass_unchanged(target: Target, body: bytes) -> None:
    """PRX-7 STR-7: comments, fields, odd lines and what no parser likes arrive as sent."""
    case = await target.case((event_stream().events(body) if body else event_stream()).end())
    answer = await case.stream()
    assert answer.whole
    assert answer.body == body


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
async def test_every_framing_is_kept_and_each_event_leaves_at_once(target: Target, newline: bytes) -> None:
    """PRX-8 STR-2: an event ends at its own kind of blank line, and does not wait for the next one."""
    first, second = (e.replace(b"\n", newline) for e in (ONE, DONE))
    case = await target.case(event_stream().events(first).gate().events(second).end())
    wire, head_ = await case.open_stream()
    async with wire:
        got = bytearray()
        async for piece in wire.pieces(head_):
            got += piece or b""
            if bytes(got) == first:  # the upstream waits for us: only an event that left at once lets us go on
                await case.open_gate()
    assert bytes(got) == first + second


async def test_a_cr_at_the_end_of_a_piece_is_not_taken_for_half_a_boundary(target: Target) -> None:
    r"""PRX-8 STR-2: `\r\n\r` and `\n` in two pieces are one boundary, and nothing is lost."""
    lines = ONE.replace(b"\n", b"\r\n")
    case = await target.case(event_stream().events(lines[:-1], lines[-1:], lines[:-2], lines[-2:]).end())
    assert (await case.stream()).body == lines * 2


@pytest.mark.alone
async def test_every_split_point_gives_the_same_bytes(target: Target) -> None:
    """PRX-9 CMP-29: chunks cut anywhere, inside a character or a boundary, change nothing."""

    async def cut_at(point: int) -> None:
        case = await target.case(event_stream().events(STREAM[:point]).pause(0.002).events(STREAM[point:]).end())
        answer = await case.stream()
        assert answer.body == STREAM, f"cut at {point}"
        assert answer.whole

    for start in range(1, len(STREAM), 16):
        await asyncio.gather(*(cut_at(point) for point in range(start, min(start + 16, len(STREAM)))))


async def test_a_stream_byte_by_byte_gives_the_same_bytes(target: Target) -> None:
    """PRX-9: each byte a chunk of its own."""
    case = await target.case(event_stream().events(*(bytes([byte]) for byte in STREAM)).end())
    assert (await case.stream()).body == STREAM


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
async def test_a_stream_that_ends_with_its_connection_passes(target: Target, version: str) -> None:
    """PRX-10: an upstream without chunked framing ends its body by closing."""
    case = await target.case(Script().raw(head(200, SSE_TYPE, version=version) + ONE + STOP + DONE).fin())
    answer = await case.stream()
    assert answer.body == ONE + STOP + DONE
    assert answer.whole


async def test_a_long_incomplete_event_passes_before_its_end(target: Target) -> None:
    """STR-1: a tail above 64 KiB is no longer held back."""
    giant = event("x" * 200_000)
    case = await target.case(event_stream().events(giant[:-2]).gate().events(giant[-2:], DONE).end())
    wire, head_ = await case.open_stream()
    async with wire:
        got, opened = bytearray(), False
        async for piece in wire.pieces(head_):
            got += piece or b""
            if len(got) > 100_000 and not opened:
                opened = True
                await case.open_gate()
    assert bytes(got) == giant + DONE


async def test_no_comment_is_added_in_silence(target: Target) -> None:
    """STR-6: a keepalive comes only where it is configured."""
    case = await target.case(event_stream().events(ONE).silence())
    wire, head_ = await case.open_stream()
    async with wire, contextlib.aclosing(wire.pieces(head_)) as pieces:
        assert await anext(pieces) == ONE
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2):
                await anext(pieces)


async def test_responses_end_with_their_own_terminal(target: Target) -> None:
    """STR-8: typed events of another operation pass, and no [DONE] is added."""
    typed = (
        b'event: response.created\ndata: {"type":"response.created","response":{"id":"resp_1"}}\n\n'
        b'event: response.completed\ndata: {"type":"response.completed","response":{"id":"resp_1","usage":'
        b'{"input_tokens":3,"output_tokens":4,"total_tokens":7}}}\n\n'
    )
    case = await target.case(event_stream().events(typed).end())
    answer = await case.post(case.body(stream=True, input="hello"), path="/responses")
    assert answer.whole
    assert answer.body == typed


async def test_chunk_extensions_and_trailers_of_the_upstream_are_framing(target: Target) -> None:
    """PRX-20 PRX-10: they belong to one connection and are no part of the text."""
    framed = b'%x;sig="a b"\r\n%s\r\n0\r\nX-Trailer: 1\r\n\r\n' % (len(ONE), ONE)
    case = await target.case(event_stream().raw(framed))
    reply = await case.stream()
    assert (reply.body, reply.whole) == (ONE, True)
    assert reply.get("x-trailer") is None


async def test_a_client_of_http_1_0_gets_no_chunks(target: Target) -> None:
    """PRX-10: the end of its body is the end of the connection."""
    case = await target.case(event_stream().events(ONE, STOP, DONE).end())
    body = case.body(stream=True)
    request = request_bytes("POST", f"{target.path}/chat/completions", target.headers(body), body)
    async with await target.connect() as wire:
        wire.send_soon(request.replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        reply = await wire.answer()
    assert reply.get("transfer-encoding") is None
    assert reply.body == ONE + STOP + DONE
