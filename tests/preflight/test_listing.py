import json
from typing import Any

import pytest

from gateway.preflight.listing import AT_ONCE, read_list
from gateway.preflight.turns import in_turns

ROWS = [{"id": f"m{number}", "object": "model", "owned_by": "vllm"} for number in range(20)]


async def _read(body: bytes, most: int = 9_999) -> dict[str, Any] | None:
    return await in_turns(read_list(body, most=most))


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("more", [{}, {"first": {"a": [1, "]"]}, "has_more": False}])
async def test_a_list_is_read_as_json_reads_it(indent: int | None, more: dict[str, Any]) -> None:
    """Whatever stands before and behind it, and however it is spaced."""
    for document in ({"object": "list", "data": ROWS, **more}, {**more, "models": ROWS}, {"data": [], **more}):
        assert await _read(json.dumps(document, indent=indent).encode()) == document


async def test_what_was_cut_off_is_worth_what_it_holds() -> None:
    """Wherever it ends: the items that are whole."""
    whole = json.dumps({"object": "list", "data": ROWS}).encode()
    for end in range(len(whole)):
        found = await _read(whole[:end])
        kept = [] if found is None else found["data"]
        assert kept == ROWS[: len(kept)]
        assert len(kept) == sum(json.dumps(row).encode() in whole[:end] for row in ROWS)


async def test_no_more_than_is_wanted_is_kept() -> None:
    """A server may list everything that a hub has."""
    assert await _read(json.dumps({"data": ROWS, "next": "x"}).encode(), most=3) == {"data": ROWS[:3]}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"<html>" * 10,
        b'{"data": 5}x',
        b'{"hello": 1}',
        b'{"data"',
        b'{"a": ' + b'"' + b"x" * (AT_ONCE + 1) + b'", "data": []}',
        b"[" * 100_000,
        b'{"data": ' + b"[" * 100_000,
        b"\xff\xfe",
    ],
)
async def test_what_is_no_list_is_none(body: bytes) -> None:
    """Neither an error nor a long computation: a stranger wrote it."""
    found = await _read(body)
    assert found is None or found["data"] in ([], 5)


async def test_an_item_that_is_too_large_ends_the_list() -> None:
    """To parse it would hold up the loop."""
    rows = [{"id": "a"}, {"id": "b", "template": "x" * AT_ONCE}, {"id": "c"}]
    assert await _read(json.dumps({"data": rows}).encode()) == {"data": [{"id": "a"}]}
