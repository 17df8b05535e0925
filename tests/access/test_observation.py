"""What is learned from an answer in passing: the bytes pass whatever it is (STR-7)."""

import json

import pytest

from gateway.access.call import Outcome
from gateway.access.observation import CreatingStreamCopy, Observation, PlainCopy, StreamCopy
from gateway.access.tokens import Tokens
from tests.access.calls import call

USAGE = {"prompt_tokens": 3, "completion_tokens": 4}
BATCH = b'{"id":"batch_1","output_file_id":"file_2","error_file_id":null,"usage":null}'


def passed(copy: Observation, data: bytes, size: int) -> bytes:
    """Return what leaves of an answer that comes in pieces of this size."""
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join([*(copy.feed(piece) for piece in pieces), copy.finish()])


@pytest.mark.parametrize("size", [1, 7, 4096, 100_000])
@pytest.mark.parametrize("content", [10, 20_000, 60_000])
@pytest.mark.parametrize("keep", [False, True])
def test_usage_is_found_at_the_end_of_an_answer(content: int, size: int, *, keep: bool) -> None:
    """However long it is, and however it comes."""
    body = json.dumps({"choices": ["x" * content], "usage": USAGE}).encode()
    copy, made = PlainCopy(keep=keep), call(status=200, outcome=Outcome.COMPLETE, stored=keep)
    assert passed(copy, body, size) == body
    copy.settle(made)
    assert made.tokens == Tokens(3, 4, 0, 0)


def test_ids_of_a_whole_answer_are_found() -> None:
    """By the table's members; null is no id."""
    copy, made = PlainCopy(keep=True), call("batches", status=200, outcome=Outcome.COMPLETE, stored=True)
    passed(copy, BATCH, 10)
    copy.settle(made)
    assert made.created == (("batch", "batch_1"), ("file", "file_2"))


@pytest.mark.parametrize("body", [b"", b"[]", b"x", BATCH[:-1], b'{"id":5}', b"\xff" * 10], ids=str)
def test_an_answer_that_cannot_be_read_tells_nothing(body: bytes) -> None:
    """And passes."""
    copy, made = PlainCopy(keep=True), call("batches", status=200, outcome=Outcome.COMPLETE, stored=True)
    assert passed(copy, body, 3) == body
    copy.settle(made)
    assert (made.created, made.tokens) == ((), None)


def test_an_answer_that_was_cut_made_nothing_that_is_known() -> None:
    """Half of an id would be another id."""
    copy, made = PlainCopy(keep=True), call("batches", status=200, outcome=Outcome.BROKEN, stored=True)
    passed(copy, BATCH, 10)
    copy.settle(made)
    assert made.created == ()


ENDS = {
    "complete": (b'data: {"choices":[{"finish_reason":"stop"}]}\n\n', Outcome.COMPLETE),
    "with DONE": (b"data: [DONE]\n\n", Outcome.COMPLETE),
    "with an error": (b'data: {"error":{"message":"x"}}\n\n', Outcome.FAILED),
    "with nothing": (b'data: {"choices":[]}\n\n', Outcome.INCOMPLETE),
}


@pytest.mark.parametrize("name", ENDS)
def test_the_end_of_a_stream_says_how_it_ended(name: str) -> None:
    """PRX-5 PRX-6: only where the transport's end was clean."""
    last, outcome = ENDS[name]
    for came, told in ((Outcome.COMPLETE, outcome), (Outcome.BROKEN, Outcome.BROKEN)):
        copy, made = StreamCopy(drop_injected_usage=False), call(status=200, outcome=came)
        assert passed(copy, b": hello\n\n" + last, 5) == b": hello\n\n" + last
        copy.settle(made)
        assert (made.outcome, made.events) == (told, 2)


def test_a_stream_of_an_operation_without_terminal_is_complete() -> None:
    """STR-8: the terminal is a property of the table's row."""
    copy, made = StreamCopy(drop_injected_usage=False), call("embeddings", status=200, outcome=Outcome.COMPLETE)
    passed(copy, b"data: {}\n\n", 4)
    copy.settle(made)
    assert made.outcome is Outcome.COMPLETE


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_created_object_is_told_once_and_before_its_event_leaves(size: int) -> None:
    """Whoever reads the id may ask for it at once."""
    told: list[tuple[str, int]] = []
    left = bytearray()
    copy = CreatingStreamCopy(drop_injected_usage=False, made=lambda object_id, _: told.append((object_id, len(left))))
    data = b'data: {"type":"response.created","response":{"id":"resp_1"}}\n\ndata: {"response":{"id":"resp_1"}}\n\n'
    for at in range(0, len(data), size):
        left += copy.feed(data[at : at + size])
    assert (told, bytes(left)) == ([("resp_1", 0)], data)
