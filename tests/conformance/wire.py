"""One HTTP/1.1 client connection with every byte in the test's hand: what a library would tidy up stays visible."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

PATIENCE_S = 20.0  # no single wait of a test is longer
READ_BYTES = 1 << 16
LINGER_OFF = struct.pack("ii", 1, 0)

Leaving = Literal["fin", "rst"]


class ConnectionEnded(ConnectionError):
    """The server closed before what the test waits for had come; `got` is what did come."""

    def __init__(self, got: bytes) -> None:
        super().__init__(f"the connection ended after {got[-300:]!r}")
        self.got = got


@dataclass(frozen=True, slots=True)
class Head:
    """A response head: status and headers in order, names as sent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    raw: bytes

    def get(self, name: str) -> str | None:
        """Return the first value of a header, or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def names(self) -> set[str]:
        """Return the header names in lower case."""
        return {key.lower() for key, _ in self.headers}


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. `whole` says that its framing said so: length reached, last chunk seen; never a mere close."""

    head: Head
    body: bytes
    whole: bool

    @property
    def status(self) -> int:
        """The status code."""
        return self.head.status

    def get(self, name: str) -> str | None:
        """Return the first value of a header, or None."""
        return self.head.get(name)

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


class Wire:
    """A connection to the gateway."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, host: str, port: int, *, receive_buffer: int | None = None) -> Self:
        """Connect; a small `receive_buffer` (bytes) makes a slow reader felt soon."""
        sock = socket.socket()
        sock.settimeout(0)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.get_running_loop().sock_connect(sock, (host, port))
                return cls(*await asyncio.open_connection(sock=sock, limit=receive_buffer or READ_BYTES))
        except (OSError, TimeoutError):
            sock.close()
            raise

    async def send(self, data: bytes) -> None:
        """Send bytes, waiting while the other side takes none."""
        self._writer.write(data)
        async with asyncio.timeout(PATIENCE_S):
            await self._writer.drain()

    def send_soon(self, data: bytes) -> None:
        """Send bytes without waiting for anybody to take them."""
        self._writer.write(data)

    async def head(self) -> Head:
        """Return the next response head, interim ones included.

        Raises:
            ConnectionEnded: the server closed first.
        """
        raw = await self._until(b"\r\n\r\n")
        status_line, *lines = raw.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        pairs = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines))
        return Head(int(status_line.split(" ", 2)[1]), pairs, raw)

    async def final_head(self) -> Head:
        """Return the next response head that is not interim."""
        while True:
            head = await self.head()
            if head.status >= 200:
                return head

    async def pieces(self, head: Head) -> AsyncGenerator[bytes | None]:
        """Yield the body's bytes as they come, then None if its framing ended it; nothing more if it was cut."""
        if (head.get("transfer-encoding") or "").lower() == "chunked":
            async for piece in self._chunks():
                yield piece
        elif (length := head.get("content-length")) is not None:
            async for piece in self._exactly(int(length)):
                yield piece
        elif head.status not in {204, 304}:
            while data := await self.read():
                yield data

    async def take(self, head: Head, size: int) -> bytes:
        """Return the body's first bytes, at least `size` of them unless it ends before."""
        got = bytearray()
        async with contextlib.aclosing(self.pieces(head)) as pieces:
            async for piece in pieces:
                got += piece or b""
                if len(got) >= size:
                    break
        return bytes(got)

    async def answer(self, *, bodyless: bool = False) -> Answer:
        """Return the next final response with its body (none for HEAD)."""
        head = await self.final_head()
        if bodyless:
            return Answer(head, b"", whole=True)
        body, whole = bytearray(), False
        async for piece in self.pieces(head):
            whole = piece is None
            body += piece or b""
        return Answer(head, bytes(body), whole)

    async def read(self) -> bytes:
        """Return what comes next; empty when the server has closed or reset."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                return await self._reader.read(READ_BYTES)
            except ConnectionError:
                return b""

    async def rest(self) -> bytes:
        """Return everything until the server closes."""
        rest = bytearray()
        while data := await self.read():
            rest += data
        return bytes(rest)

    async def closed_within(self, seconds: float) -> bool:
        """Return whether the server closes within the time."""
        try:
            async with asyncio.timeout(seconds):
                while await self._reader.read(READ_BYTES):
                    pass
        except TimeoutError:
            return False
        except ConnectionError:
            return True
        return True

    async def silent_for(self, seconds: float) -> bool:
        """Return whether neither a byte nor the end comes for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._reader.read(1)
        except TimeoutError:
            return True
        except ConnectionError:
            return False
        return False

    def leave(self, how: Leaving) -> None:
        """Go away: in order (FIN) or by a reset."""
        if how == "rst":
            sock = self._writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_OFF)
        self._writer.transport.abort()

    async def __aenter__(self) -> Self:
        """Use the connection."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it, whatever its state."""
        self._writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _chunks(self) -> AsyncIterator[bytes | None]:
        try:
            while size := int((await self._until(b"\r\n")).split(b";")[0], 16):
                async for piece in self._exactly(size):
                    if piece is not None:
                        yield piece
                await self._until(b"\r\n")
            while await self._until(b"\r\n") != b"\r\n":
                pass
        except ConnectionEnded:
            return
        yield None

    async def _exactly(self, size: int) -> AsyncIterator[bytes | None]:
        while size:
            async with asyncio.timeout(PATIENCE_S):
                try:
                    piece = await self._reader.read(min(size, READ_BYTES))
                except ConnectionError:
                    piece = b""
            if not piece:
                return
            size -= len(piece)
            yield piece
        yield None

    async def _until(self, mark: bytes) -> bytes:
        async with asyncio.timeout(PATIENCE_S):
            try:
                return await self._reader.readuntil(mark)
            except asyncio.IncompleteReadError as error:
                raise ConnectionEnded(error.partial) from error
            except ConnectionError as error:
                raise ConnectionEnded(b"") from error


def request_bytes(method: str, target: str, headers: Mapping[str, str] | list[tuple[str, str]], body: bytes) -> bytes:
    """Return a request; nothing is added to the headers."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in pairs)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
