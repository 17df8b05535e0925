"""A caller that does not take its answer (proxy_behaviour section 5, STR-3)."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import pytest
from aiohttp import web

from gateway.listener import ListenerLimits
from tests.listener.conftest import listening

LIMITS = ListenerLimits(slow_client_s=0.2)
SIZE = 20_000_000


@contextlib.contextmanager
def stalled(port: int, target: str) -> Iterator[socket.socket]:
    """Ask for an answer and read nothing of it."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        sock.connect(("127.0.0.1", port))
        sock.sendall(f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        sock.settimeout(0)
        yield sock


def big_app(cancelled: list[str]) -> web.Application:
    """Return an application whose answers are larger than all buffers on the way."""
    app = web.Application()

    async def whole(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"x" * SIZE)

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            for _ in range(SIZE // 65536):
                await response.write(b"x" * 65536)
        except (asyncio.CancelledError, ConnectionError):
            cancelled.append("stream")
            raise
        return response

    app.router.add_get("/whole", whole)
    app.router.add_get("/stream", stream)
    return app


@pytest.mark.parametrize("target", ["/whole", "/stream"])
async def test_a_caller_that_takes_nothing_is_cut(target: str) -> None:
    """After slow_client_s without progress, whether the answer is written or only waits to be flushed."""
    cancelled: list[str] = []
    async with listening(big_app(cancelled), LIMITS) as (listener, port):
        with stalled(port, target):
            await asyncio.sleep(0.1)
            assert listener.connections == 1
            await asyncio.sleep(0.6)  # twice the limit at most: what the kernel took at first was progress
            assert (listener.connections, listener.slow) == (0, 1)
    assert cancelled == (["stream"] if target == "/stream" else [])


async def test_a_caller_that_takes_a_little_is_not_cut() -> None:
    """Slow is not stalled: each accepted byte starts the time anew."""
    cancelled: list[str] = []
    async with listening(big_app(cancelled), LIMITS) as (listener, port):
        loop = asyncio.get_running_loop()
        with stalled(port, "/whole") as sock:
            taken = 0
            for _ in range(8):
                await asyncio.sleep(0.07)
                taken += len(await loop.sock_recv(sock, 500_000))
            assert listener.connections == 1
            while data := await loop.sock_recv(sock, 1_000_000):
                taken += len(data)
    assert taken > SIZE
    assert cancelled == []
