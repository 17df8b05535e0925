"""Security.md SRV-4 to SRV-6 and PRX-27, on a whole server: slow callers, many callers, invited pages."""

import asyncio

import pytest

from tests.conformance.case import CHAT
from tests.conformance.conftest import Serve
from tests.conformance.modelport import UpstreamProcess
from tests.conformance.target import Target
from tests.conformance.wire import Wire, request_bytes
from tests.fakes.scenarios import DONE, ONE, completion
from tests.fakes.script import answer, chunk, event_stream

PAGE = "https://page.example"
SLOW = 60


@pytest.mark.alone
async def test_slow_heads_are_ended_and_others_are_not(serve: Serve, upstream: UpstreamProcess) -> None:
    """SRV-4: silence and dripping end with 408; a live stream and an idle connection are left alone."""
    with serve(server={"header_timeout_s": 0.5}) as server:
        target = server.target(upstream)
        live = await target.case(event_stream().repeat(chunk(ONE), 10, 0.2).events(DONE).end())
        task = asyncio.get_running_loop().create_task(live.stream())
        async with await target.connect() as silent, await target.connect() as drip:
            drip.send_soon(b"POST /v1/chat/compl")
            assert (await silent.answer()).status == 408
            assert (await drip.answer()).status == 408
            assert await silent.closed_within(3)
        async with await target.connect() as idle:
            for _ in range(2):
                idle.send_soon(request_bytes("GET", target.path + "/models", target.headers(), b""))
                assert (await idle.answer()).status == 200
                await asyncio.sleep(1.0)
        assert (await task).whole


@pytest.mark.alone
async def test_a_body_that_stalls_is_ended(serve: Serve, upstream: UpstreamProcess) -> None:
    """SRV-5: 408, and the socket is gone soon after."""
    with serve(server={"body_timeout_s": 0.5}) as server:
        target = server.target(upstream)
        case = await target.case(answer(200, completion()))
        body = case.body()
        async with await target.connect() as wire:
            wire.send_soon(request_bytes("POST", target.path + CHAT, target.headers(body), body[:10]))
            assert (await wire.answer()).status == 408
            assert await wire.closed_within(3)
        assert await case.seen() == []


@pytest.mark.alone
async def test_connections_above_the_cap_are_refused(serve: Serve, upstream: UpstreamProcess) -> None:
    """SRV-6: 503 for one too many; room again when somebody leaves."""
    with serve(server={"max_connections": 5}) as server:
        target = server.target(upstream)
        held = [await target.connect() for _ in range(5)]
        await asyncio.sleep(0.2)
        assert await _status(target) == 503
        for wire in held:
            wire.leave("fin")
        await asyncio.sleep(0.3)
        assert await _status(target) == 200


@pytest.mark.alone
async def test_many_slow_callers_hold_no_place_for_long(serve: Serve, upstream: UpstreamProcess) -> None:
    """SRV-4 SRV-5 SRV-6: heads and bodies that drip take every place; the deadlines give all of them back."""
    with serve(server={"max_connections": SLOW, "header_timeout_s": 2, "body_timeout_s": 2}) as server:
        target = server.target(upstream)
        case = await target.case(answer(200, completion()))
        body = case.body()
        head = request_bytes("POST", target.path + CHAT, target.headers(body), b"")
        held = [await target.connect() for _ in range(SLOW)]
        drips = [asyncio.get_running_loop().create_task(_drip(wire, head, at % 2)) for at, wire in enumerate(held)]
        await asyncio.sleep(0.5)
        assert await _status(target) == 503
        closed = await asyncio.gather(*(wire.closed_within(8) for wire in held))
        for drip in drips:
            drip.cancel()
        assert all(closed)
        assert (await case.post()).status == 200
        for wire in held:
            wire.leave("rst")
        assert len(await case.seen()) == 1


async def _drip(wire: Wire, head: bytes, bodies: int) -> None:
    """Send a head byte by byte, or a head whole and its body so."""
    wire.send_soon(head if bodies else head[:40])
    while True:
        wire.send_soon(b" " if bodies else b"a")
        await asyncio.sleep(0.25)


async def test_an_invited_page_may_call(serve: Serve, upstream: UpstreamProcess) -> None:
    """PRX-27: CORS for listed origins only, preflight included."""
    with serve(server={"cors_origins": [PAGE]}) as server:
        target = server.target(upstream)
        asked = {"Origin": PAGE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x"}
        preflight = await target.call("OPTIONS", CHAT, b"", {"Host": target.authority, **asked})
        assert preflight.status in {200, 204}
        assert preflight.get("access-control-allow-origin") == PAGE
        called = await target.call("GET", "/models", b"", target.headers(b"", Origin=PAGE))
        assert called.get("access-control-allow-origin") == PAGE
        other = await target.call("GET", "/models", b"", target.headers(b"", Origin="https://other.example"))
        assert other.get("access-control-allow-origin") is None


async def test_a_mount_prefix_is_part_of_every_path(serve: Serve, upstream: UpstreamProcess) -> None:
    """Design: under `/ai/` everything is served, and nothing beside it."""
    with serve(server={"mount": "/ai/"}) as server:
        target = server.target(upstream, path="access/models/default")
        case = await target.case(answer(200, completion()))
        for path in ("", "/v1"):
            assert (await case.post(path=path + CHAT)).status == 200
        bare = server.target(upstream, path="../v1")
        async with await bare.connect() as wire:
            wire.send_soon(request_bytes("GET", "/v1/models", target.headers(), b""))
            assert (await wire.answer()).status == 404


async def _status(target: Target) -> int:
    return (await target.call("GET", "/models")).status
