"""Is this a JSON text that every parser reads alike, and if not, where does it break (PRX-30, PRX-31)?

UTF-8 throughout, no byte order mark, containers at most MAX_DEPTH deep. The grammar itself is msgspec's. Pure; used by
body.py only.
"""

import codecs
import re
from array import array
from collections.abc import Iterable
from itertools import accumulate
from typing import Final, NoReturn

import msgspec

from gateway.errors import InvalidRequest

MAX_DEPTH: Final = 512
"""Containers inside each other, the outermost counted. No tool schema comes near it (serde_json stops at 128), and it
stays below the 1,000 frames at which Python 3.11 gives up, so that every version refuses the same bodies."""

SMALL: Final = 1 << 20
"""Bytes up to which Python objects may be built from a caller's JSON: they take some twenty times the room."""


def check_encoding(body: bytes) -> None:
    """Raise InvalidRequest unless `body` is UTF-8 without surrogates. 10 MB: 0.4 ms in ASCII, 6 ms in Chinese."""
    if body.isascii():
        return
    decoder = codecs.getincrementaldecoder("utf-8")()  # in pieces: the whole text might take four times the memory
    view = memoryview(body)
    try:
        for start in range(0, len(body), _PIECE):
            decoder.decode(view[start : start + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        refuse(body, _first_bad_byte(body), "it is not UTF-8")


def check_depth(body: bytes, lists: Iterable[msgspec.Raw] = ()) -> None:
    """Raise InvalidRequest if containers of `body`, which is grammatical JSON, are nested deeper than MAX_DEPTH.

    `lists` are top-level members that may be long lists of small things; looking at them first saves most of the work.
    """
    if len(body) <= 2 * MAX_DEPTH:
        return
    opened = _opened(body)
    if opened > MAX_DEPTH and len(body) <= SMALL:
        opened -= sum(_harmless(raw) for raw in lists if raw)
    if opened > MAX_DEPTH:
        _check_each_bracket(body)


def refuse_depth() -> NoReturn:
    """Raise InvalidRequest for a body that is nested too deeply."""
    raise InvalidRequest(f"the body is nested deeper than {MAX_DEPTH} levels", code="invalid_json")


def refuse(body: bytes, position: int, reason: str) -> NoReturn:
    """Raise InvalidRequest that names line and column of the byte at `position`, both from 1, columns in characters.

    msgspec may name the byte behind the one at fault.
    """
    position = min(position, len(body))
    line = body.count(b"\n", 0, position) + 1
    start = body.rfind(b"\n", 0, position) + 1
    column = len(body[start:position].decode("utf-8", "replace")) + 1
    raise InvalidRequest(
        f"the body is not valid JSON: {reason} (line {line}, column {column})",
        code="invalid_json",
        line=line,
        column=column,
    )


def with_plain_surrogates(body: bytes) -> bytes:
    r"""Return `body` with every lone `\udXXX` as `\ufffd`, at the same offsets: as good for any question asked here.

    msgspec refuses lone surrogates, which are grammatical JSON and what a browser sends for half an emoji. A text with
    thousands of them is no text: what is left of them is refused.
    """
    return _UP_TO_LONE.sub(lambda found: found[1] + (b"\\ufffd" if found[2] else b""), body, count=_MOST_LONE)


def _check_each_bracket(body: bytes) -> None:
    brackets, depth = _brackets(body), 0
    for start in range(0, len(brackets), _BLOCK):
        block = brackets[start : start + _BLOCK]
        opened = block.count(b"(")
        if depth + opened > MAX_DEPTH and depth + max(accumulate(array("b", block.translate(_STEPS)))) > MAX_DEPTH:
            refuse_depth()
        depth += 2 * opened - len(block)


def _first_bad_byte(body: bytes) -> int:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return error.start
    return len(body)


def _opened(text: bytes) -> int:
    """Return how many brackets open in `text`, those inside strings included: never less than its depth."""
    return len(text.translate(None, _NOT_OPENING))


def _harmless(raw: msgspec.Raw) -> int:
    """Return what `raw` adds to the count of open brackets if it is a list without a single deep element, else 0."""
    try:
        items = _LIST.decode(raw)
    except msgspec.DecodeError:
        return 0
    room = MAX_DEPTH - 2  # inside the outermost object and this list
    if any(len(item) > 2 * room and _opened(bytes(item)) > room for item in items):
        return 0
    return _opened(bytes(raw))


def _brackets(body: bytes) -> bytes:
    """Return the brackets of `body` outside strings, all as `(` and `)`, by a few passes of C code."""
    if b"\\" in body:
        # Escapes must go before quotes can be paired. Dropping everything else first makes that three times faster.
        body = body.translate(None, _NOT_IN_ESCAPES).replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = body.translate(_ONE_KIND, _NOT_MARKS).replace(b'""', b"")
    return b"".join(marks.split(b'"')[::2])


_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
_PIECE: Final = 65536  # bytes; the decoded text stays in the processor's cache
_BLOCK: Final = 128  # brackets; most blocks cannot go too deep, and only the others are looked at one by one
_MOST_LONE: Final = 10_000
_HIGH = rb"\\u[dD][89abAB][0-9a-fA-F]{2}"
_LOW = rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_UP_TO_LONE: Final = re.compile(
    rb"((?:[^\\]++|\\[^u]|\\u(?![dD][89a-fA-F])|" + _HIGH + _LOW + rb")*+)(" + _HIGH + rb"|" + _LOW + rb")?+", re.DOTALL
)


def _all_but(kept: bytes) -> bytes:
    return bytes(byte for byte in range(256) if byte not in kept)


_NOT_OPENING: Final = _all_but(b"[{")
_NOT_MARKS: Final = _all_but(b'[]{}"')
_NOT_IN_ESCAPES: Final = _all_but(b'[]{}"\\/bfnrtu')
_ONE_KIND: Final = bytes.maketrans(b"[{]}", b"(())")
_STEPS: Final = bytes.maketrans(b"()", b"\x01\xff")
