"""PRX-40: a server that is told to stop finishes what runs, takes nothing new, and tells those who must go."""

import asyncio
import time

import pytest

from tests.conformance.conftest import Serve
from tests.conformance.events import broken_off
from tests.conformance.modelport import Modelport, UpstreamProcess
from tests.conformance.target import Target
from tests.conformance.wire import request_bytes
from tests.fakes.scenarios import DONE, ONE, STOP
from tests.fakes.script import event_stream


async def _refuses(target: Target) -> bool:
    """Whether a new connection is refused, or answered as not ready."""
    try:
        wire = await target.connect()
    except OSError:
        return True
    async with wire:
        wire.send_soon(request_bytes("GET", "/-/ready", target.headers(), b""))
        try:
            return (await wire.answer()).status == 503
        except ConnectionError:
            return True


async def _stopping(target: Target) -> None:
    async with asyncio.timeout(2):
        while not await _refuses(target):  # noqa: ASYNC110  # another process has no event to wait for
            await asyncio.sleep(0.02)


async def _ended(server: Modelport) -> int:
    return await asyncio.to_thread(server.process.wait, 15)


@pytest.mark.alone
async def test_a_running_stream_is_finished(serve: Serve, upstream: UpstreamProcess) -> None:
    """PRX-40: after SIGTERM nothing new is taken, the stream ends whole, and the process ends by itself."""
    with serve(timeouts={"drain_s": 10}) as server:
        target = server.target(upstream)
        case = await target.case(event_stream().events(ONE).gate().events(STOP, DONE).end())
        wire, head = await case.open_stream()
        async with wire:
            server.terminate()
            await _stopping(target)
            await case.open_gate()
            body, whole = bytearray(), False
            async for piece in wire.pieces(head):
                whole = piece is None
                body += piece or b""
        assert (bytes(body), whole) == (ONE + STOP + DONE, True)
        assert await _ended(server) == 0


@pytest.mark.alone
async def test_a_stream_that_does_not_end_in_time_is_told(serve: Serve, upstream: UpstreamProcess) -> None:
    """PRX-40: when the drain is over: error event `shutting_down`, then a cut; the upstream is closed."""
    with serve(timeouts={"drain_s": 1}) as server:
        case = await server.target(upstream).case(event_stream().events(ONE).silence())
        task = asyncio.get_running_loop().create_task(case.stream())
        await case.upstream_is("sent")
        await asyncio.sleep(0.2)
        begun = time.monotonic()
        server.terminate()
        reply = await task
        assert 0.5 < time.monotonic() - begun < 5
        assert not reply.whole
        assert broken_off(reply.body, ONE)["code"] == "shutting_down"
        await case.upstream_left()
        assert await _ended(server) == 0


@pytest.mark.alone
async def test_an_idle_server_stops_at_once(serve: Serve, upstream: UpstreamProcess) -> None:
    """PRX-40: idle keep-alive connections hold nothing up."""
    with serve() as server:
        target = server.target(upstream)
        case = await target.case()
        body = case.body()
        async with await target.connect() as wire:
            request = request_bytes("POST", f"{target.path}/chat/completions", target.headers(body), body)
            wire.send_soon(request)
            assert (await wire.answer()).status == 200
            begun = time.monotonic()
            server.terminate()
            assert await _ended(server) == 0
        assert time.monotonic() - begun < 3
