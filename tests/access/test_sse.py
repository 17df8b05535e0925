"""Streams pass byte for byte, event by event, however they are cut; what they say is seen."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.sse import EventRelay
from gateway.access.tokens import Tokens

ROWS: list[dict[str, Any]] = json.loads(Path(__file__).parents[1].joinpath("vectors/streams.json").read_text("utf-8"))
_BLANK = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")


def _pass(chunks: Iterable[bytes], relay: EventRelay) -> bytes:
    return b"".join([relay.feed(chunk) for chunk in chunks] + [relay.finish()])


def _events(stream: bytes) -> list[bytes]:
    return [event.strip(b"\r\n") for event in _BLANK.split(stream) if event.strip(b"\r\n")]


def _assert_seen(relay: EventRelay, row: dict[str, Any]) -> None:
    usage = Tokens(*row["usage"]) if "usage" in row else None
    assert relay.usage == usage
    assert relay.done is row.get("done", False)
    assert relay.finish_reason == row.get("finish_reason")
    assert relay.complete is row.get("complete", False)
    assert relay.error == row.get("error")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["why"])
def test_a_stream_passes_whole_whatever_the_cuts(row: dict[str, Any]) -> None:
    """PRX-7 to PRX-10: cut in two at every byte, and byte by byte."""
    stream = row["stream"].encode()
    cuts = [[stream[:at], stream[at:]] for at in range(len(stream))]
    for chunks in (*cuts, [stream[at : at + 1] for at in range(len(stream))]):
        relay = EventRelay(watch_id=True)
        assert _pass(chunks, relay) == stream
        _assert_seen(relay, row)
        assert relay.object_id == row.get("id")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["why"])
def test_only_the_event_that_we_asked_for_is_taken_out(row: dict[str, Any]) -> None:
    """PRX-11, USE-3: exactly that event, whatever the cuts; its usage counts all the same."""
    stream, kept = row["stream"].encode(), row.get("dropped", row["stream"]).encode()
    assert _pass([stream], EventRelay(drop_injected_usage=True)) == kept
    for at in range(len(stream)):
        relay = EventRelay(drop_injected_usage=True)
        # A CRLF cut in the middle may leave its LF behind: an empty line more, which is no event.
        assert _events(_pass([stream[:at], stream[at:]], relay)) == _events(kept)
        _assert_seen(relay, row)


@pytest.mark.parametrize("row", [row for row in ROWS if "events" in row], ids=lambda row: row["why"])
def test_events_are_counted(row: dict[str, Any]) -> None:
    """About a token each: the estimate where no usage is told."""
    relay = EventRelay()
    _pass([event + b"\n\n" for event in _events(row["stream"].encode())], relay)
    assert relay.events == row["events"]


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r"])
def test_a_chunk_that_ends_with_an_event_is_passed_as_the_same_object(end: bytes) -> None:
    """Nothing is copied on the common way."""
    relay = EventRelay()
    for number in range(3):
        chunk = b'data: {"n":%d,"usage":null}' % number + end
        assert relay.feed(chunk) is chunk


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r"])
def test_half_an_event_is_held_until_its_end_comes(end: bytes) -> None:
    """STR-1: our own error event can never be glued to half of another one."""
    relay = EventRelay()
    assert relay.feed(b"data: 1" + end + b"data: ") == b"data: 1" + end
    assert relay.feed(b"2") == b""
    assert relay.at_boundary
    assert relay.feed(end + b"data: 3") == b"data: 2" + end
    assert relay.finish() == b"data: 3"


def test_a_comment_in_another_framing_does_not_delay_the_event_behind_it() -> None:
    """A proxy in between may write its keepalives with LF while the server writes CRLF."""
    relay = EventRelay()
    both = b": ping\n\ndata: 1\r\n\r\n"
    assert relay.feed(b"data: 0\n\n" + both + b"da") == b"data: 0\n\n" + both
    assert relay.feed(b"ta: 2\n\n" + both) == b"data: 2\n\n" + both


def test_an_event_beyond_the_limit_passes_as_it_comes() -> None:
    """STR-1: at most 64 KiB are held; what is larger passes raw until it ends, and is read at its end."""
    relay = EventRelay()
    start = b'event: response.completed\ndata: {"type":"response.completed","response":{"output":"' + b"x" * 70_000
    end = b'","usage":{"input_tokens":3,"output_tokens":4},"user":null}}\n'
    assert relay.feed(start[:60_000]) == b""
    assert relay.feed(start[60_000:]) == start
    assert not relay.at_boundary
    assert relay.feed(end) == end
    assert relay.feed(b"\ndata: [DONE]") == b"\n"
    assert relay.at_boundary
    assert relay.finish() == b"data: [DONE]"
    assert relay.usage == Tokens(3, 4)
    assert relay.finish_reason == "response.completed"


def test_a_stream_that_ends_inside_a_large_event_is_still_read() -> None:
    """CL-10: nothing is added or taken away."""
    relay = EventRelay(tail_limit=10)
    text = b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n'
    assert relay.feed(text) == text
    assert relay.finish() == b""
    assert relay.usage == Tokens(1, 2)


def test_an_error_among_many_events_at_the_end_is_found() -> None:
    """PRX-6: an upstream may say [DONE] after its error; both pass, the call has failed."""
    relay = EventRelay()
    stream = b'data: {"error":{"message":"m"}}\n\ndata: [DONE]\n\n: bye\n\n'
    assert _pass([stream], relay) == stream
    assert relay.error == {"message": "m"}
    assert relay.done


@pytest.mark.parametrize("event", [b'data: {"error":{"a":1},"\xff":2}\n\n', b'data: {"usage":{"\xff":2}}\n\n'])
def test_text_that_is_no_utf_8_passes_and_says_nothing(event: bytes) -> None:
    """STR-7: the parser tells of it by an error of another kind than of broken JSON."""
    relay = EventRelay()
    assert _pass([event], relay) == event
    assert relay.usage is None
    assert relay.error is None


_PIECES = st.sampled_from(
    [
        b"\n",
        b"\r",
        b"\r\n",
        b"data: ",
        b"data:",
        b": c",
        b"id: 1",
        b"{}",
        b"[DONE]",
        b'"usage":',
        b'{"usage":{"prompt_tokens":1}}',
        b'{"choices":[],"usage":{"completion_tokens":2}}',
        b'{"error":{"a":1}}',
        b"\xff",
        b"x" * 40,
        b'"finish_reason":"stop"',
    ]
)


@given(st.lists(_PIECES, max_size=30), st.lists(st.integers(1, 60), max_size=20), st.integers(0, 80))
def test_any_bytes_in_any_pieces_pass_unchanged(pieces: list[bytes], sizes: list[int], limit: int) -> None:
    """PRX-9, STR-1: what has left is always a prefix, and ends with an event unless one was too large to hold."""
    stream, at, left = b"".join(pieces), 0, b""
    relay = EventRelay(tail_limit=limit)
    for size in sizes:
        left += relay.feed(stream[at : at + size])
        at += size
        assert stream.startswith(left)
        assert len(stream[:at]) - len(left) <= limit
        if relay.at_boundary and left:
            assert left.endswith((b"\n\n", b"\r\r", b"\n\r", b"\r\n\r\n", b"\n\r\n", b"\r\r\n"))
    left += relay.feed(stream[at:])
    assert left + relay.finish() == stream
    assert [relay.usage, relay.done, relay.finish_reason, relay.error, relay.complete]


@given(st.lists(_PIECES, max_size=30), st.lists(st.integers(1, 60), max_size=20))
def test_what_is_seen_does_not_depend_on_the_cuts(pieces: list[bytes], sizes: list[int]) -> None:
    """The usage of a stream in pieces is that of the stream as a whole."""
    stream = b"".join(pieces)
    whole, cut = EventRelay(), EventRelay()
    _pass([stream], whole)
    at, chunks = 0, []
    for size in sizes:
        chunks.append(stream[at : at + size])
        at += size
    _pass([*chunks, stream[at:]], cut)
    assert cut.usage == whole.usage
