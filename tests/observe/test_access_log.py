"""One line per request, written off the request's way."""

import asyncio
import io
import json
import threading

import msgspec
import pytest

from gateway.observe.access_log import AccessLog, RequestLine
from gateway.tasks import Tasks

LINE = RequestLine(
    at_ms=1_767_225_600_123,
    method="POST",
    path="/v1/chat/completions",
    status=200,
    duration_ms=12.345,
    request_id="0f3a4d1e-0000-4000-8000-000000000000",
    peer="192.0.2.7",
    key_id="key_a",
    team="team1",
    model="qwen3",
    operation="chat",
    outcome="complete",
    first_byte_ms=3.5,
    bytes_in=300,
    bytes_out=400,
)


async def written(*lines: RequestLine, as_json: bool = True) -> str:
    """Return what a log writes of these lines."""
    stream = io.StringIO()
    log = AccessLog(Tasks(), as_json=as_json, stream=stream)
    for line in lines:
        log.add(line)
    await log.flush()
    return stream.getvalue()


async def test_a_line_holds_the_facts_of_a_request() -> None:
    """One JSON object; what there is nothing of is left out."""
    line = json.loads(await written(LINE))
    assert line == {
        "timestamp": "2026-01-01T00:00:00.123Z",
        "level": "info",
        "event": "request",
        "request_id": "0f3a4d1e-0000-4000-8000-000000000000",
        "method": "POST",
        "path": "/v1/chat/completions",
        "status": 200,
        "duration_ms": 12.35,
        "ttfb_ms": 3.5,
        "bytes_in": 300,
        "bytes_out": 400,
        "peer": "192.0.2.7",
        "key_id": "key_a",
        "team": "team1",
        "model": "qwen3",
        "operation": "chat",
        "outcome": "complete",
    }


async def test_a_person_gets_a_readable_line() -> None:
    """The same on a terminal, one line each."""
    line = await written(LINE, as_json=False)
    assert line.startswith("2026-01-01T00:00:00Z POST /v1/chat/completions 200 12.3 ms model=qwen3 ")
    assert line.count("\n") == 1


@pytest.mark.parametrize("as_json", [True, False])
async def test_a_caller_cannot_forge_a_line(*, as_json: bool) -> None:
    """Threat 23: path, method and model are the caller's words."""
    hostile = 'x\n{"event":"request"}\r\x1b[31m\u2028" \\'
    written_line = await written(
        msgspec.structs.replace(LINE, path=hostile, model=hostile, method=hostile, peer=hostile), as_json=as_json
    )
    assert len(written_line.splitlines()) == 1
    assert "\x1b" not in written_line


@pytest.mark.parametrize("as_json", [True, False])
async def test_a_pasted_key_is_masked(*, as_json: bool) -> None:
    """KEY-8: somebody will put a key into a path or a model's name."""
    key = "mp_live_abcdefghij_0123456789012345678901234567890123456789012_9f3a01bc"
    line = await written(msgspec.structs.replace(LINE, path=f"/v1/models/{key}", model=key), as_json=as_json)
    assert "0123456789" not in line


async def test_long_words_are_cut() -> None:
    """8 KB of path are no 8 KB of log."""
    assert len(await written(msgspec.structs.replace(LINE, path="/" + "x" * 8000, model="y" * 8000))) < 2000


async def test_a_full_queue_loses_lines_and_counts_them() -> None:
    """A reader that hangs must not hold up calls or fill the memory."""
    lost: list[None] = []
    log = AccessLog(Tasks(), as_json=True, stream=io.StringIO(), lost=lambda: lost.append(None), capacity=2)
    for _ in range(5):
        log.add(LINE)
    assert len(lost) == 3


class Recorder(io.StringIO):
    """A stream that remembers which thread wrote, and says when something came."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[int] = set()
        self.came = threading.Event()

    def write(self, text: str) -> int:
        """Write."""
        self.threads.add(threading.get_ident())
        self.came.set()
        return super().write(text)


async def test_lines_are_written_by_themselves_and_in_a_thread() -> None:
    """Neither formatting nor a full pipe holds up the event loop."""
    tasks, stream = Tasks(), Recorder()
    log = AccessLog(tasks, as_json=True, stream=stream)
    log.start()
    for _ in range(3):
        log.add(LINE)
    assert await asyncio.to_thread(stream.came.wait, 10)
    await tasks.close()
    await log.flush()
    assert len(stream.getvalue().splitlines()) == 3
    assert threading.get_ident() not in stream.threads
