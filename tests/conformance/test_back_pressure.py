"""PRX-37 and STR-5: a slow reader holds the upstream back, and nobody else."""

import asyncio
import time

import pytest

from tests.conformance.case import Case
from tests.conformance.conftest import Serve
from tests.conformance.modelport import Modelport, UpstreamProcess
from tests.conformance.target import Target
from tests.fakes.scenarios import DONE, completion, event
from tests.fakes.script import answer, chunk, event_stream

MIB = 1 << 20
EVENT = event("x" * 20_000)
EVENTS = 2000  # 40 MB
LONG = event_stream().repeat(chunk(EVENT), EVENTS).events(DONE).end()
HELD_BYTES = 16 * MIB  # kernel buffers of two connections (5 MB here, more where they may grow), and the gateway's
HELD_HERE = 256 << 10  # per stream, in the gateway itself
STREAMS = 40


async def _settled(target: Target, marker: str) -> int:
    """Return how much the upstream has sent once that no longer grows."""
    sent = -1
    while True:
        await asyncio.sleep(0.3)
        now = sum(seen.sent for seen in await target.upstream.seen(marker))
        if now == sent:
            return now
        sent = now


@pytest.mark.alone
async def test_a_slow_reader_holds_the_upstream_back(target: Target) -> None:
    """PRX-37: a few MB of 40 leave the upstream; others are served; after a pause the whole text arrives."""
    slow, quick = await target.case(LONG), await target.case(answer(200, completion()))
    wire, head = await slow.open_stream(receive_buffer=64 << 10)
    async with wire:
        assert await _settled(target, slow.marker) < HELD_BYTES
        begun = time.monotonic()
        assert (await quick.post()).status == 200
        assert time.monotonic() - begun < 1.0
        body, whole = bytearray(), False
        async for piece in wire.pieces(head):
            whole = piece is None
            body += piece or b""
    assert whole
    assert bytes(body) == EVENT * EVENTS + DONE


@pytest.mark.alone
async def test_a_slow_reader_that_leaves_frees_the_upstream(target: Target) -> None:
    """PRX-37 PRX-1: leaving is noticed although the gateway cannot write."""
    case = await target.case(LONG)
    wire, _ = await case.open_stream(receive_buffer=64 << 10)
    async with wire:
        await _settled(target, case.marker)
        wire.leave("rst")
        await case.upstream_left()


@pytest.mark.alone
async def test_slow_readers_cost_little_memory(serve: Serve, upstream: UpstreamProcess) -> None:
    """PRX-37 STR-5: forty stalled streams of 40 MB hold at most 256 KiB each, compared with forty silent ones."""
    with serve() as server:
        target = server.target(upstream)
        idle = await _rss_with(server, await target.case(event_stream().events(EVENT).silence()))
        stalled = await _rss_with(server, await target.case(LONG))
    assert stalled - idle < STREAMS * HELD_HERE


@pytest.mark.alone
async def test_readers_that_left_keep_no_memory(serve: Serve, upstream: UpstreamProcess) -> None:
    """CMP-1: what a left stream held is free at once, not when cycles are collected."""
    with serve() as server:
        case = await server.target(upstream).case(LONG)
        rounds = [await _rss_with(server, case) for _ in range(4)]
    assert rounds[-1] - rounds[0] < STREAMS * HELD_HERE // 4


async def _rss_with(server: Modelport, case: Case) -> int:
    """Return the server's memory while forty callers of the case do not read."""
    wires = [(await case.open_stream(receive_buffer=64 << 10))[0] for _ in range(STREAMS)]
    await _settled(case.target, case.marker)
    rss = server.rss_bytes()
    for wire in wires:
        wire.leave("rst")
    await case.upstream_left()
    return rss


@pytest.mark.alone
async def test_the_slowest_reader_is_let_go(serve: Serve, upstream: UpstreamProcess) -> None:
    """PRX-37 PRX-41: no progress for the slow-client limit: client and upstream are closed."""
    with serve(timeouts={"slow_client_s": 1}) as server:
        case = await server.target(upstream).case(LONG)
        wire, _ = await case.open_stream(receive_buffer=64 << 10)
        async with wire:
            await case.upstream_is("over", timeout_s=6)
            assert all(seen.left for seen in await case.seen())


@pytest.mark.alone
async def test_a_slow_upstream_holds_an_upload_back(serve: Serve, upstream: UpstreamProcess) -> None:
    """PRX-36 STR-5: an upload that the upstream does not take is not gathered here."""
    with serve() as server:
        target = server.target(upstream)
        case = await target.case(answer(200, b'{"text":"hi"}').before_body(hold=True))
        small = await target.case(answer(200, completion()))
        await small.post()
        before = server.rss_bytes()
        start = _upload_head(case.model, case.marker)
        headers = target.headers(b"", Content_Type="multipart/form-data; boundary=b", Content_Length=str(64 * MIB))
        async with await target.connect() as wire:
            request = "\r\n".join(
                [f"POST {target.path}/audio/transcriptions HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
            )
            wire.send_soon(request.encode() + b"\r\n\r\n" + start + bytes(48 * MIB))
            await case.upstream_is("arrived")
            await asyncio.sleep(1.0)
            grown = server.rss_bytes() - before
            wire.leave("rst")
    assert grown < 16 * MIB


def _upload_head(model: str, marker: str) -> bytes:
    return (
        f'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n{model}\r\n'
        f'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n{marker}\r\n'
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    ).encode()
