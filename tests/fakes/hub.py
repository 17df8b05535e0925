"""A hub on loopback that serves a folder as any web server would, and goes wrong where a test says so.

A fault is said for paths below the folder (`metadata/timestamp.json`, `targets/catalog/*`), for some requests or for
all: `hub.fail("metadata/*", drip(20))`. What was asked and how many bytes went over the wire is counted.
"""

import asyncio
import contextlib
import fnmatch
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from yarl import URL

_CHUNK: Final = 64 * 1024
_REASONS: Final[Mapping[int, str]] = {200: "OK", 206: "Partial Content", 302: "Found", 404: "Not Found"}


@dataclass
class Reply:
    """One answer in the making: `body` is what lies in the folder, None where nothing does."""

    path: str
    body: bytes | None
    writer: asyncio.StreamWriter
    date: str
    sent: int = 0

    async def head(self, status: int, length: int | None, headers: Mapping[str, str]) -> None:
        """Write the head; without a length the end of the connection is the end of the body."""
        kind = "application/json" if self.path.endswith(".json") else "application/octet-stream"
        fields = {"Date": self.date, "Content-Type": kind} | dict(headers)
        if length is None:
            fields["Connection"] = "close"
        else:
            fields["Content-Length"] = str(length)
        lines = [
            f"HTTP/1.1 {status} {_REASONS.get(status, 'Said')}",
            *(f"{name}: {value}" for name, value in fields.items()),
        ]
        await self.write("\r\n".join([*lines, "", ""]).encode())

    async def write(self, data: bytes) -> None:
        """Write and flush."""
        self.sent += len(data)
        self.writer.write(data)
        await self.writer.drain()

    async def whole(
        self, status: int = 200, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Answer with a body: the file's where none is given, or 404 where there is no file."""
        body = self.body if body is None else body
        if body is None:
            status, body = 404, b"not here\n"
        await self.head(status, len(body), headers or {})
        for start in range(0, len(body), _CHUNK):
            await self.write(body[start : start + _CHUNK])

    def end(self, *, reset: bool = False) -> None:
        """End the connection, with a RST if wanted."""
        if reset:
            sock = self.writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.writer.transport.abort()
        self.writer.close()


Fault = Callable[[Reply], Awaitable[None]]


@dataclass
class _Rule:
    pattern: str
    fault: Fault
    left: int | None


@dataclass
class FaultyHub:
    """What it serves, and what it saw."""

    folder: Path
    url: URL = field(default_factory=URL)
    asked: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    """The heads of requests, as they came."""
    sent: int = 0
    """Bytes that went out, heads included."""
    connections: int = 0
    date_s: float | None = None
    """What the hub's `Date` says; None for the real time."""
    rules: list[_Rule] = field(default_factory=list)

    def fail(self, pattern: str, fault: Fault, *, times: int | None = None) -> None:
        """Answer so from now on for paths of this pattern, or as often as told; the newest word counts."""
        self.rules.insert(0, _Rule(pattern, fault, times))

    def heal(self) -> None:
        """Go wrong nowhere any more."""
        self.rules.clear()

    def forget(self) -> None:
        """Count from nothing."""
        self.asked.clear()
        self.heads.clear()
        self.sent = 0

    def _fault(self, path: str) -> Fault:
        for rule in self.rules:
            if rule.left != 0 and fnmatch.fnmatchcase(path, rule.pattern):
                if rule.left is not None:
                    rule.left -= 1
                return rule.fault
        return whole

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self.connections += 1
        while not writer.is_closing():
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            path = unquote(head.split(" ")[1]).lstrip("/")
            self.asked.append(path)
            self.heads.append(head)
            file = self.folder / path
            body = file.read_bytes() if file.is_file() else None
            reply = Reply(path, body, writer, formatdate(self.date_s, usegmt=True))
            try:
                await self._fault(path)(reply)
            finally:
                self.sent += reply.sent


@contextlib.asynccontextmanager
async def faulty_hub(folder: Path) -> AsyncIterator[FaultyHub]:
    """Serve the folder on loopback; `hub.folder` may be another one at any time."""
    hub, running = FaultyHub(folder), set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await hub.serve(reader, writer)
        finally:
            running.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    hub.url = URL(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    try:
        yield hub
    finally:
        server.close()
        for task in tuple(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.sleep(0)


async def whole(reply: Reply) -> None:
    """Answer as any server: no fault."""
    await reply.whole()


async def hang(reply: Reply) -> None:  # noqa: ARG001 - a `Fault`
    """Take the request and never answer."""
    await asyncio.get_running_loop().create_future()


async def cut_head(reply: Reply) -> None:
    """Close before any answer."""
    reply.end(reset=True)


def status(code: int, **headers: str) -> Fault:
    """Answer with a status and the file's own bytes; `_` in a header's name stands for `-`."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}

    async def fault(reply: Reply) -> None:
        await reply.whole(code, reply.body or b"", fields)

    return fault


def said(body: bytes, **headers: str) -> Fault:
    """Answer 200 with other bytes."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}

    async def fault(reply: Reply) -> None:
        await reply.whole(200, body, fields)

    return fault


def portal(size: int = 0) -> Fault:
    """Answer 200 with a page that wants a login, of at least `size` bytes."""
    page = b"<!doctype html><title>Log in</title>".ljust(size)
    return said(page, Content_Type="text/html; charset=utf-8")


def flipped(at: int = -2) -> Fault:
    """Answer with one bit turned over."""

    async def fault(reply: Reply) -> None:
        body = bytearray(reply.body or b"")
        body[at] ^= 1
        await reply.whole(200, bytes(body))

    return fault


def shortened(to: int) -> Fault:
    """Answer with the first bytes only, and call that the whole."""

    async def fault(reply: Reply) -> None:
        await reply.whole(200, (reply.body or b"")[:to])

    return fault


def cut(after: int) -> Fault:
    """Announce the whole file, and end the connection after so many bytes of it."""

    async def fault(reply: Reply) -> None:
        body = reply.body or b""
        await reply.head(200, len(body), {})
        await reply.write(body[:after])
        reply.end()

    return fault


def stall(after: int) -> Fault:
    """Announce the whole file, and fall silent after so many bytes of it."""

    async def fault(reply: Reply) -> None:
        body = reply.body or b"x" * 100
        await reply.head(200, len(body), {})
        await reply.write(body[:after])
        await hang(reply)

    return fault


def drip(bytes_per_s: float) -> Fault:
    """Answer with one byte after the other: never silent for long, and never done."""

    async def fault(reply: Reply) -> None:
        body = reply.body or b"not here\n"
        await reply.head(200 if reply.body is not None else 404, len(body), {})
        for at in range(len(body)):
            await reply.write(body[at : at + 1])
            await asyncio.sleep(1 / bytes_per_s)

    return fault


async def endless(reply: Reply) -> None:
    """Answer without a length, and without an end."""
    await reply.head(200, None, {})
    while True:
        await reply.write(b" " * _CHUNK)


def announcing(length: int) -> Fault:
    """Announce so many bytes, and send none of them."""

    async def fault(reply: Reply) -> None:
        await reply.head(200, length, {})
        await hang(reply)

    return fault


def late(seconds: float) -> Fault:
    """Answer rightly, after so long."""

    async def fault(reply: Reply) -> None:
        await asyncio.sleep(seconds)
        await reply.whole()

    return fault
