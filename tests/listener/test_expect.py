"""`Expect: 100-continue`: nobody is told to send a body that will be refused (PRX-24)."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from gateway.errors import Unauthenticated
from gateway.listener import expect_after, read_limited
from tests.listener.conftest import caller, listening

POST = b"POST /a HTTP/1.1\r\nHost: a\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.fixture
async def expecting() -> AsyncIterator[int]:
    """The port of an application that wants the key `good`."""
    app = web.Application()

    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(text=str(len(await read_limited(request, 10))))

    async def check(request: web.Request) -> None:
        if request.headers.get("Authorization") != "Bearer good":
            raise Unauthenticated("no", headers={"WWW-Authenticate": "Bearer"})

    app.router.add_post("/a", handler, expect_handler=expect_after(check, limit=10))
    async with listening(app) as (_, port):
        yield port


async def test_a_good_key_and_size_hear_100_and_then_the_answer(expecting: int) -> None:
    """The body is asked for once."""
    async with caller(expecting) as client:
        await client.send(POST + b"Authorization: Bearer good\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        assert await client.receive() == [100]
        await client.send(b"abc")
        assert await client.receive(2) == [100, 200]
    assert client.received.startswith(CONTINUE + b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n", 401),
        (b"Authorization: Bearer good\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n", 413),
        (b"Authorization: Bearer good\r\nExpect: 200-ok\r\nContent-Length: 3\r\n\r\n", 417),
        (
            b"Authorization: Bearer good\r\nContent-Encoding: br\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
            415,
        ),
    ],
)
async def test_what_will_be_refused_is_refused_before_the_body_is_sent(
    expecting: int, headers: bytes, status: int
) -> None:
    """All four gateways that were measured send 100 to anybody."""
    async with caller(expecting) as client:
        await client.send(POST + headers)
        assert await client.receive() == [status]
        assert await client.closes(within_s=5)
    assert b"100 Continue" not in client.received


async def test_a_body_that_came_with_the_head_needs_no_100(expecting: int) -> None:
    """RFC 9110 10.1.1: the 100 may be left out when the body is already there."""
    async with caller(expecting) as client:
        await client.send(POST + b"Authorization: Bearer good\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc")
        assert await client.receive() == [200]
