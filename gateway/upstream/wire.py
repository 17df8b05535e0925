"""One upstream connection as this process sees it: what was read at most, how it was reached, how it ended.

Stands between the socket and aiohttp's response parser, for what aiohttp does not give: a read never brings more than
one landing buffer (asyncio and uvloop read 256 kB at once otherwise, and a slow reader would hold it), it is known
whether any byte of an answer came back and whether a reset was the end, and an idle connection that talks is dropped.
"""

import asyncio
from contextvars import ContextVar
from typing import cast

import aiohttp
from aiohttp.client_proto import ResponseHandler

from gateway.upstream.transport import Landing

# The connection that the current task's request went out on; None before it has one. A context variable, since
# aiohttp hands nothing back when a request fails.
CURRENT_WIRE: ContextVar["Wire | None"] = ContextVar("modelport_upstream_wire", default=None)


class Wire(asyncio.BufferedProtocol):
    """Feeds what arrives to aiohttp's handler, at most one landing buffer at a time."""

    __slots__ = (
        "__weakref__",
        "_into",
        "_landed",
        "_landing",
        "connect_ms",
        "handler",
        "heard",
        "host",
        "is_idle",
        "reset",
        "transport",
        "uses",
    )

    def __init__(self, handler: ResponseHandler, landing: memoryview) -> None:
        self.handler = handler
        self._landing = landing  # shared by all wires: what lands is copied out before anybody else may read
        self._into: Landing | None = None
        self._landed: asyncio.Future[None] | None = None
        self.transport: asyncio.Transport | None = None
        self.host = ""
        self.connect_ms = 0.0  # name look-up, TCP and TLS together
        self.uses = 0
        self.heard = False
        self.is_idle = False  # in the pool: nothing is to be said on it
        self.reset: Exception | None = None

    def begin(self) -> None:
        """Note that a request is about to go out on this connection."""
        self.uses += 1
        self.heard = self.is_idle = False

    @property
    def is_pooled(self) -> bool:
        """True when an earlier request already went over this connection."""
        return self.uses > 1

    async def land(self, landing: Landing) -> None:
        """Have what comes next land past aiohttp's parser, which never hears of it; read nothing before and after.

        A file's bytes are copied three times less so. Raises OSError or ClientPayloadError when the connection ends.
        """
        if self.transport is None or self.transport.is_closing():
            raise aiohttp.ClientPayloadError("the connection ended")
        self._into = landing
        self._landed = asyncio.get_running_loop().create_future()
        self.transport.resume_reading()
        try:
            await self._landed
        finally:
            self._into = self._landed = None
            if not self.transport.is_closing():
                self.transport.pause_reading()

    def part(self) -> None:
        """Let the parser go, once the whole body has landed past it; the next request brings its own."""
        self.handler._parser = None  # noqa: SLF001 - it waits for a body that it will not see
        if self.transport is not None:
            self.transport.resume_reading()

    def abort(self) -> None:
        """Close at once: what is still buffered for sending is dropped."""
        if self.transport is not None:
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Pass on (asyncio's protocol interface, like all below)."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one by behaviour only
        self.handler.connection_made(transport)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Return where the next bytes shall land."""
        return self._landing if self._into is None else self._into.room

    def buffer_updated(self, nbytes: int) -> None:
        """Copy the landed bytes out and parse them.

        Bytes on an idle connection would become the answer to the next caller's request: they end it.
        """
        if self.is_idle:
            self.abort()
            return
        if self._into is not None:
            self._take(self._into, nbytes)
            return
        self.heard = True
        self.handler.data_received(bytes(self._landing[:nbytes]))

    def eof_received(self) -> None:
        """Pass on."""
        self.handler.eof_received()

    def pause_writing(self) -> None:
        """Pass on."""
        self.handler.pause_writing()

    def resume_writing(self) -> None:
        """Pass on."""
        self.handler.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass on, remember a reset, and let nobody wait for the rest of a body that will not come.

        aiohttp 3.14.5 forgets the reader of a body whose framing breaks: it would wait for ever.
        """
        self.reset = exc
        if self._landed is not None and not self._landed.done():
            self._landed.set_exception(exc or aiohttp.ClientPayloadError("the connection ended"))
        body = self.handler._payload  # noqa: SLF001 - nothing public leads to the body under way
        self.handler.connection_lost(exc)
        if body is not None and not body.is_eof() and body.exception() is None:
            body.set_exception(self.handler.exception() or aiohttp.ClientPayloadError("the connection ended"))

    def _take(self, landing: Landing, nbytes: int) -> None:
        landing.filled += nbytes
        if landing.filled == len(landing.view) and self._landed is not None and not self._landed.done():
            self.transport.pause_reading()  # type: ignore[union-attr]  # bytes came over it
            self._landed.set_result(None)
