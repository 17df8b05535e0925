"""A listener with short limits in front of a small application, and a client that speaks raw bytes."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from typing import cast

import pytest
import uvloop
from aiohttp import web

from gateway.errors import GatewayError
from gateway.listener import Listener, ListenerLimits, read_limited
from gateway.listener.refusal import refusal_response

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
QUICK = ListenerLimits(header_timeout_s=0.2, keepalive_timeout_s=0.6, lingering_time_s=0.2, cut_grace_s=0.3)
HITS = web.AppKey("hits", list[str])


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run each test of this folder on both loops."""
    return LOOPS


class Caller(asyncio.Protocol):
    """A client that sends what it is told and notes all that comes back, also what came before a reset."""

    def __init__(self) -> None:
        self.received = b""
        self.is_closed = False
        self._news = asyncio.Event()
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._transport: asyncio.Transport | None = None

    async def send(self, data: bytes) -> None:
        """Send and flush; a server that has closed is no failure here."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
            await self._may_write.wait()

    async def receive(self, statuses: int = 1, *, within_s: float = 2.0) -> list[int]:
        """Return the statuses that came, waiting for so many."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while len(self.statuses) < statuses and not self.is_closed:
                    await self._more()
        return self.statuses

    async def closes(self, *, within_s: float) -> bool:
        """Return True when the server closes within this time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while not self.is_closed:
                    await self._more()
        return self.is_closed

    @property
    def statuses(self) -> list[int]:
        """Every status line so far."""
        return [int(found) for found in re.findall(rb"HTTP/\d\.\d (\d{3}) ", self.received)]

    def close(self) -> None:
        """Leave."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Note what came."""
        self.received += data
        self._news.set()

    def eof_received(self) -> bool:
        """Note the end; we may still send."""
        self.is_closed = True
        self._news.set()
        return True

    def pause_writing(self) -> None:
        """Wait."""
        self._may_write.clear()

    def resume_writing(self) -> None:
        """Go on."""
        self._may_write.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end."""
        del exc
        self.is_closed = True
        self._transport = None
        self._may_write.set()
        self._news.set()

    async def _more(self) -> None:
        self._news.clear()
        await self._news.wait()


@contextlib.asynccontextmanager
async def caller(port: int) -> AsyncIterator[Caller]:
    """Connect to the port."""
    _, made = await asyncio.get_running_loop().create_connection(Caller, "127.0.0.1", port)
    try:
        yield made
    finally:
        made.close()


def small_app() -> web.Application:
    """Return an application that reads bodies, is slow on demand, and notes what reached it."""
    app = web.Application()
    app[HITS] = []

    async def show(request: web.Request) -> web.StreamResponse:
        request.app[HITS].append(request.path)
        return web.Response(text="ok")

    async def take(request: web.Request) -> web.StreamResponse:
        try:
            body = await read_limited(request, 1000, deadline_s=0.3, min_rate=100)
        except GatewayError as error:
            return refusal_response(error)
        return web.Response(text=str(len(body)))

    async def slow(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.5)
        return web.Response(text="slow")

    app.router.add_get("/a", show)
    app.router.add_get("/smuggled", show)
    app.router.add_post("/a", take)
    app.router.add_get("/slow", slow)
    app.router.add_post("/slow", slow)
    return app


@contextlib.asynccontextmanager
async def listening(
    app: web.Application | None = None, limits: ListenerLimits = QUICK
) -> AsyncIterator[tuple[Listener, int]]:
    """Serve the application; stopped without mercy in the end."""
    listener = Listener(app or small_app(), limits)
    port = await listener.start()
    try:
        yield listener, port
    finally:
        await listener.stop(0)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """The port of the small application under short limits."""
    async with listening() as (_, opened):
        yield opened
