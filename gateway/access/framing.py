"""Where does a server-sent event end, and what does it say? Bytes only: U+2028 and its like end no line (STR-2).

An event ends at an empty line. Lines end with LF, CRLF or CR, so an empty line shows as one of three pairs of bytes:
LF LF, LF CR or CR CR. Where a CRLF is cut in the middle, its LF simply comes with the next event. Pure; used by sse.py.
"""

import re
from typing import Final

ENDS: Final = (b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\r", b"\n\r\n", b"\r\r\n")
"""How a chunk ends that ends with an event, the usual way first."""


def last_end(data: bytes | bytearray, start: int, stop: int | None = None) -> int:
    """Return the offset behind the last empty line within [start, stop), or 0."""
    stop = len(data) if stop is None else stop
    at = max(data.rfind(pair, start, stop) for pair in _PAIRS)
    return _behind(data, at) if at >= 0 else 0


def first_end(data: bytes, start: int = 0) -> int:
    """Return the offset behind the first empty line from `start` on, or -1."""
    at = min((at for pair in _PAIRS if (at := data.find(pair, start)) >= 0), default=-1)
    return _behind(data, at) if at >= 0 else -1


def data_of(event: bytes) -> bytes:
    """Return the text of an event's `data` lines."""
    if event.startswith(b"data: ") and event.find(b"\n") == len(event) - 2:
        return event[6:-2]
    return b"\n".join(line[5:].removeprefix(b" ") for line in _LINE.split(event) if line.startswith(b"data:"))


def _behind(data: bytes | bytearray, pair: int) -> int:
    """Return the offset behind an empty line: its pair of bytes, and the LF that may belong to a CR at its end."""
    end = pair + 2
    return end + 1 if data[end - 1] == _CR and data[end : end + 1] == b"\n" else end


_CR: Final = 13
_PAIRS: Final = (b"\n\n", b"\r\r", b"\n\r")
_LINE: Final = re.compile(rb"\r\n|\n|\r")
