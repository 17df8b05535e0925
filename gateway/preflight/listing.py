"""A long list of models out of its JSON, item by item: to parse 2 MiB at once would hold up the loop for 30 ms. Pure.

A list that was cut off, because it is longer than what is read, is worth as much as it holds.
"""

import json
import re
from collections.abc import Generator
from typing import Any, Final

AT_ONCE: Final = 64 * 1024
"""Bytes of a body that are parsed at once, and the most that one item of a longer one may have: below 1 ms."""
_LISTS: Final = frozenset({"data", "models"})
_BLANK: Final = " \t\n\r"
_SPACE: Final = re.compile(f"[{_BLANK}]*")
_DECODER: Final = json.JSONDecoder()


class _Ended(Exception):
    """The text ended, or is no JSON from here on."""


def read_list(body: bytes, *, most: int) -> Generator[None, None, dict[str, Any] | None]:
    """Return the JSON object of a body with the first `most` items of its `data` or `models`; None where it is none.

    >>> steps = read_list(b'{"object": "list", "data": [{"id": "a"}, {"id": "b"}, {"id', most=9)
    >>> [None for _ in steps]
    [None, None, None]
    """
    text = body.decode("utf-8", "replace")
    found: dict[str, Any] = {}
    try:
        at = _skip(text, 0, "{")
        while text[at : at + 1] != "}":
            name, at = _value(text, at)
            at = _skip(text, at, ":")
            if name in _LISTS and text[at : at + 1] == "[":
                items: list[Any] = []
                found[name] = items
                at = yield from _items(text, _skip(text, at, "["), items, most)
            else:
                found[str(name)], at = _value(text, at)
            at = _next(text, at, "}")
            yield
    except _Ended:
        pass
    return found if any(name in found for name in _LISTS) else None


def _items(text: str, at: int, items: list[Any], most: int) -> Generator[None, None, int]:
    """Add the items of a list and return where the text goes on behind it."""
    while text[at : at + 1] != "]":
        if len(items) >= most:
            raise _Ended
        item, at = _value(text, at)
        items.append(item)
        at = _next(text, at, "]")
        yield
    return _skip(text, at, "]")


def _value(text: str, at: int) -> tuple[Any, int]:
    """Return the value that begins here and where it ends."""
    try:
        value, length = _DECODER.raw_decode(text[at : at + 1024])  # nearly every item
    except (ValueError, RecursionError):
        try:
            value, length = _DECODER.raw_decode(text[at : at + AT_ONCE])
        except (ValueError, RecursionError):
            raise _Ended from None
    return value, at + length


def _next(text: str, at: int, closing: str) -> int:
    """Return where the next member begins, or the closing bracket stands."""
    at = _skip(text, at)
    return at if text[at : at + 1] == closing else _skip(text, at, ",")


def _skip(text: str, at: int, sign: str = "") -> int:
    """Return the place behind the white space, the sign and the white space behind it."""
    at = _SPACE.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing, too
    if not text.startswith(sign, at):
        raise _Ended
    return _SPACE.match(text, at + len(sign)).end() if sign else at  # type: ignore[union-attr]  # as above
