"""Which files a JSON body names: in any spelling, at any depth, and nothing that only talks about them."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.access.mentions import MAX_MENTIONS, mentioned_files
from gateway.errors import InvalidRequest

NAMED: list[tuple[bytes, set[str], str]] = [
    (b"{}", set(), "nothing"),
    (b'{"file_id":"a"}', {"a"}, "a member"),
    (b'{ "file_id" :\n "a" , "x":1}', {"a"}, "white space"),
    (b'{"a":[{"b":{"file_id":"a"}},{"file_id":"b"}]}', {"a", "b"}, "any depth"),
    (b'{"file_ids":["a", "b" ,"a"]}', {"a", "b"}, "a list"),
    (b'{"file_ids":[]}', set(), "an empty list"),
    (b'{"file_id":null,"file_ids":{"a":1},"file_id":5}', set(), "values that name none"),
    (b'{"\\u0066\\u0069le\\u005Fid":"\\u0061"}', {"a"}, "escapes in name and value"),
    (b'{"file_id\\u0073":["a"]}', {"a"}, "an escaped last letter"),
    (b'{"file_ids":["a]", "\\"", "b"]}', {"a]", '"', "b"}, "brackets and quotes inside"),
    (b'{"text":"{\\"file_id\\":\\"a\\"}"}', set(), "text about files"),
    (b'{"text":"x\\\\","file_id":"a"}', {"a"}, "a backslash before the quote in front"),
    (b'{"x":"file_id","y":["file_id","z"]}', set(), "the word as a value"),
    (b'{"my_file_id":"a","file_idx":"b","FILE_ID":"c"}', set(), "other names"),
]


@pytest.mark.parametrize(("body", "files"), [row[:2] for row in NAMED], ids=[row[2] for row in NAMED])
def test_a_body_names_files_by_its_members(body: bytes, files: set[str]) -> None:
    """Decisions 4: what an upstream would read as a file's id, and only that."""
    assert mentioned_files(body) == files


JSON = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["file_id", "file_ids", "x", "file"]), inner),
)


@settings(deadline=None)  # a loaded machine says nothing about the rule
@given(value=JSON, ascii_only=st.booleans())
def test_every_reader_finds_the_same_files(value: object, *, ascii_only: bool) -> None:
    """Compared with a walk through what the standard library reads."""
    body = json.dumps({"all": value}, ensure_ascii=ascii_only).encode(errors="replace")
    assert mentioned_files(body) == set(_walk(json.loads(body)))


def _walk(value: object) -> list[str]:
    if isinstance(value, list):
        return [file for one in value for file in _walk(one)]
    if not isinstance(value, dict):
        return []
    found = [file for one in value.values() for file in _walk(one)]
    for name in ("file_id", "file_ids"):
        member = value.get(name)
        texts = _leading_texts(member) if isinstance(member, list) else [member]
        found += [one for one in texts if isinstance(one, str)]
    return found


def _leading_texts(values: list[object]) -> list[object]:
    """Return the texts in front of anything else: no API mixes ids with other things."""
    end = next((at for at, one in enumerate(values) if not isinstance(one, str)), len(values))
    return values[:end]


@pytest.mark.parametrize("piece", [b'{"file_id":"a"}', b'{"file_id":0}', b'{"file_ids":["a","b","c"]}'], ids=str)
def test_a_body_that_names_too_many_is_refused(piece: bytes) -> None:
    """Looking at them must not take longer than anything else does."""
    with pytest.raises(InvalidRequest):
        mentioned_files(b'{"x":[' + b",".join([piece] * (MAX_MENTIONS + 2)) + b"]}")
