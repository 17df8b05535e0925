"""Pages: opaque cursors, strictly read back."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.api.page import PageQuery, decode_cursor, encode_cursor, page_of, take_page
from gateway.errors import InvalidRequest


@given(st.text(), st.integers())
def test_a_cursor_gives_back_its_key(name: str, number: int) -> None:
    """Any name survives the round trip."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return  # a lone surrogate is in no database
    assert decode_cursor(encode_cursor((name, number)), str, int) == (name, number)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "nothing"),
        ("!!!", "not base64"),
        ("YWJj", "not JSON"),
        (base64.urlsafe_b64encode(b'["a",1]').decode(), "padding is not ours"),
        (encode_cursor(("a",)), "too short a key"),
        (encode_cursor((1, "a")), "types in another order"),
        (base64.urlsafe_b64encode(b'["a", 1]').rstrip(b"=").decode(), "spaces that we do not write"),
        (base64.urlsafe_b64encode(b'["a",true]').rstrip(b"=").decode(), "a flag is no number"),
        (base64.urlsafe_b64encode(b"[" * 5000).decode(), "too deep"),
        ("\u00e9", "not ASCII"),
    ],
)
def test_a_cursor_that_we_did_not_make_is_refused(text: str, why: str) -> None:
    """Garbage is a 400, never a 500 and never another page."""
    with pytest.raises(InvalidRequest) as refusal:
        decode_cursor(text, str, int)
    assert refusal.value.code == "invalid_cursor", why


def test_the_last_page_has_no_cursor() -> None:
    """One row more than the limit tells that there is another page."""
    rows = ["a", "b", "c"]
    assert take_page(rows, 3, lambda row: (row,)) == (rows, None)
    page, cursor = take_page(rows, 2, lambda row: (row,))
    assert page == ["a", "b"]
    assert decode_cursor(str(cursor), str) == ("b",)
    assert take_page([], 2, lambda row: (row,)) == ([], None)


def test_the_limit_has_a_default_and_a_cap() -> None:
    """50 unless asked, 200 at most."""
    assert PageQuery().limit == 50
    with pytest.raises(ValueError, match="less than or equal to 200"):
        PageQuery(limit=201)


@given(st.sets(st.text(alphabet="abc", min_size=1), max_size=9), st.integers(1, 4))
def test_pages_of_rows_at_hand_are_all_of_them(rows: set[str], limit: int) -> None:
    """In order, each once; a cursor of another shape is refused, also where there are no rows."""
    seen, cursor = list[str](), None
    for _ in range(len(rows) + 1):
        page, cursor = page_of(rows, PageQuery(limit=limit, cursor=cursor), lambda one: (one,))
        seen += page
        if cursor is None:
            break
    assert seen == sorted(rows)
    with pytest.raises(InvalidRequest):
        page_of(rows, PageQuery(cursor=encode_cursor(("a", 1))), lambda one: (one,))
