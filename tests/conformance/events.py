"""Server-sent events of an answer, for assertions: cut where the standard says, nothing repaired."""

import json
import re
from typing import Any

BOUNDARY = re.compile(rb"\r\n\r\n|\n\n|\r\r")


def split(body: bytes) -> list[bytes]:
    """Return the events with their boundaries; a last piece without boundary counts as one."""
    events, start = [], 0
    for boundary in BOUNDARY.finditer(body):
        events.append(body[start : boundary.end()])
        start = boundary.end()
    return events + ([body[start:]] if body[start:] else [])


def data_of(event: bytes) -> bytes:
    """Return the data of an event, its lines joined."""
    lines = re.split(rb"\r\n|\n|\r", event)
    return b"\n".join(line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:"))


def broken_off(body: bytes, complete: bytes) -> dict[str, Any]:
    """Return the error object of a stream that was broken off as STR-3 says: `complete`, then one error event."""
    assert body.startswith(complete), f"complete events were changed or lost: {body[-300:]!r}"
    rest = split(body[len(complete) :])
    assert len(rest) == 1, f"expected one error event after the complete ones, got {rest!r}"
    assert rest[0].endswith(b"\n\n"), f"the error event lacks its blank line: {rest[0]!r}"
    error = json.loads(data_of(rest[0]))["error"]
    assert error["message"], rest
    assert b"finish_reason" not in rest[0], rest
    return dict(error)
