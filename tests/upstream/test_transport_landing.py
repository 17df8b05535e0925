"""A body that lands in the reader's own memory: past aiohttp's parser where its length is known, else through it."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.errors import UpstreamDisconnected
from gateway.upstream.egress import EgressPolicy, guarded_session, trust
from gateway.upstream.session_transport import SessionTransport
from gateway.upstream.transport import Landing, Transport, UpstreamResponse
from tests.upstream.conftest import post
from tests.upstream.raw_upstream import Exchange, answer, raw_upstream
from tests.upstream.test_egress import FixedResolver
from tests.upstream.test_tls import self_signed

BODY = bytes(range(256)) * 8 * 1024  # 2 MiB: many reads, more than any buffer on the way
ROOM = 300_000


async def landed(response: UpstreamResponse, room: int = ROOM) -> bytes:
    """Return the whole body, as it lands block by block."""
    whole, block = b"", memoryview(bytearray(room))
    while True:
        landing = Landing(block)
        await response.fill(landing)
        if not landing.filled:
            return whole
        whole += block[: landing.filled]


async def test_a_body_lands_and_its_connection_serves_the_next_call(transport: Transport) -> None:
    """Block by block, nothing lost between two of them; calls and bodies take turns on one connection."""

    async def script(exchange: Exchange) -> None:
        while (await exchange.request())[0]:
            await exchange.say(answer(BODY))

    async with raw_upstream(script) as upstream:
        for room in (ROOM, 1000, len(BODY), len(BODY) + 1):
            response = await transport.send(post(upstream.url))
            assert await landed(response, room) == BODY
            response.close()
            assert await (await transport.send(post(upstream.url))).read(len(BODY)) == BODY
        assert upstream.connections == 1


async def test_a_body_without_a_length_lands_as_well(transport: Transport) -> None:
    """Chunks are the parser's work."""

    async def script(exchange: Exchange) -> None:
        while (await exchange.request())[0]:
            await exchange.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for at in range(0, len(BODY), 100_000):
                piece = BODY[at : at + 100_000]
                await exchange.say(b"%x\r\n%b\r\n" % (len(piece), piece))
            await exchange.say(b"0\r\n\r\n")

    async with raw_upstream(script) as upstream:
        for _ in range(2):
            assert await landed(await transport.send(post(upstream.url))) == BODY
        assert upstream.connections == 1


@pytest.mark.parametrize("end", ["reset", "hang up"])
@pytest.mark.parametrize("framing", [b"Content-Length: %d\r\n\r\n" % len(BODY), b"Transfer-Encoding: chunked\r\n\r\n"])
async def test_what_has_landed_of_a_body_that_is_cut_stays(transport: Transport, end: str, framing: bytes) -> None:
    """And the cut is told: a file must not look complete."""
    said = asyncio.Event()
    half = BODY[:500_000]

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        chunk = b"%x\r\n" % len(BODY) if b"chunked" in framing else b""
        await exchange.say(b"HTTP/1.1 200 OK\r\n" + framing + chunk + half)
        await said.wait()
        if end == "reset":
            exchange.reset()

    async with raw_upstream(script) as upstream:
        response = await transport.send(post(upstream.url))
        block = memoryview(bytearray(len(BODY)))
        landing = Landing(block[: len(half)])
        await response.fill(landing)
        assert block[: landing.filled] == half
        said.set()
        landing.view = block
        with pytest.raises(UpstreamDisconnected):
            await response.fill(landing)
        assert landing.filled == len(half)
        response.close()


async def test_what_has_landed_stays_when_its_reader_is_called_off(transport: Transport) -> None:
    """A pause of a download keeps every byte."""
    half = BODY[:500_000]

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.say(answer(BODY)[: -len(BODY) + len(half)])
        await asyncio.Event().wait()

    async with raw_upstream(script) as upstream:
        response = await transport.send(post(upstream.url))
        landing = Landing(memoryview(bytearray(len(BODY))))
        filling = asyncio.get_running_loop().create_task(response.fill(landing))
        async with asyncio.timeout(30):
            while landing.filled < len(half):  # noqa: ASYNC110 - memory sends no event
                await asyncio.sleep(0.001)
        filling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await filling
        response.close()
        assert landing.view[: landing.filled] == half


async def test_a_body_lands_decrypted(tmp_path: Path) -> None:
    """Over TLS each loop has a transport of its own between the socket and us."""
    ca_file, shown = self_signed(tmp_path)

    async def serve(_: web.Request) -> web.Response:
        return web.Response(body=BODY)

    app = web.Application()
    app.router.add_post("/", serve)
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=shown)
    session = guarded_session(
        EgressPolicy(), connect_timeout_s=5, ssl_context=trust(ca_file), resolver=FixedResolver(["127.0.0.1"])
    )
    transport = SessionTransport(session)
    url = server.make_url("/").with_host("models.example")
    try:
        for _ in range(3):
            assert await landed(await transport.send(post(url))) == BODY
    finally:
        await transport.close()
        await server.close()
