"""A file server on loopback that does what a test says: honest by itself, faulty where `answer` changes its reply."""

import asyncio
import contextlib
import hashlib
import random
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

_RANGE = re.compile(r"bytes=(\d+)-(\d+)")
_SLICE = 32 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. `number` counts from 1; `start` and `stop` are None without a range."""

    number: int
    path: str
    headers: Mapping[str, str]
    start: int | None
    stop: int | None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. After `cut` bytes of the body the connection ends, after `stall` bytes nothing more comes."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    stall: int | None = None
    drip_s: float = 0.0
    """Seconds between two bytes."""

    def having(self, **headers: str) -> "Reply":
        """Return it with other headers; `_` in a name stands for `-`; an empty value takes the header away."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})


Answer: TypeAlias = Callable[[Asked, Reply], Reply]
"""Gets the request and the honest reply, and returns what is sent."""


class FileServer:
    """Serves `content` at every path. `asked` are the requests, `sent` the bytes of bodies that went out."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.etag = '"one"'
        self.answer: Answer = lambda _, honest: honest
        self.asked: list[Asked] = []
        self.sent = 0
        self.peak = 0
        """The most requests that were answered at the same time."""
        self.origin = ""
        self._now = 0
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """The address of the file."""
        return f"{self.origin}/models/f.gguf"

    @property
    def sha256(self) -> str:
        """The digest of the content."""
        return hashlib.sha256(self.content).hexdigest()

    def chunks(self, size: int) -> tuple[str, ...]:
        """Return the digests of its chunks."""
        whole = self.content
        return tuple(hashlib.sha256(whole[at : at + size]).hexdigest() for at in range(0, len(whole), size))

    def honest(self, asked: Asked) -> Reply:
        """Return what a good server says."""
        headers = {"ETag": self.etag, "Accept-Ranges": "bytes"}
        size = len(self.content)
        if asked.start is None or asked.stop is None or asked.headers.get("if-range", self.etag) != self.etag:
            return Reply(200, self.content, headers)
        if asked.start >= size:
            return Reply(416, b"", {**headers, "Content-Range": f"bytes */{size}"})
        stop = min(asked.stop, size)
        headers["Content-Range"] = f"bytes {asked.start}-{stop - 1}/{size}"
        return Reply(206, self.content[asked.start : stop], headers)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        self._writers.add(writer)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while True:
                    asked = self._read(await reader.readuntil(b"\r\n\r\n"))
                    self.asked.append(asked)
                    self._now += 1
                    self.peak = max(self.peak, self._now)
                    try:
                        await self._send(writer, self.answer(asked, self.honest(asked)))
                    finally:
                        self._now -= 1
        finally:
            self._writers.discard(writer)
            writer.close()

    def abort(self) -> None:
        """End every connection."""
        for one in self._writers:
            one.transport.abort()

    def _read(self, head: bytes) -> Asked:
        line, *rest = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in rest if one)}
        found = _RANGE.fullmatch(headers.get("range", ""))
        start, stop = (int(found[1]), int(found[2]) + 1) if found else (None, None)
        return Asked(len(self.asked) + 1, line.split(" ")[1], headers, start, stop)

    async def _send(self, writer: asyncio.StreamWriter, reply: Reply) -> None:
        headers = {"Content-Length": str(len(reply.body)), **reply.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value)
        writer.write(f"HTTP/1.1 {reply.status} Said\r\n{lines}\r\n".encode("latin-1"))
        stop = min(len(reply.body), *(one for one in (reply.cut, reply.stall) if one is not None), len(reply.body))
        step = 1 if reply.drip_s else _SLICE
        for at in range(0, stop, step):
            piece = reply.body[at : min(at + step, stop)]
            writer.write(piece)
            self.sent += len(piece)
            await writer.drain()
            if reply.drip_s:
                await asyncio.sleep(reply.drip_s)
        if reply.stall is not None and reply.stall < len(reply.body):
            await asyncio.sleep(3600)
        if reply.cut is not None:
            writer.transport.abort()
            raise ConnectionResetError
        await writer.drain()


@contextlib.asynccontextmanager
async def serving(content: bytes | int = 1_000_003) -> AsyncIterator[FileServer]:
    """Serve the content, or so many random bytes, on loopback."""
    if isinstance(content, int):
        content = random.Random(content).randbytes(content)
    one = FileServer(content)
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(asyncio.CancelledError):
            await one.handle(reader, writer)

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    one.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield one
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
