"""Heads that do not come, keep-alive, and everything that the header deadline must leave alone (SRV-4)."""

import asyncio

from gateway.listener import ListenerLimits
from tests.listener.conftest import caller, listening

HEAD = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"


async def test_silence_gets_408_and_the_end(port: int) -> None:
    """No head within the deadline: 408 with our words, then closed."""
    async with caller(port) as client:
        assert await client.receive() == [408]
        assert await client.closes(within_s=5)
    assert b'"code": "request_timeout"' in client.received
    assert b"Server: modelport" in client.received


async def test_a_dripping_head_gets_408(port: int) -> None:
    """The deadline is for the whole head: a byte now and then does not move it."""
    async with caller(port) as client:
        for byte in (b"G", b"E", b"T", b" ", b"/", b"a", b" ", b"H"):
            await client.send(byte)
            await asyncio.sleep(0.05)
        assert await client.receive() == [408]
        assert await client.closes(within_s=5)


async def test_half_a_second_request_is_closed_without_a_second_answer(port: int) -> None:
    """A kept connection whose next head does not come in time ends."""
    async with caller(port) as client:
        await client.send(HEAD + b"GET /a HT")
        assert await client.receive() == [200]
        await client.send(b"TP/1.1\r\nHo")
        assert await client.closes(within_s=5)
    assert client.statuses == [200]


async def test_an_idle_connection_is_kept_beyond_the_header_deadline(port: int) -> None:
    """Keep-alive has its own, longer time; the next request on it is served."""
    async with caller(port) as client:
        await client.send(HEAD)
        assert await client.receive() == [200]
        assert not await client.closes(within_s=0.35)
        await client.send(HEAD)
        assert await client.receive(2) == [200, 200]
        assert await client.closes(within_s=1.0)
    assert client.statuses == [200, 200]


async def test_a_slow_handler_is_left_alone(port: int) -> None:
    """An answer may take longer than the header deadline, also with half a head behind the request."""
    async with caller(port) as client:
        await client.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /a HT")
        assert await client.receive() == [200]
        await client.send(b"TP/1.1\r\nHost: a\r\n\r\n")
        assert await client.receive(2) == [200, 200]


async def test_a_slow_body_is_left_to_the_bodys_own_deadline(port: int) -> None:
    """The header deadline ends with the head."""
    async with caller(port) as client:
        await client.send(b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
        for _ in range(5):
            await asyncio.sleep(0.05)
            await client.send(b"x" * 20)
        assert await client.receive() == [200]


async def test_a_lingering_connection_gets_no_second_answer() -> None:
    """While the rest of an answered request is taken, the head's deadline is silent (a second 408 was measured)."""
    limits = ListenerLimits(header_timeout_s=0.1, lingering_time_s=0.5)
    async with listening(limits=limits) as (_, port), caller(port) as client:
        await client.send(b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n")
        assert await client.receive() == [413]
        for _ in range(4):
            await client.send(b"x")
            await asyncio.sleep(0.1)
        assert await client.closes(within_s=5)
    assert client.statuses == [413]


async def test_late_heads_are_counted() -> None:
    """Counted for the metrics."""
    async with listening() as (listener, port):
        async with caller(port) as client:
            await client.closes(within_s=1)
        await asyncio.sleep(0.05)
        assert (listener.late, listener.connections) == (1, 0)
