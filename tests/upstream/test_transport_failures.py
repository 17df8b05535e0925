"""What every transport reports when the upstream fails, and that a broken answer never looks whole (PRX-4, PRX-15)."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from yarl import URL

from gateway.errors import (
    BadUpstreamResponse,
    ConnectFailed,
    EgressDenied,
    GatewayError,
    TooLarge,
    UpstreamDisconnected,
)
from gateway.upstream.transport import Transport, UpstreamRequest
from tests.upstream.conftest import post
from tests.upstream.raw_upstream import Exchange, answer, raw_upstream

HEAD = b"HTTP/1.1 200 OK\r\n"


def _names_no_address(error: GatewayError) -> bool:
    return not any(word in str(error) for word in ("127.0.0.1", "localhost", "http://"))


async def test_a_refused_connect_is_told_without_the_address(transport: Transport) -> None:
    """PRX-15: the reason is named, the upstream's address never."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = URL(f"http://127.0.0.1:{unused.getsockname()[1]}/")
        with pytest.raises(ConnectFailed, match="connection refused") as caught:
            await transport.send(post(url))
    assert _names_no_address(caught.value)


async def test_a_name_that_does_not_resolve_is_a_failed_connect(transport: Transport) -> None:
    """RFC 6761: `.invalid` never resolves."""
    with pytest.raises(ConnectFailed, match="name cannot be resolved"):
        await transport.send(post(URL("http://nobody.invalid/")))


async def test_the_connect_limit_covers_the_tls_handshake(transport: Transport) -> None:
    """An upstream that accepts and says nothing is given up after the connect limit (proxy_behaviour section 5)."""

    async def script(exchange: Exchange) -> None:
        await exchange.reader.read()

    async with raw_upstream(script) as upstream:
        request = UpstreamRequest(
            "GET", upstream.url.with_scheme("https"), post(upstream.url).headers, connect_timeout_s=0.1
        )
        with pytest.raises(ConnectFailed, match=r"within 0\.1 s"):
            await transport.send(request)


async def test_an_address_that_the_policy_forbids_is_never_connected(strict_transport: Transport) -> None:
    """EGR-4: the hint is the line to add to the configuration; the message names no address."""

    async def script(exchange: Exchange) -> None:
        await exchange.say(answer())

    async with raw_upstream(script) as upstream:
        with pytest.raises(EgressDenied) as caught:
            await strict_transport.send(post(upstream.url))
    assert upstream.connections == 0
    assert caught.value.hint is not None
    assert f'egress.allow_networks: ["127.0.0.1/32:{upstream.url.port}"]' in caught.value.hint
    assert _names_no_address(caught.value)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"", UpstreamDisconnected),
        (b"HTTP/1.1 20", UpstreamDisconnected),
        (HEAD + b"Content-Type: text/pl", UpstreamDisconnected),
        (b"220 mail ready\r\n\r\n", BadUpstreamResponse),
        (b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n", BadUpstreamResponse),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", BadUpstreamResponse),
        (HEAD + b"X: " + b"x" * 70_000 + b"\r\n\r\n", BadUpstreamResponse),
    ],
)
async def test_no_usable_head_is_a_failed_request(
    transport: Transport, said: bytes, expected: type[GatewayError]
) -> None:
    """PRX-15: closing before an answer, and answering no HTTP, are told apart; no request is sent twice for it."""

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.say(said)

    async with raw_upstream(script) as upstream:
        for method in ("POST", "GET"):
            with pytest.raises(expected) as caught:
                await transport.send(UpstreamRequest(method, upstream.url, post(upstream.url).headers))
            assert _names_no_address(caught.value)
        assert upstream.connections == 2


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize(
    "said",
    [
        HEAD + b"Content-Length: 10\r\n\r\nhalf",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\nhalf",
        HEAD + b"Connection: close\r\n\r\nhalf",
    ],
)
async def test_a_body_that_is_cut_never_looks_whole(transport: Transport, said: bytes, *, reset: bool) -> None:
    """PRX-4; where only the end of the connection ends the body, a FIN is its end and a RST is not."""

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.say(said)
        await asyncio.sleep(0.05)  # the bytes must have been read: a RST discards what the peer's kernel still holds
        if reset:
            exchange.reset()

    async with raw_upstream(script) as upstream:
        response = await transport.send(post(upstream.url))
        if b"Connection: close" in said and not reset:
            assert await response.read(10) == b"half"
        else:
            with pytest.raises(UpstreamDisconnected, match="in the middle") as caught:
                await response.read(10)
            assert _names_no_address(caught.value)
        response.close()


async def test_what_came_before_the_cut_is_handed_on(transport: Transport) -> None:
    """A caller sees every byte that arrived, then the failure."""

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")

    async with raw_upstream(script) as upstream:
        chunks = (await transport.send(post(upstream.url))).chunks()
        await asyncio.sleep(0.05)  # the cut is here before the first look
        assert await anext(chunks) == b"half"
        for _ in range(2):
            with pytest.raises(UpstreamDisconnected):
                await anext(chunks)


async def test_broken_framing_in_a_body_is_a_bad_answer(transport: Transport) -> None:
    """A chunk that is no chunk is the upstream's fault, and is not passed on."""

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        await asyncio.sleep(0.02)
        await exchange.say(b"zz\r\nwhat\r\n")
        await exchange.reader.read()

    async with raw_upstream(script) as upstream:
        response = await transport.send(post(upstream.url))
        with pytest.raises((BadUpstreamResponse, UpstreamDisconnected)):
            await response.read(100)


async def test_the_callers_own_failure_comes_back_as_it_is(transport: Transport) -> None:
    """What the body's iterator raises (a limit, a gone caller) is not blamed on the upstream; nothing whole is sent."""
    seen = []

    async def source() -> AsyncIterator[bytes]:
        yield b"first"
        raise TooLarge("the limit is 5 bytes")

    async def script(exchange: Exchange) -> None:
        seen.append(await exchange.reader.read(100_000))
        seen.append(await exchange.reader.read())

    async with raw_upstream(script) as upstream:
        with pytest.raises(TooLarge, match="5 bytes"):
            await transport.send(post(upstream.url, source()))
        await asyncio.wait_for(upstream.ended.wait(), 20)
    assert b"first" in b"".join(seen)
    assert b"0\r\n\r\n" not in b"".join(seen)


async def test_the_callers_failure_after_the_head_ends_the_answer(transport: Transport) -> None:
    """An upload that breaks while the answer is already coming closes both."""
    break_now = asyncio.Event()

    async def source() -> AsyncIterator[bytes]:
        yield b"first"
        await break_now.wait()
        raise TooLarge("too much")

    async def script(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nwait\r\n")
        await exchange.reader.read()

    async with raw_upstream(script) as upstream:
        chunks = (await transport.send(post(upstream.url, source()))).chunks()
        assert await anext(chunks) == b"wait"
        break_now.set()
        with pytest.raises(TooLarge):
            await asyncio.wait_for(anext(chunks), 20)
        await asyncio.wait_for(upstream.ended.wait(), 20)
