"""A raw socket that answers as a test says, byte for byte, and counts what it was asked."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from yarl import URL

REASONS = {
    200: "OK",
    301: "Moved",
    400: "Bad",
    401: "No",
    402: "Pay",
    403: "No",
    404: "No",
    422: "No",
    429: "Wait",
    503: "Busy",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


TLS_HANDSHAKE = b"\x16"
"""The first byte of a caller that speaks TLS."""

Reply = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class Server:
    """Where it listens, and what it was asked so far."""

    port: int
    scheme: str
    asked: list[Asked] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0

    @property
    def url(self) -> str:
        """A base_url."""
        return f"{self.scheme}://127.0.0.1:{self.port}/v1"

    @property
    def place(self) -> str:
        """Host and port."""
        return str(URL(self.url).authority)

    def calls(self) -> list[Asked]:
        """What was no GET."""
        return [one for one in self.asked if one.method != "GET"]


def said(status: int, body: Any = b"", kind: str = "application/json", **headers: str) -> bytes:
    """Return a whole answer; what is no bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} {REASONS[status]}", f"Content-Type: {kind}", f"Content-Length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def listing(*ids: str, **fields: Any) -> bytes:
    """Return a list of models."""
    return said(200, {"object": "list", "data": [{"id": one, "object": "model", **fields} for one in ids]})


def chat(**fields: Any) -> bytes:
    """Return the answer to a chat."""
    choice = {"index": 0, "message": {"role": "assistant", "content": "pong"}, "finish_reason": "stop"}
    return said(200, {"object": "chat.completion", "choices": [choice], "usage": {"total_tokens": 9}, **fields})


def error(status: int, message: str, code: str = "") -> bytes:
    """Return a refusal in OpenAI's shape."""
    return said(status, {"error": {"message": message, "code": code, "type": "error"}})


def answering(**by_path: bytes) -> Reply:
    """Return a reply by the end of the path (`models`, `chat_completions`); 404 for everything else."""
    table = {f"/{name.replace('_', '/')}": content for name, content in by_path.items()}

    async def reply(asked: Asked, writer: asyncio.StreamWriter) -> None:
        found = next(
            (content for end, content in table.items() if asked.path == f"/v1{end}"), said(404, b"", "text/plain")
        )
        writer.write(found)

    return reply


@contextlib.asynccontextmanager
async def serving(
    reply: Reply | None, *, banner: bytes = b"", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    """Run the server. Without a reply it is silent; `banner` is said first."""
    server = Server(0, "http" if tls is None else "https")
    writers: set[asyncio.StreamWriter] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            if banner:
                writer.write(banner)
            while (asked := await _read(reader)) is not None:
                server.asked.append(asked)
                if reply is not None:
                    server.in_flight += asked.method != "GET"
                    server.most_in_flight = max(server.most_in_flight, server.in_flight)
                    await reply(asked, writer)
                    server.in_flight -= asked.method != "GET"
                    await writer.drain()
            writer.write(said(400))  # what any server says to bytes that are no HTTP
        writer.close()

    listener = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for writer in writers:
            writer.transport.abort()


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    start = await reader.readexactly(1)
    if start == TLS_HANDSHAKE:
        return None
    head = (start + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, _, rest = first.partition(" ")
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    raw = await reader.readexactly(int(headers.get("content-length", "0")))
    if not rest.endswith("HTTP/1.1"):
        return None
    return Asked(method, rest.partition(" ")[0], headers, json.loads(raw) if raw else None)
