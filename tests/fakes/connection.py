"""One TCP connection of the scripted upstream: reads requests, plays scripts, notices when the other side leaves.

A protocol and not a stream pair: only so is the moment of a FIN or RST seen while a script waits.
"""

import asyncio
import re
import socket
import struct
import time
from typing import Protocol

from tests.fakes.journal import Journal, Record
from tests.fakes.script import Script, Step

SEND_BUFFER = 128 << 10  # bytes; small, so that back-pressure shows soon
SILENCE_S = 60.0
SETTLE_S = 0.05  # lets what was sent arrive before a reset throws it away
LINGER_OFF = struct.pack("ii", 1, 0)


class Stage(Protocol):
    """What a connection needs of the upstream around it."""

    journal: Journal

    def script_for(self, record: Record) -> Script:
        """Choose the answer."""
        ...

    async def gate(self, marker: str) -> None:
        """Wait for the test's permission."""
        ...

    def play(self, connection: "Connection") -> asyncio.Task[None]:
        """Run the connection's dialogue in the background."""
        ...

    def forget(self, connection: "Connection") -> None:
        """The connection is gone."""
        ...


class Connection(asyncio.Protocol):
    """Serves request after request until somebody closes."""

    def __init__(self, stage: Stage, number: int) -> None:
        self.stage, self.number = stage, number
        self.transport: asyncio.Transport
        self._inbox = bytearray()
        self._news = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._task: asyncio.Task[None] | None = None
        self._record: Record | None = None
        self._poisoned = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the dialogue."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.set_write_buffer_limits(high=SEND_BUFFER)
        self._task = self.stage.play(self)

    def data_received(self, data: bytes) -> None:
        """Keep what came; stop reading while nobody takes it."""
        self._inbox += data
        self._news.set()
        if len(self._inbox) > 1 << 20:
            self.transport.pause_reading()

    def eof_received(self) -> None:
        """The other side closed in order."""
        self._gone("fin")
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone: stop the script."""
        self._gone("rst" if exc else "fin")
        if self._task:
            self._task.cancel()
        self.stage.forget(self)

    def pause_writing(self) -> None:
        """The kernel takes no more for now."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It does again."""
        self._writable.set()

    async def serve(self) -> None:
        """Answer requests until the connection ends."""
        while True:
            head = await self._take_head()
            self._record = record = self.stage.journal.begin(self.number, head)
            if self._poisoned:
                await self._reset(0.0)
                return
            await self._answer(record)
            record.answered = True
            self.stage.journal.changed()
            if self.transport.is_closing():
                return

    async def _answer(self, record: Record) -> None:
        script = self.stage.script_for(record)
        if b"100-continue" in record.head.lower():
            await self._write(b"HTTP/1.1 100 Continue\r\n\r\n", record)
        if not script.early:
            await self._take_body(record)
            script = self.stage.script_for(record)
        if script.hold:
            self.transport.pause_reading()
            await self._gate(record)
            self.transport.resume_reading()
        for step in script.steps:
            await self._step(step, record)
        if script.early and not self.transport.is_closing():
            await self._take_body(record)
        self._poisoned = script.poison

    async def _step(self, step: Step, record: Record) -> None:
        match step.kind:
            case "send" if re.search(step.when.encode(), record.start):
                await self._write(step.data, record)
            case "repeat":
                for _ in range(step.times):
                    await self._write(step.data, record)
                    await asyncio.sleep(step.every_s)
            case "pause":
                await asyncio.sleep(step.every_s)
            case "gate":
                await self._gate(record)
            case "silence":
                await asyncio.sleep(SILENCE_S)
            case "fin":
                self.transport.close()
            case "rst":
                await self._reset(SETTLE_S)

    async def _gate(self, record: Record) -> None:
        self.stage.journal.changed()
        await self.stage.gate(record.marker)

    async def _write(self, data: bytes, record: Record) -> None:
        if self.transport.is_closing():
            return
        self.transport.write(data)
        await self._writable.wait()
        record.sent += len(data)

    async def _reset(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_OFF)
        self.transport.abort()

    async def _take_head(self) -> bytes:
        while (end := self._inbox.find(b"\r\n\r\n")) < 0:
            await self._more()
        head = bytes(self._inbox[: end + 4])
        del self._inbox[: end + 4]
        return head

    async def _take_body(self, record: Record) -> None:
        """Read the body into the record; its marker and model are known from the first piece on."""
        if record.whole:
            return
        if b"\r\ntransfer-encoding: chunked" in record.head.lower():
            while size := int(await self._line(), 16):
                await self._take(size, record)
                await self._line()
            await self._line()
        else:
            await self._take(content_length(record.head), record)
        record.whole = True
        self.stage.journal.changed()

    async def _take(self, size: int, record: Record) -> None:
        while size > 0:
            if not self._inbox:
                await self._more()
            piece = bytes(self._inbox[:size])
            del self._inbox[: len(piece)]
            size -= len(piece)
            record.add(piece)
            if not record.marker:
                record.mark()
                self.stage.journal.changed()
            self.transport.resume_reading()

    async def _line(self) -> bytes:
        while (end := self._inbox.find(b"\r\n")) < 0:
            await self._more()
        line = bytes(self._inbox[:end])
        del self._inbox[: end + 2]
        return line

    async def _more(self) -> None:
        self._news.clear()
        await self._news.wait()

    def _gone(self, how: str) -> None:
        record = self._record
        if record and not record.over:
            record.left, record.left_at = how, time.monotonic()
            self.stage.journal.changed()


def content_length(head: bytes) -> int:
    """Return the announced length of a body in bytes, 0 when none is announced."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
