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

# The connection that the current task's request went out on; None before it has one. A context variable, since
# aiohttp hands nothing back when a request fails.
CURRENT_WIRE: ContextVar["Wire | None"] = ContextVar("modelport_upstream_wire", default=None)


class Wire(asyncio.BufferedProtocol):
    """Feeds what arrives to aiohttp's handler, at most one landing buffer at a time."""

    __slots__ = (
        "__weakref__",
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
        return self._landing

    def buffer_updated(self, nbytes: int) -> None:
        """Copy the landed bytes out and parse them.

        Bytes on an idle connection would become the answer to the next caller's request: they end it.
        """
        if self.is_idle:
            self.abort()
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
        body = self.handler._payload  # noqa: SLF001 - nothing public leads to the body under way
        self.handler.connection_lost(exc)
        if body is not None and not body.is_eof() and body.exception() is None:
            body.set_exception(self.handler.exception() or aiohttp.ClientPayloadError("the connection ended"))
