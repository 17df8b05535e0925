"""The reader of request bodies: size, deadline, rate, and the end of the connection (SRV-5, SRV-7, SRV-8)."""

import asyncio
import json

import pytest
from aiohttp import web

from gateway.errors import GatewayError
from gateway.listener import limited_chunks
from gateway.listener.refusal import refusal_response
from tests.listener.conftest import Caller, caller, listening

POST = b"POST /a HTTP/1.1\r\nHost: a\r\n"


def _error(client: Caller) -> dict[str, str]:
    error = json.loads(client.received.partition(b"\r\n\r\n")[2])["error"]
    assert isinstance(error, dict)
    return error


@pytest.mark.parametrize(
    "sent",
    [
        POST + b"Content-Length: 0\r\n\r\n",
        POST + b"Content-Length: 1000\r\n\r\n" + b"x" * 1000,
        POST + b"Transfer-Encoding: chunked\r\n\r\n3E8\r\n" + b"x" * 1000 + b"\r\n0\r\n\r\n",
        POST + b"Content-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc",
    ],
)
async def test_a_body_up_to_the_limit_is_read_and_the_connection_kept(port: int, sent: bytes) -> None:
    """The limit itself is allowed."""
    async with caller(port) as client:
        for count in (1, 2):
            await client.send(sent)
            assert await client.receive(count) == [200] * count


async def test_a_body_in_pieces_is_read_whole(port: int) -> None:
    """What does not come with the head is waited for."""
    async with caller(port) as client:
        await client.send(POST + b"Content-Length: 900\r\n\r\n" + b"x" * 300)
        for _ in range(2):
            await asyncio.sleep(0.02)
            await client.send(b"x" * 300)
        assert await client.receive() == [200]
        await client.closes(within_s=0.02)
    assert client.received.endswith(b"900")


@pytest.mark.parametrize(
    "sent",
    [
        POST + b"Content-Length: 1001\r\n\r\n",
        POST + b"Content-Length: 1001\r\n\r\n" + b"x" * 1001,
        POST + b"Transfer-Encoding: chunked\r\n\r\n3E9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n3E9\r\n" + b"x" * 1001 + b"\r\n",
    ],
)
async def test_a_body_over_the_limit_is_refused_at_once_and_the_limit_named(port: int, sent: bytes) -> None:
    """PRX-35: announced or not; the connection ends."""
    async with caller(port) as client:
        await client.send(sent)
        assert await client.receive() == [413]
        assert await client.closes(within_s=5)
    assert "1000 bytes" in _error(client)["message"]
    assert b"Connection: close" in client.received


async def test_a_refused_upload_is_taken_for_a_moment_so_that_the_answer_is_read(port: int) -> None:
    """Closing with unread bytes would reset the connection under the caller's eyes."""
    async with caller(port) as client:
        sending = asyncio.ensure_future(  # noqa: TID251 - ended below
            client.send(POST + b"Content-Length: 5000000\r\n\r\n" + b"x" * 5_000_000)
        )
        assert await client.receive() == [413]
        await sending
        assert await client.closes(within_s=1)
    assert client.statuses == [413]


async def test_a_stalled_body_is_given_up_after_the_deadline(port: int) -> None:
    """No progress for 0.3 s: 408, and the socket is closed soon after, not 10 s later."""
    async with caller(port) as client:
        await client.send(POST + b"Content-Length: 100\r\n\r\nhalf")
        assert await client.receive() == [408]
        assert await client.closes(within_s=5)
    assert _error(client)["code"] == "request_timeout"


async def test_a_dripping_body_is_given_up_by_its_rate(port: int) -> None:
    """A byte now and then is progress, but below the slowest rate."""
    async with caller(port) as client:
        await client.send(POST + b"Content-Length: 100\r\n\r\n")
        for _ in range(6):
            await client.send(b"x")
            await asyncio.sleep(0.1)
        assert await client.receive() == [408]


async def test_a_slow_body_above_the_rate_may_take_longer_than_the_deadline(port: int) -> None:
    """200 bytes per second where 100 are asked for."""
    async with caller(port) as client:
        await client.send(POST + b"Content-Length: 160\r\n\r\n")
        for _ in range(8):
            await client.send(b"x" * 20)
            await asyncio.sleep(0.08)
        assert await client.receive() == [200]


async def test_a_compressed_body_is_415(port: int) -> None:
    """PRX-39: not inflated, not passed."""
    async with caller(port) as client:
        await client.send(POST + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc")
        assert await client.receive() == [415]
    assert _error(client)["code"] == "unsupported_content_encoding"


async def test_a_streamed_body_has_the_same_limits_and_is_held_back() -> None:
    """STR-5: what the handler does not take stays with the caller."""
    app = web.Application()
    taken = 0
    go_on = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal taken
        try:
            async for chunk in limited_chunks(request, 20_000_000, 1.0):
                taken += len(chunk)
                await go_on.wait()
        except GatewayError as error:
            return refusal_response(error)
        return web.Response(text=str(taken))

    app.router.add_post("/a", handler)
    async with listening(app) as (_, port), caller(port) as client:
        body = b"x" * 19_000_000
        sending = asyncio.ensure_future(  # noqa: TID251 - ended below
            client.send(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        )
        await asyncio.sleep(0.2)
        assert not sending.done()
        go_on.set()
        assert await client.receive() == [200]
        await sending
        await client.send(POST + b"Content-Length: 20000001\r\n\r\n")
        assert await client.receive(2) == [200, 413]
    assert taken == len(body)
