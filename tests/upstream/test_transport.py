"""What every transport does with a call that goes well, and with its body on the way out and in."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import pytest

from gateway.errors import BadUpstreamResponse
from gateway.upstream.transport import Transport, UpstreamRequest
from tests.upstream.conftest import post
from tests.upstream.raw_upstream import Exchange, answer, raw_upstream


async def test_a_request_goes_out_as_it_was_given_and_nothing_is_added(transport: Transport) -> None:
    """Host and the framing are the transport's; no user agent, coding or type of its own (HDR-1)."""
    seen = []

    async def script(exchange: Exchange) -> None:
        seen.append(await exchange.request())
        await exchange.say(answer(b"pong", b"X-A: 1"))

    async with raw_upstream(script) as upstream:
        response = await transport.send(post(upstream.url, b"ping", X_Request_Id="7"))
        body = await response.read(100)

    head, sent = seen[0]
    assert head.split(b"\r\n")[0] == b"POST /v1/chat/completions HTTP/1.1"
    names = {line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:] if line}
    assert names == {b"host", b"content-length", b"x-request-id"}
    assert (sent, body, response.status, response.headers["x-a"]) == (b"ping", b"pong", 200, "1")


async def test_an_encoded_path_and_query_leave_unchanged(transport: Transport) -> None:
    """`%2F` and `+` are the caller's bytes: nothing is decoded or requoted on the way."""
    seen = []

    async def script(exchange: Exchange) -> None:
        seen.append(await exchange.head())
        await exchange.say(answer())

    async with raw_upstream(script) as upstream:
        url = upstream.url.with_path("/a%2Fb;c/d", encoded=True).with_query(None)
        target = type(url)(f"{url}?x=a+b&y=%5B1%5D", encoded=True)
        await (await transport.send(UpstreamRequest("GET", target, post(url).headers))).read(10)

    assert seen[0].startswith(b"GET /a%2Fb;c/d?x=a+b&y=%5B1%5D HTTP/1.1\r\n")


async def test_what_has_no_body_announces_a_length_only_where_one_is_usual(transport: Transport) -> None:
    """RFC 9110 8.6: a POST without a body says so, a GET does not."""
    heads = []

    async def script(exchange: Exchange) -> None:
        for _ in range(2):
            heads.append(await exchange.head())
            await exchange.say(answer())

    async with raw_upstream(script) as upstream:
        for method in ("POST", "GET"):
            response = await transport.send(UpstreamRequest(method, upstream.url, post(upstream.url).headers))
            await response.read(10)

    assert b"\r\nContent-Length: 0\r\n" in heads[0]
    assert b"content-length" not in heads[1].lower()


async def test_an_informational_head_is_not_the_answer(transport: Transport) -> None:
    """RFC 9110 15.2: any number of 1xx may come first."""

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.say(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
        await exchange.say(answer(b"pong"))

    async with raw_upstream(script) as upstream:
        response = await transport.send(post(upstream.url))
        assert (response.status, await response.read(10)) == (200, b"pong")


async def test_a_header_with_a_line_break_is_never_sent(transport: Transport) -> None:
    """It would be a header, or a request, of the caller's making."""
    async with raw_upstream(lambda exchange: exchange.say(answer())) as upstream:
        request = post(upstream.url, X_A="1\r\nX-B: 2")
        with pytest.raises(ValueError, match="control character"):
            await transport.send(request)


async def test_a_redirect_is_an_answer_and_is_not_followed(transport: Transport) -> None:
    """PRX-16: a 307 would send the prompt to a host that nobody configured."""

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.say(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /else\r\nContent-Length: 0\r\n\r\n")
        assert await exchange.head() == b""

    async with raw_upstream(script) as upstream:
        response = await transport.send(post(upstream.url))
        await response.read(10)
        await transport.close()

    assert (response.status, response.headers["location"], upstream.connections) == (307, "/else", 1)


async def test_encoded_bytes_arrive_encoded(transport: Transport) -> None:
    """PRX-38: bytes and Content-Encoding travel together, so nothing is decoded here."""
    packed = gzip.compress(b"hello" * 100)

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.say(answer(packed, b"Content-Encoding: gzip"))

    async with raw_upstream(script) as upstream:
        assert await (await transport.send(post(upstream.url))).read(10_000) == packed


async def test_chunks_arrive_as_the_upstream_sends_them(transport: Transport) -> None:
    """A chunk is handed on at once, not when the next one or the end comes."""
    go_on = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        await go_on.wait()
        await exchange.say(b"6\r\nsecond\r\n0\r\n\r\n")

    async with raw_upstream(script) as upstream:
        chunks = (await transport.send(post(upstream.url))).chunks()
        assert await anext(chunks) == b"first"
        go_on.set()
        assert [chunk async for chunk in chunks] == [b"second"]


async def test_a_connection_is_reused_and_says_so(transport: Transport) -> None:
    """connect_ms is the time of the connect, or None on a pooled connection."""

    async def script(exchange: Exchange) -> None:
        while await exchange.head():
            await exchange.say(answer())

    async with raw_upstream(script) as upstream:
        first = await transport.send(post(upstream.url, None))
        await first.read(10)
        second = await transport.send(post(upstream.url, None))
        await second.read(10)

    assert upstream.connections == 1
    assert first.connect_ms is not None
    assert 0 < first.connect_ms < 2000
    assert second.connect_ms is None


@pytest.mark.parametrize("size", [0, 1, 128 * 1024, 128 * 1024 + 1, 5_000_000])
async def test_a_body_of_any_size_arrives_whole(transport: Transport, size: int) -> None:
    """A large body leaves in slices, with its length announced, and no warning is raised on the way."""
    body = bytes(range(256)) * (size // 256 + 1)
    seen = []

    async def script(exchange: Exchange) -> None:
        seen.append(await exchange.request())
        await exchange.say(answer())

    async with raw_upstream(script) as upstream:
        await (await transport.send(post(upstream.url, body[:size]))).read(10)

    assert b"Transfer-Encoding" not in seen[0][0]
    assert seen[0][1] == body[:size]


async def _parts(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_a_streamed_body_is_chunked_unless_its_length_is_known(transport: Transport) -> None:
    """A length that is known goes on as Content-Length, else the body is chunked."""
    seen = []

    async def script(exchange: Exchange) -> None:
        while head := await exchange.head():
            known = b"Content-Length: 6" in head
            seen.append(
                (known, await exchange.reader.readexactly(6 if known else len(b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")))
            )
            await exchange.say(answer())

    async with raw_upstream(script) as upstream:
        await (await transport.send(post(upstream.url, _parts(b"abc", b"def")))).read(10)
        await (await transport.send(post(upstream.url, _parts(b"abc", b"def"), Content_Length="6"))).read(10)

    assert seen == [(False, b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"), (True, b"abcdef")]


async def test_a_head_before_the_end_of_the_upload_is_answered_at_once(transport: Transport) -> None:
    """An upstream may refuse a large upload early; its answer is not held back until the upload ends."""

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1000
            await asyncio.sleep(0)

    async def script(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.say(b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nfull")
        await exchange.reader.read()

    async with raw_upstream(script) as upstream:
        response = await transport.send(post(upstream.url, endless()))
        assert (response.status, await response.read(10)) == (413, b"full")
        response.close()
        await asyncio.wait_for(upstream.ended.wait(), 20)


async def test_a_streamed_body_is_held_back_by_a_slow_upstream(transport: Transport) -> None:
    """STR-5: nothing between the caller and the upstream queues without bound."""
    taken = 0

    async def source() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 64 * 1024
            yield b"x" * (64 * 1024)

    async def script(exchange: Exchange) -> None:
        await exchange.head()
        exchange.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport that reads
        await asyncio.sleep(60)

    async with raw_upstream(script) as upstream:
        sending = asyncio.ensure_future(transport.send(post(upstream.url, source())))  # noqa: TID251 - ended below
        await asyncio.sleep(0.3)
        before = taken
        await asyncio.sleep(0.2)
        assert taken == before < 16 * 2**20  # what kernel buffers on both sides take
        sending.cancel()
        await asyncio.wait({sending})


async def test_read_refuses_more_than_its_limit_before_and_while_reading(transport: Transport) -> None:
    """A non-stream answer is capped (SRV-9), announced or not; a connection with a body under way is dropped."""

    async def script(exchange: Exchange) -> None:
        await exchange.request()
        chunked = exchange.number == 2
        framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 1000"
        body = b"3E8\r\n" + b"x" * 1000 + b"\r\n" if chunked else b"x" * 999
        await exchange.say(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n" + body)
        await exchange.reader.read()

    async with raw_upstream(script) as upstream:
        for _ in range(2):
            response = await transport.send(post(upstream.url))
            with pytest.raises(BadUpstreamResponse, match="999 bytes"):
                await response.read(999)
    assert upstream.connections == 2


async def test_the_answer_to_head_has_no_body(transport: Transport) -> None:
    """A Content-Length on the answer to HEAD announces nothing that would follow."""

    async def script(exchange: Exchange) -> None:
        while await exchange.head():
            await exchange.say(b"HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n")

    async with raw_upstream(script) as upstream:
        for _ in range(2):
            response = await transport.send(UpstreamRequest("HEAD", upstream.url, post(upstream.url).headers))
            assert (response.headers["content-length"], await response.read(10)) == ("77", b"")
    assert upstream.connections == 1
