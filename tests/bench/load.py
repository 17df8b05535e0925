"""The callers of the benchmark: raw sockets with keep-alive, so that the load costs less than what it measures."""

import asyncio
import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Load:
    """What to send how often. `body` is sent as it is; the answer is read to its end."""

    port: int
    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    requests: int = 2000
    connections: int = 16

    @property
    def request(self) -> bytes:
        """The whole request."""
        lines = [
            f"POST {self.path} HTTP/1.1",
            f"Host: localhost:{self.port}",
            "Content-Type: application/json",
            f"Content-Length: {len(self.body)}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + self.body


@dataclass(slots=True)
class Result:
    """What came back: answers that were not a whole 200, and the time of each first byte and each answer, seconds."""

    errors: int = 0
    first_byte_s: list[float] = field(default_factory=list)
    total_s: list[float] = field(default_factory=list)


async def run(load: Load) -> Result:
    """Send the load and return what came back."""
    result, left = Result(), [load.requests]

    async def one_connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", load.port, limit=1 << 20)
        try:
            while left[0] > 0:
                left[0] -= 1
                await _exchange(reader, writer, load.request, result)
        finally:
            writer.close()

    await asyncio.gather(*(one_connection() for _ in range(load.connections)))
    return result


async def abort_streams(load: Load, count: int) -> None:
    """Open streams and leave after the first bytes."""
    for _ in range(count // load.connections):
        await asyncio.gather(*(_abort(load) for _ in range(load.connections)))


async def _abort(load: Load) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", load.port)
    writer.write(load.request)
    await reader.read(400)
    writer.transport.abort()


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes, result: Result) -> None:
    started = time.perf_counter()
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    result.first_byte_s.append(time.perf_counter() - started)
    ok = head.startswith(b"http/1.1 200")
    if b"transfer-encoding: chunked" in head:
        ok = await _read_chunked(reader) and ok
    else:
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
    result.total_s.append(time.perf_counter() - started)
    result.errors += not ok


async def _read_chunked(reader: asyncio.StreamReader) -> bool:
    """Read to the last chunk; True when a `[DONE]` came."""
    tail = b""
    while True:
        size = int((await reader.readuntil(b"\r\n")).strip(), 16)
        data = await reader.readexactly(size + 2)
        if size == 0:
            return b"[DONE]" in tail
        tail = data
