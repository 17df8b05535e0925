"""Lines of deltas."""

import pytest

from gateway.catalogue.operation import BadOperation, Del, Put, line_of, parse_operation
from tests.catalogue.entries import entry


def test_an_operation_is_read_as_it_was_written() -> None:
    """Members that this program does not know go through whole."""
    put = Put(entry(1, future={"a": [1, None]}))
    assert parse_operation(line_of(put)) == put
    gone = Del("acme/old", "withdrawn by its publisher", "acme/new")
    assert parse_operation(line_of(gone)) == gone
    assert parse_operation(line_of(Del("acme/old"))) == Del("acme/old")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b'{"op":"patch","id":"a"}', "op"),
        (b'{"op":"put"}', "op"),
        (b'{"op":"put","entry":[1]}', "op"),
        (b'{"op":"put","entry":{"id":"../a"}}', "id"),
        (b'{"op":"del"}', "id"),
        (b'{"op":"put","entry":{"id":"a","x":0.5}}', "0.5 is no integer"),
        (b"nonsense", "not JSON"),
    ],
)
def test_a_line_that_is_none_says_why(line: bytes, says: str) -> None:
    """It is told and changes nothing; it is no exception."""
    bad = parse_operation(line)
    assert isinstance(bad, BadOperation)
    assert says in bad.reason


def test_a_deletion_with_odd_words_is_still_one() -> None:
    """The entry is gone whatever was said about it; words that could steer a terminal are not kept."""
    line = b'{"op":"del","id":"acme/a","reason":"\\u001b[31m","successor":"../b"}'
    assert parse_operation(line) == Del("acme/a", None, None)
