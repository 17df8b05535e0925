"""Where in the bytes of a JSON object is a top-level member? Exact, without building anything.

The bytes are known to be grammatical JSON (body.py). A member is looked for where callers write it, near one of the
ends, and the parser is asked whether it really stands at the top; only odd bodies are walked through. Pure; used by
body.py only.
"""

import json
import re
from collections.abc import Iterator
from typing import Final

import msgspec

from gateway.errors import InvalidRequest

MAX_MEMBERS: Final = 10_000
"""Top-level members that are walked through; callers send some twenty."""


def value_start(body: bytes, name: str) -> int:
    """Return the offset of the value of the top-level member `name`, which is known to exist exactly once.

    The name may be spelled with escapes.
    """
    quoted = b'"' + name.encode() + b'"'
    at = body.find(quoted, 0, _WINDOW)
    if at < 0 or not _at_top(body, at, quoted):
        at = next((other for other in _elsewhere(body, quoted) if _at_top(body, other, quoted)), -1)
    if at < 0:
        return next(start for found, start in _top_level(body) if found == name)
    colon = _COLON.match(body, at + len(quoted))
    assert colon is not None
    return colon.end()


def is_single(body: bytes, name: str) -> bool:
    """Whether the top-level member `name`, which is known to exist, exists only once, in whatever spelling."""
    # The plain searches come first because they are faster: pictures have no backslash, and prose no escaped letter.
    escaped = b"\\" in body and b"\\u00" in body and _ESCAPED_LETTER.search(body)
    if not escaped and body.count(b'"' + name.encode() + b'"') == 1:
        return True
    return [found for found, _ in _top_level(body)].count(name) == 1


def _top_level(body: bytes) -> Iterator[tuple[str, int]]:
    """Yield name and offset of the value of each top-level member, doubled names and escaped spellings included.

    Raises: InvalidRequest beyond MAX_MEMBERS: walking takes a microsecond each, and nobody else would be served.
    """
    at = body.index(b"{") + 1
    for _ in range(MAX_MEMBERS):
        key = _KEY.match(body, at)
        if key is None:
            return
        yield json.loads(key[1]), key.end()
        at = _value_end(body, key.end()) + 1
    raise InvalidRequest(f"the body has more than {MAX_MEMBERS} members", code="invalid_json")


def _elsewhere(body: bytes, quoted: bytes) -> Iterator[int]:
    """Yield further offsets at which `quoted` stands, the likely and cheap ones first; not all of them."""
    near_end = body.rfind(quoted, max(0, len(body) - _WINDOW))
    if near_end >= 0:
        yield near_end
    first, last = body.find(quoted, _WINDOW - len(quoted)), body.rfind(quoted, 0, near_end)
    yield from (at for at in (first, last) if at >= 0)


def _at_top(body: bytes, at: int, quoted: bytes) -> bool:
    """Whether the key at `at` belongs to the outermost object: the shorter side must be an object if made whole.

    In front of a top-level key only the outermost brace is open, so that a value and a brace complete the text; behind
    it only that brace is missing. Inside a deeper container neither holds.
    """
    if body[at - 1] == _BACKSLASH:  # that quote stands inside a string
        return False
    view = memoryview(body)
    if at <= len(body) // 2:
        return _is_object(b"".join((view[:at], quoted, b":0}")))
    return _is_object(b"".join((b"{", view[at:])))


def _is_object(text: bytes) -> bool:
    try:
        _ANY_OBJECT.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return False
    return True


def _value_end(body: bytes, at: int) -> int:
    if body[at] not in b"[{":
        scalar = _SCALAR.match(body, at)
        assert scalar is not None
        return scalar.end()
    depth = 0
    for bracket in _BRACKET.finditer(body, at):
        depth += 1 if bracket[1] in b"[{" else -1
        if depth == 0:
            break
    behind = _SPACE.match(body, bracket.end())
    assert behind is not None
    return behind.end()


class _AnyObject(msgspec.Struct, gc=False):
    """An object of which nothing is of interest: all of it is validated and skipped."""


_ANY_OBJECT: Final = msgspec.json.Decoder(_AnyObject)
_WINDOW: Final = 4096  # bytes at either end; where every SDK and every tool seen so far writes the model's name
_ESCAPED_LETTER: Final = re.compile(rb"\\u00[567]")
_BACKSLASH: Final = ord("\\")
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_COLON: Final = re.compile(rb"[ \t\r\n]*:[ \t\r\n]*")
_SPACE: Final = re.compile(rb"[ \t\r\n]*")
_KEY: Final = re.compile(rb"[ \t\r\n]*(" + _STRING + rb")[ \t\r\n]*:[ \t\r\n]*")
_SCALAR: Final = re.compile(rb"(?:" + _STRING + rb"|[^,}])*")
_BRACKET: Final = re.compile(rb'(?:[^"\[\]{}]++|' + _STRING + rb")*+([\[\]{}])")
