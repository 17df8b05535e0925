"""PRX-1 to PRX-3 and the cancellation matrix (section 4): when the caller is gone, so is the upstream call."""

import asyncio
from collections.abc import Callable

import pytest

from tests.conformance.case import LEAVE_S, Case
from tests.conformance.target import Target
from tests.conformance.wire import Leaving, request_bytes
from tests.fakes.blackhole import blackhole, connects_under_way
from tests.fakes.scenarios import ONE, SCENARIOS
from tests.fakes.script import JSON_TYPE, Script, event_stream, head

LEAVINGS: list[Leaving] = ["fin", "rst"]
BOTH = pytest.mark.parametrize("how", LEAVINGS)
FLOWING = SCENARIOS["stream-endless"]
SILENT = event_stream().events(ONE).silence()
ABORTED = 60


async def _leave_in_stream(case: Case, how: Leaving) -> None:
    wire, head_ = await case.open_stream()
    async with wire:
        assert await wire.take(head_, 1)
        wire.leave(how)


@BOTH
async def test_leaving_a_flowing_stream_closes_the_upstream(target: Target, how: Leaving) -> None:
    """PRX-1: a client that leaves while events flow takes the upstream call with it."""
    case = await target.case(FLOWING)
    await _leave_in_stream(case, how)
    await case.upstream_left()


@BOTH
async def test_leaving_a_silent_stream_closes_the_upstream(target: Target, how: Leaving) -> None:
    """PRX-1: so it is while the upstream says nothing, where a failing write would come too late."""
    case = await target.case(SILENT)
    await _leave_in_stream(case, how)
    await case.upstream_left()


@pytest.mark.alone
async def test_sixty_aborted_streams_leave_no_upstream_request(target: Target) -> None:
    """PRX-1: sixty streams dropped at once, half of them by a reset, leave nothing behind."""
    case = await target.case(SILENT)
    await asyncio.gather(*(_leave_in_stream(case, LEAVINGS[i % 2]) for i in range(ABORTED)))
    await case.upstream_left()
    assert len(await case.seen()) == ABORTED


@BOTH
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
async def test_leaving_before_the_head_closes_the_upstream(target: Target, how: Leaving, stream: bool) -> None:
    """PRX-2 PRX-3: a client that leaves while the upstream thinks takes the upstream call with it."""
    case = await target.case(Script().silence())
    async with await case.open(case.body(stream=stream)) as wire:
        await case.upstream_is("body")
        wire.leave(how)
        await case.upstream_left()


@BOTH
async def test_leaving_a_half_received_plain_body_closes_the_upstream(target: Target, how: Leaving) -> None:
    """PRX-3: so it is in the middle of a plain answer."""
    half = head(200, {**JSON_TYPE, "Content-Length": "200000"}) + b'{"a":"' + b"x" * 1000
    case = await target.case(Script().raw(half).silence())
    async with await case.open() as wire:
        await case.upstream_is("sent")
        await asyncio.sleep(0.2)  # the half lies in the gateway now, or has passed it
        wire.leave(how)
        await case.upstream_left()


@BOTH
async def test_leaving_during_the_upload_sends_nothing_whole(target: Target, how: Leaving) -> None:
    """PRX-1 section 4: a client that leaves while it uploads: no whole request reaches the upstream."""
    case = await target.case(Script().silence())
    body = case.body(padding="x" * 50_000)
    async with await target.connect() as wire:
        request = request_bytes("POST", target.path + "/chat/completions", target.headers(body), body)
        wire.send_soon(request[:-10_000])
        await asyncio.sleep(0.2)
        wire.leave(how)
    await case.upstream_left()
    assert not any(seen.whole for seen in await case.seen())


@BOTH
async def test_leaving_during_a_multipart_upload_closes_the_upstream(target: Target, how: Leaving) -> None:
    """PRX-1 section 4: an upload that already flows to the upstream is closed there."""
    case = await target.case(Script().silence())
    start, _, content_type = multipart(case, b"")
    async with await target.connect() as wire:
        headers = target.headers(Content_Type=content_type, Content_Length="900000")
        wire.send_soon(request_bytes("POST", target.path + "/audio/transcriptions", headers, start + b"x" * 400_000))
        await asyncio.sleep(0.3)
        wire.leave(how)
    await case.upstream_left()
    assert not any(seen.whole for seen in await case.seen())


@BOTH
async def test_leaving_during_the_connect_ends_the_attempt(target: Target, how: Leaving) -> None:
    """PRX-2 section 4: a connect that hangs is given up with its caller, and no other attempt starts."""
    with blackhole() as port:
        case = await target.case(base_urls=(f"http://127.0.0.1:{port}/v1",))
        before = connects_under_way(port)
        async with await case.open() as wire:
            await _until(lambda: bool(connects_under_way(port) - before), 5)
            wire.leave(how)
            await _until(lambda: not connects_under_way(port) - before, LEAVE_S)


async def _until(true: Callable[[], bool], timeout_s: float) -> None:
    async with asyncio.timeout(timeout_s):
        while not true():  # noqa: ASYNC110  # the kernel's table of connections has no event
            await asyncio.sleep(0.01)


def multipart(case: Case, file: bytes) -> tuple[bytes, bytes, str]:
    """Return start and end of a multipart body around a file, and its content type."""
    fields = [("model", case.model), ("prompt", case.marker)]
    parts = "".join(f'--b\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields)
    parts += '--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n'
    return parts.encode() + file, b"\r\n--b--\r\n", "multipart/form-data; boundary=b"
