"""A list of objects without those of other teams: what stays keeps its bytes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.object_list import read_list
from gateway.errors import BadUpstreamResponse

ODD = b'\n{"object" : "list","data":[ {"id":"a","n":1.0} ,\n{"id":"b"},{"id":"c","x":"\\u00e9"}\t] ,"has_more":false}'


@pytest.mark.parametrize(
    ("hidden", "left"),
    [
        ("", ODD),
        ("a", ODD.replace(b'{"id":"a","n":1.0} ,\n', b"")),
        ("b", ODD.replace(b' ,\n{"id":"b"}', b"")),
        ("c", ODD.replace(b',{"id":"c","x":"\\u00e9"}', b"")),
        ("ac", ODD.replace(b'{"id":"a","n":1.0} ,\n', b"").replace(b',{"id":"c","x":"\\u00e9"}', b"")),
        ("abc", b'\n{"object" : "list","data":[ \t] ,"has_more":false}'),
    ],
)
def test_an_element_goes_with_one_comma(hidden: str, left: bytes) -> None:
    """White space, digits and escapes of the rest stay."""
    assert read_list(ODD).ids == ("a", "b", "c")
    assert read_list(ODD).without(set(hidden)) == left


ELEMENT = st.fixed_dictionaries({"id": st.text(max_size=3)}, optional={"n": st.floats(allow_nan=False), "t": st.text()})


@given(st.lists(ELEMENT), st.sets(st.text(max_size=3)), st.sampled_from([None, 1]))
def test_what_stays_is_what_was_there(elements: list[dict[str, object]], hidden: set[str], indent: int | None) -> None:
    """Any list, any ids, any layout."""
    body = json.dumps({"first": [], "data": elements, "has_more": True}, indent=indent).encode()
    left = read_list(body).without(hidden)
    assert json.loads(left) == {
        "first": [], "data": [one for one in elements if one["id"] not in hidden], "has_more": True,
    }  # fmt: skip
    if not hidden & {str(one["id"]) for one in elements}:
        assert left == body


def test_an_empty_list_is_a_list() -> None:
    """Nothing to take out."""
    assert read_list(b'{"data":[]}').without({"a"}) == b'{"data":[]}'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"no JSON",
        b'{"object":"list"}',
        b'{"data":{}}',
        b'{"data":null}',
        b'{"data":[{"name":"x"}]}',
        b'{"data":["x"]}',
        b'{"data":[{"id":7}]}',
        b'{"data":[],"data":[]}',
        b'{"data":[],"\\u0064ata":[]}',
        b'{"data":[{"id":"a"}',
        b'{"data":[{"id":"\xff"}]}',
        b'{"data":' + b"[" * 100_000,
    ],
    ids=lambda body: str(body[:30]),
)
def test_what_is_no_list_of_objects_is_not_shown(body: bytes) -> None:
    """Nobody knows whose objects it shows."""
    with pytest.raises(BadUpstreamResponse):
        read_list(body)
