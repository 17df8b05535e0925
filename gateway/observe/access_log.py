"""One line per request: who, what, how it ended, how long. Never a prompt, an answer, a key or a query (KEY-8).

The request only appends its facts to a bounded queue; a background task writes batches in a thread, so that neither
formatting nor a slow reader of our output holds up a call. A full queue loses lines and counts them.
"""

import asyncio
import sys
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from typing import TextIO

import msgspec

from gateway.observe.masking import mask, neutral
from gateway.tasks import Tasks

CAPACITY = 20_000
"""Lines that wait: a few seconds of the busiest process, some 10 MB."""
_PAUSE_S = 0.25
_LONGEST = 512
"""Characters of a path or a name."""


class RequestLine(msgspec.Struct, gc=False):
    """The facts of one request. `path` is the raw path without its query; None and "" are left out of the line.

    A msgspec Struct: one is made per call, and a dataclass takes 2 us longer.
    """

    at_ms: int
    method: str
    path: str
    status: int
    duration_ms: float
    request_id: str
    peer: str | None = None
    key_id: str | None = None
    team: str | None = None
    model: str | None = None
    operation: str | None = None
    endpoint_id: str | None = None
    outcome: str | None = None
    error_code: str | None = None
    attempts: str | None = None
    """Endpoints that were tried in vain, and why."""
    first_byte_ms: float | None = None
    bytes_in: int = 0
    bytes_out: int = 0


class AccessLog:
    """The queue of request lines and the task that empties it."""

    def __init__(  # noqa: PLR0913 - each says where lines go, or who hears of them
        self,
        tasks: Tasks,
        *,
        as_json: bool,
        stream: TextIO | None = None,
        lost: Callable[[], None] | None = None,
        written: Callable[[Iterable[RequestLine]], None] | None = None,
        capacity: int = CAPACITY,
    ) -> None:
        self._tasks = tasks
        self._render = _json_line if as_json else _console_line
        self._stream = stream or sys.stderr
        self._lost = lost
        self._written = written
        self._capacity = capacity
        self._waiting: deque[RequestLine] = deque()
        self._filled = asyncio.Event()

    def start(self) -> None:
        """Begin to write what comes."""
        self._tasks.start(self._run(), name="access log")

    def add(self, line: RequestLine) -> None:
        """Queue one line; never waits."""
        if len(self._waiting) >= self._capacity:
            if self._lost is not None:
                self._lost()
            return
        self._waiting.append(line)
        if not self._filled.is_set():
            self._filled.set()

    async def flush(self) -> None:
        """Write everything that waits."""
        if lines := tuple(self._waiting):
            self._waiting.clear()
            await asyncio.to_thread(self._write, lines)

    async def _run(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            await self.flush()
            await asyncio.sleep(_PAUSE_S)

    def _write(self, lines: Iterable[RequestLine]) -> None:
        self._stream.write("".join(map(self._render, lines)))
        self._stream.flush()
        if self._written is not None:
            self._written(lines)


_TEXTS = ("model", "key_id", "team", "operation", "endpoint_id", "outcome", "error_code", "attempts", "peer")


def _json_line(line: RequestLine) -> str:
    """Return one JSON object."""
    first_byte = "" if line.first_byte_ms is None else f',"ttfb_ms":{line.first_byte_ms:.2f}'
    return (
        f'{{"timestamp":"{_second(line.at_ms // 1000)}.{line.at_ms % 1000:03d}Z","level":"info","event":"request"'
        f',"request_id":{quoted(line.request_id)},"method":{_json_text(line.method)},"path":{_json_text(line.path)}'
        f',"status":{line.status},"duration_ms":{line.duration_ms:.2f}'
        f',"bytes_in":{line.bytes_in},"bytes_out":{line.bytes_out}{first_byte}{_json_members(_texts(line))}}}\n'
    )


def _console_line(line: RequestLine) -> str:
    """Return what a person at a terminal wants to see of a request."""
    return (
        f"{_second(line.at_ms // 1000)}Z {plain_text(line.method)} {plain_text(line.path)} {line.status} "
        f"{line.duration_ms:.1f} ms {_plain_members(_texts(line))} request_id={neutral(line.request_id)}\n"
    )


def _texts(line: RequestLine) -> tuple[str | None, ...]:
    """Return what `_TEXTS` names; written out, it takes half the time of an attrgetter."""
    return (
        line.model,
        line.key_id,
        line.team,
        line.operation,
        line.endpoint_id,
        line.outcome,
        line.error_code,
        line.attempts,
        line.peer,
    )


# Paths, names and ids repeat from call to call, mostly all of them together; remembered, a line costs a sixth.
@lru_cache(maxsize=1024)
def _json_members(texts: tuple[str | None, ...]) -> str:
    return "".join(f',"{name}":{_json_text(text)}' for name, text in zip(_TEXTS, texts, strict=True) if text)


@lru_cache(maxsize=1024)
def _plain_members(texts: tuple[str | None, ...]) -> str:
    return " ".join(f"{name}={plain_text(text)}" for name, text in zip(_TEXTS, texts, strict=True) if text)


@lru_cache(maxsize=4096)
def _json_text(value: str) -> str:
    return quoted(plain_text(value))


@lru_cache(maxsize=4096)
def plain_text(value: str) -> str:
    """Cut a value that a caller chose, take credentials out of it and keep it on one line."""
    return neutral(mask(value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"))


@lru_cache(maxsize=4)
def _second(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")
