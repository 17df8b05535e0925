"""The upstream of the benchmark: answers at once, costs next to nothing, never fails.

Raw asyncio, so that its own cost does not hide a gateway's. `python -m tests.bench.mock` prints its port.
"""

import asyncio
import json
from typing import cast

_CHAT = json.dumps(
    {
        "id": "chatcmpl-bench",
        "object": "chat.completion",
        "created": 1,
        "model": "bench",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "word " * 60}, "finish_reason": "stop"},
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 60, "total_tokens": 70},
    }
).encode()
_PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(_CHAT), _CHAT)
_STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKS = 50


def _event(delta: dict[str, str], finish: str | None = None) -> bytes:
    body = {
        "id": "chatcmpl-bench",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "bench",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return _chunk(b"data: " + json.dumps(body).encode() + b"\n\n")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


_EVENT = _event({"content": "word word word word word"})
_LAST = _event({}, "stop") + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"


class _Connection(asyncio.Protocol):
    """Reads heads and counts bodies; the path says nothing, the body's `"stream":true` and `"slow":true` everything."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._need = 0
        self._streams = self._slow = False
        self._running: set[asyncio.TimerHandle] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by class

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._take():
            pass

    def _take(self) -> bool:
        if not self._need:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = bytes(self._buffer[: end + 4]).lower()
            length = head.partition(b"content-length:")[2].partition(b"\r\n")[0].strip()
            self._need = end + 4 + int(length or b"0")
            self._head_size = end + 4
        if len(self._buffer) < self._need:
            return False
        start = bytes(self._buffer[self._head_size : self._head_size + 400])
        del self._buffer[: self._need]
        self._need = 0
        self._answer(start)
        return True

    def _answer(self, body: bytes) -> None:
        if b'"stream":true' not in body:
            self._transport.write(_PLAIN)
            return
        self._transport.write(_STREAM_HEAD)
        self._next(CHUNKS, 0.05 if b'"slow":true' in body else 0.0)

    def _next(self, left: int, pause_s: float) -> None:
        if self._transport.is_closing():
            return
        if not left:
            self._transport.write(_LAST)
            return
        self._transport.write(_EVENT)
        loop = asyncio.get_running_loop()
        if pause_s:
            loop.call_later(pause_s, self._next, left - 1, pause_s)
        else:
            loop.call_soon(self._next, left - 1, pause_s)


async def _main() -> None:
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_main())
