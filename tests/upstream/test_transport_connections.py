"""Connections of every transport: reuse, the one silent retry, and that nothing stays open when a caller has gone."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.errors import UpstreamDisconnected
from gateway.upstream.transport import Transport, UpstreamRequest
from tests.upstream.conftest import post
from tests.upstream.raw_upstream import Exchange, answer, raw_upstream


async def test_an_upstream_that_hangs_up_after_each_answer_fails_no_call(transport: Transport) -> None:
    """CMP-24: a pooled connection that died is replaced in silence."""

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.say(answer(b"ok"))  # no Connection: close; it just hangs up

    async with raw_upstream(script) as upstream:
        for _ in range(50):
            response = await transport.send(post(upstream.url))
            assert await response.read(10) == b"ok"

        async def call() -> bytes:
            return await (await transport.send(post(upstream.url))).read(10)

        for _ in range(5):
            assert await asyncio.gather(*(call() for _ in range(10))) == [b"ok"] * 10


@pytest.mark.parametrize("idle", [1, 5])
async def test_a_request_is_sent_again_when_a_pooled_connection_dies_unheard(transport: Transport, idle: int) -> None:
    """One retry, on a new connection whatever else lies idle: those are as old as the dead one."""
    sent = []
    together = asyncio.Barrier(idle)

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        if exchange.number <= idle:
            await together.wait()
        await exchange.say(answer(b"ok"))
        if (second := await exchange.request()) != (b"", b""):
            sent.append(second)  # the second request on a connection is read and dropped

    async def call() -> bytes:
        return await (await transport.send(post(upstream.url))).read(10)

    async with raw_upstream(script) as upstream:
        assert await asyncio.gather(*(call() for _ in range(idle))) == [b"ok"] * idle
        assert await call() == b"ok"
        assert (upstream.connections, len(sent)) == (idle + 1, 1)


async def test_a_pooled_connection_that_dies_after_a_first_byte_is_a_failure(transport: Transport) -> None:
    """Something came back, so the upstream may have done the work: no second try."""

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.say(answer(b"ok"))
        await exchange.request()
        await exchange.say(b"HTTP/1.1 200 O")
        await asyncio.sleep(0.02)
        exchange.reset()

    async with raw_upstream(script) as upstream:
        await (await transport.send(post(upstream.url))).read(10)
        with pytest.raises(UpstreamDisconnected):
            await transport.send(post(upstream.url))
        assert upstream.connections == 1


async def test_bytes_on_an_idle_connection_never_answer_the_next_call(transport: Transport) -> None:
    """An upstream that answers twice would hand one caller's answer to another (measured with aiohttp 3.14.5)."""

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.say(answer(b"one"))
        await asyncio.sleep(0.02)
        await exchange.say(answer(b"stale"))
        while (await exchange.request())[0]:
            await exchange.say(answer(b"two"))

    async with raw_upstream(script) as upstream:
        for _ in range(3):
            assert await (await transport.send(post(upstream.url))).read(10) == b"one"
            await asyncio.sleep(0.05)
        assert upstream.connections == 3


async def test_a_streamed_body_is_never_sent_twice(transport: Transport) -> None:
    """Its beginning is gone: an empty second body would be reported as success."""

    async def source() -> AsyncIterator[bytes]:
        yield b"abc"

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.say(answer(b"ok"))
        await exchange.head()

    async with raw_upstream(script) as upstream:
        await (await transport.send(post(upstream.url))).read(10)
        with pytest.raises(UpstreamDisconnected):
            await transport.send(post(upstream.url, source()))
        assert upstream.connections == 1


async def test_an_answer_that_nobody_read_is_dropped_at_once(transport: Transport) -> None:
    """close() never waits and never reads the rest."""

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwait\r\n")
        assert await exchange.reader.read() == b""

    async with raw_upstream(script) as upstream:
        response = await transport.send(post(upstream.url))
        response.close()
        response.close()
        await asyncio.wait_for(upstream.ended.wait(), 20)


@pytest.mark.parametrize("phase", ["head", "body"])
async def test_a_cancelled_call_closes_the_upstream_connection(transport: Transport, phase: str) -> None:
    """Section 4: waiting for the head, and a silent stream."""
    reached = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        if phase == "body":
            await exchange.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        reached.set()
        await exchange.reader.read()

    async with raw_upstream(script) as upstream:

        async def call() -> None:
            response = await transport.send(post(upstream.url))
            try:
                async for _ in response.chunks():
                    pass
            finally:
                response.close()

        calling = asyncio.ensure_future(call())  # noqa: TID251 - cancelled below
        await reached.wait()
        await asyncio.sleep(0.02)
        calling.cancel()
        await asyncio.wait({calling})
        assert calling.cancelled()
        await asyncio.wait_for(upstream.ended.wait(), 20)


@pytest.mark.parametrize("upstream_reads", [True, False])
async def test_a_cancelled_upload_is_closed_and_nothing_whole_was_sent(
    transport: Transport, *, upstream_reads: bool
) -> None:
    """Section 4: the last chunk never follows, and an upstream that takes nothing is not waited for."""
    got = bytearray()

    async def source() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65536
            await asyncio.sleep(0)

    async def script(exchange: Exchange) -> None:
        await exchange.head()
        if not upstream_reads:
            await asyncio.sleep(0.2)
        while data := await exchange.reader.read(2**20):
            got.extend(data[-5:])

    async with raw_upstream(script) as upstream:
        sending = asyncio.ensure_future(transport.send(post(upstream.url, source())))  # noqa: TID251 - cancelled below
        await asyncio.sleep(0.1)
        sending.cancel()
        await asyncio.wait({sending})
        assert sending.cancelled()
        await asyncio.wait_for(upstream.ended.wait(), 20)
    assert b"0\r\n\r\n" not in got


async def test_a_head_request_after_a_stream_reuses_its_connection(transport: Transport) -> None:
    """A wholly read stream leaves the connection in the pool; closing it afterwards changes nothing."""

    async def script(exchange: Exchange) -> None:
        while await exchange.head():
            await exchange.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")

    async with raw_upstream(script) as upstream:
        for _ in range(3):
            response = await transport.send(UpstreamRequest("GET", upstream.url, post(upstream.url).headers))
            assert await response.read(10) == b"ok"
            response.close()
        assert upstream.connections == 1
