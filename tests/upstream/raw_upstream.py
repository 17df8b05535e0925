"""A scripted upstream that says exactly the bytes it is told, and notes what it saw."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable

from yarl import URL


class Exchange:
    """One connection, seen from the upstream: the script reads requests and writes bytes."""

    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number = number  # 1 is the first connection
        self.reader = reader
        self.writer = writer

    async def head(self) -> bytes:
        """Return the head of the next request; b"" when the connection ended."""
        try:
            return await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return b""

    async def request(self) -> tuple[bytes, bytes]:
        """Return head and body (by its length) of the next request."""
        head = await self.head()
        length = next(
            (line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), b"0"
        )
        return head, await self.reader.readexactly(int(length))

    async def say(self, data: bytes) -> None:
        """Write and flush."""
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """End the connection with a RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Script = Callable[[Exchange], Awaitable[None]]


class RawUpstream:
    """What the upstream saw."""

    def __init__(self, port: int) -> None:
        self.url = URL(f"http://127.0.0.1:{port}/v1/chat/completions")
        self.connections = 0
        self.ended = asyncio.Event()  # set when a script has ended; with `gone` that is: the client hung up


@contextlib.asynccontextmanager
async def raw_upstream(script: Script) -> AsyncIterator[RawUpstream]:
    """Serve the script on loopback; it runs once per connection, which is closed when it ends."""
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream.connections += 1
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await script(Exchange(upstream.connections, reader, writer))
        finally:
            upstream.ended.set()
            running.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**20)
    upstream = RawUpstream(server.sockets[0].getsockname()[1])
    try:
        yield upstream
    finally:
        server.close()
        for task in tuple(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.sleep(0)


def answer(body: bytes = b"{}", *extra: bytes) -> bytes:
    """Return a whole 200 with this body and further header lines."""
    return b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *extra, b"", body])
