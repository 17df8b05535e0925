"""The end of a process: in order for those who are served, at once for everybody else (PRX-40)."""

import asyncio
import logging
import socket
import time
from collections.abc import Coroutine
from typing import Any

import pytest
from aiohttp import web

from gateway.listener import Listener, read_limited
from tests.listener.conftest import QUICK, caller, small_app

HEAD = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"


def _later(coro: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return asyncio.get_running_loop().create_task(coro)


async def test_running_requests_end_and_new_ones_are_refused() -> None:
    """Idle connections are closed at once, a running request is answered, then its connection ends."""
    listener = Listener(small_app(), QUICK)
    port = await listener.start()
    async with caller(port) as busy, caller(port) as idle:
        await idle.send(HEAD)
        await idle.receive()
        await busy.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        await asyncio.sleep(0.05)
        stopping = _later(listener.stop(5))
        assert await idle.closes(within_s=2)
        assert listener.is_draining
        with pytest.raises(OSError, match=r"refused|onnect call failed"):
            await asyncio.open_connection("127.0.0.1", port)
        assert await busy.receive() == [200]
        assert b"Connection: close" in busy.received
        assert await busy.closes(within_s=2)
        await asyncio.wait_for(stopping, 20)
        assert idle.statuses == [200]


async def test_a_body_under_way_may_still_arrive() -> None:
    """Draining does not drop what a running request is still sending."""
    app = web.Application()

    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(text=str(len(await read_limited(request, 100))))

    app.router.add_post("/a", handler)
    listener = Listener(app, QUICK)
    async with caller(await listener.start()) as client:
        await client.send(b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
        await asyncio.sleep(0.05)
        stopping = _later(listener.stop(5))
        await asyncio.sleep(0.05)
        await client.send(b"def")
        assert await client.receive() == [200]
        await asyncio.wait_for(stopping, 20)


async def test_what_does_not_end_in_time_is_told_and_cut() -> None:
    """After the drain time a stream writes its last words and is closed; is_cutting says by whom it was cancelled."""
    app = web.Application()
    cancelled_by_us = []

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"data: 1\n\n")
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled_by_us.append(listener.is_cutting)
            await response.write(b"data: last words\n\n")
            assert request.transport is not None
            request.transport.close()
            raise
        return response

    app.router.add_get("/a", stream)
    listener = Listener(app, QUICK)
    async with caller(await listener.start()) as client:
        await client.send(HEAD)
        await client.receive()
        started = time.monotonic()
        await listener.stop(0.2)
        assert 0.15 < time.monotonic() - started < 10
        assert await client.closes(within_s=2)
    assert b"last words" in client.received
    assert not client.received.endswith(b"0\r\n\r\n")
    assert cancelled_by_us == [True]


async def test_a_caller_that_leaves_cancels_its_handler() -> None:
    """PRX-1 and PRX-2: handler_cancellation is on, and is_cutting is False then."""
    app = web.Application()
    cancelled = asyncio.Event()

    async def wait(_request: web.Request) -> web.StreamResponse:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return web.Response()

    app.router.add_get("/a", wait)
    listener = Listener(app, QUICK)
    port = await listener.start()
    async with caller(port) as client:
        await client.send(HEAD)
        await asyncio.sleep(0.05)
    await asyncio.wait_for(cancelled.wait(), 20)
    assert not listener.is_cutting
    await listener.stop(0)


async def test_the_application_starts_and_ends_with_its_listener() -> None:
    """Clean-up runs after the last request."""
    app = small_app()
    noted = []

    async def note_start(_app: web.Application) -> None:
        noted.append("start")

    async def note_end(_app: web.Application) -> None:
        noted.append("end")

    app.on_startup.append(note_start)
    app.on_cleanup.append(note_end)
    listener = Listener(app, QUICK)
    await listener.start()
    assert noted == ["start"]
    await listener.stop(0)
    assert noted == ["start", "end"]


async def test_it_listens_on_a_socket_that_it_is_given_and_shares_a_port() -> None:
    """A supervisor or systemd passes the socket; several processes share a port by reuse_port."""
    sock = socket.create_server(("127.0.0.1", 0))
    given = Listener(small_app(), QUICK)
    assert await given.start(sock=sock) == sock.getsockname()[1]
    first, second = Listener(small_app(), QUICK), Listener(small_app(), QUICK)
    port = await first.start(reuse_port=True)
    assert await second.start(port=port, reuse_port=True) == port
    for listener in (given, first, second):
        await listener.stop(0)


async def test_our_faults_are_logged_a_few_times_and_a_dropped_upload_is_not(caplog: pytest.LogCaptureFixture) -> None:
    """SRV-11: callers cannot fill the log; a failure outside of the application's error handling is a plain 500."""
    app = web.Application()

    async def broken(_request: web.Request) -> web.StreamResponse:
        raise RuntimeError("secret detail")

    async def reads(request: web.Request) -> web.StreamResponse:
        return web.Response(body=await read_limited(request, 100))

    app.router.add_get("/a", broken)
    app.router.add_post("/a", reads)
    listener = Listener(app, QUICK)
    port = await listener.start()
    with caplog.at_level(logging.INFO):
        for _ in range(10):
            async with caller(port) as client:
                await client.send(b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nhalf")
        await asyncio.sleep(0.05)
        assert caplog.records == []
        for _ in range(10):
            async with caller(port) as client:
                await client.send(HEAD)
                assert await client.receive() == [500]
                assert await client.closes(within_s=2)
                assert b"secret detail" not in client.received
    assert len(caplog.records) == 5
    assert "secret detail" in caplog.text
    await listener.stop(0)
