"""PRX-38: an answer's bytes and its Content-Encoding travel together or not at all."""

import gzip

import pytest

from tests.conformance.conftest import Serve
from tests.conformance.expect import refused
from tests.conformance.modelport import UpstreamProcess
from tests.conformance.target import Target
from tests.fakes.scenarios import DONE, ONE, completion
from tests.fakes.script import answer, event_stream

PACKED = gzip.compress(completion(), mtime=0)
PACKED_STREAM = gzip.compress(ONE + DONE, mtime=0)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
async def test_an_encoded_answer_passes_to_a_client_that_takes_it(target: Target, coding: str) -> None:
    """PRX-38: undecoded, with its header, whatever the coding."""
    case = await target.case(answer(200, PACKED, {"Content-Encoding": coding}))
    reply = await case.post(Accept_Encoding=f"{coding}, deflate")
    assert (reply.status, reply.body) == (200, PACKED)
    assert reply.get("content-encoding") == coding


async def test_an_encoded_answer_is_refused_for_a_client_that_does_not(target: Target) -> None:
    """PRX-38: 502 `upstream_bad_response` instead of bytes that nobody can read."""
    case = await target.case(answer(200, PACKED, {"Content-Encoding": "gzip"}))
    refused(await case.post(), 502, "upstream_bad_response")


async def test_an_encoded_stream_passes_to_a_client_that_takes_it(target: Target) -> None:
    """PRX-38: the stream is not looked into."""
    case = await target.case(event_stream({"Content-Encoding": "gzip"}).events(PACKED_STREAM).end())
    reply = await case.stream(Accept_Encoding="gzip")
    assert (reply.body, reply.whole) == (PACKED_STREAM, True)
    assert reply.get("content-encoding") == "gzip"


async def test_an_encoded_error_keeps_its_bytes(target: Target) -> None:
    """PRX-13 PRX-38: a JSON error in gzip for a client that takes gzip."""
    packed = gzip.compress(b'{"error":{"message":"no"}}', mtime=0)
    case = await target.case(answer(400, packed, {"Content-Encoding": "gzip"}))
    reply = await case.post(Accept_Encoding="gzip")
    assert (reply.status, reply.body, reply.get("content-encoding")) == (400, packed, "gzip")


async def test_a_refused_coding_is_not_accepted_by_quality_zero(target: Target) -> None:
    """PRX-38: `gzip;q=0` means no."""
    case = await target.case(answer(200, PACKED, {"Content-Encoding": "gzip"}))
    refused(await case.post(Accept_Encoding="gzip;q=0, identity"), 502, "upstream_bad_response")


async def test_binary_answers_pass(target: Target) -> None:
    """PRX-10: audio is bytes."""
    audio = bytes(range(256)) * 400
    case = await target.case(answer(200, audio, {"Content-Type": "audio/mpeg"}))
    reply = await case.post(path="/audio/speech")
    assert (reply.body, reply.get("content-type")) == (audio, "audio/mpeg")


@pytest.mark.alone
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
async def test_a_bomb_in_an_answer_is_not_inflated(serve: Serve, upstream: UpstreamProcess, stream: bool) -> None:
    """PRX-38 SRV-9: 64 MiB of blanks in 65 kB: passed as they are, and looked at under a cap only."""
    bomb = gzip.compress(b" " * (64 << 20), 9)
    coded = {"Content-Encoding": "gzip"}
    script = event_stream(coded).events(bomb).end() if stream else answer(200, bomb, coded)
    with serve() as server:
        target = server.target(upstream)
        await (await target.case()).post()
        case, before = await target.case(script), server.rss_bytes()
        for _ in range(3):
            reply = await case.post(case.body(stream=stream), Accept_Encoding="gzip")
            assert (reply.status, reply.body) == (200, bomb)
        assert server.rss_bytes() - before < 32 << 20
