"""PRX-35, PRX-36, PRX-39: large bodies pass, larger ones are named, compressed ones are not inflated."""

import asyncio
import gzip
import hashlib
import time

import pytest

from tests.conformance.case import CHAT, Case
from tests.conformance.conftest import Serve
from tests.conformance.expect import refused
from tests.conformance.modelport import UpstreamProcess
from tests.conformance.target import Target
from tests.conformance.wire import Answer, request_bytes
from tests.fakes.scenarios import completion
from tests.fakes.script import answer

MIB = 1 << 20
LIMIT = 32 * MIB
UPLOAD_BYTES = 100 * MIB
PIECE = bytes(range(256)) * 256
FILE_HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a \xc3\xa9.wav"\r\nX-Odd: 1\r\n\r\n'


@pytest.mark.alone
async def test_a_body_of_30_mb_passes_and_others_do_not_wait(target: Target) -> None:
    """PRX-35 CMP-28: accepted whole; other requests take less than a second meanwhile."""
    large, small = await target.case(answer(200, completion())), await target.case(answer(200, completion()))
    body = large.body(padding="x" * 30_000_000)
    upload = asyncio.get_running_loop().create_task(large.post(body))
    slowest = 0.0
    while not upload.done():
        begun = time.monotonic()
        assert (await small.post()).status == 200
        slowest = max(slowest, time.monotonic() - begun)
        await asyncio.sleep(0.05)
    assert (await upload).status == 200
    seen = await large.only()
    assert seen.length >= 30_000_000
    assert slowest < 1.0


@pytest.mark.parametrize("announced", [True, False], ids=["content-length", "chunked"])
async def test_a_body_over_the_limit_is_refused_and_names_it(target: Target, announced: bool) -> None:
    """PRX-35 SRV-7: 413 before the body is in, with the limit in the message; the connection closes."""
    case = await target.case()
    framing = {"Content_Length": str(LIMIT + 100)} if announced else {"Transfer_Encoding": "chunked"}
    headers = target.headers(b"", Content_Type="application/json", **framing)
    async with await target.connect() as wire:
        wire.send_soon(request_bytes("POST", target.path + CHAT, headers, b""))
        if not announced:
            for _ in range(LIMIT // MIB + 1):
                wire.send_soon(b"100000\r\n" + b" " * MIB + b"\r\n")
        error = refused(await wire.answer(), 413, "request_too_large")
        assert "32" in error["message"] or str(LIMIT) in error["message"]
        assert await wire.closed_within(5)
    assert await case.seen() == []


def _parts(case: Case, order: list[str], file: bytes) -> tuple[bytes, bytes]:
    """Return what stands before and after the file's bytes."""
    fields = {"model": case.model, "prompt": case.marker, "language": "en"}
    before, after, seen_file = b"", b"", False
    for name in order:
        if name == "file":
            part = (
                b'--b\r\nContent-Disposition: form-data; name="file"; filename="a \xc3\xa9.wav"\r\nX-Odd: 1\r\n\r\n'
                + file
            )
            seen_file, before = True, before + part
        else:
            part = f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{fields[name]}\r\n'.encode()
            before, after = (before, after + part) if seen_file else (before + part, after)
    return before, (b"\r\n" if seen_file else b"") + after + b"--b--\r\n"


ORDERS = {
    "model first": ["model", "prompt", "file", "language"],
    "model last": ["prompt", "file", "language", "model"],
    "model in the middle": ["language", "prompt", "model", "file"],
}
FORM = "multipart/form-data; boundary=b"


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
async def test_a_multipart_upload_keeps_its_parts_and_their_order(target: Target, order: list[str]) -> None:
    """PRX-36 CMP-30: bytes, part headers and order arrive; only the model's value may differ."""
    case = await target.case(answer(200, b'{"text":"hi"}'))
    before, after = _parts(case, order, b"\r\n--notb\r\n" + PIECE)
    body = before + after
    reply = await case.post(body, path="/audio/transcriptions", Content_Type=FORM)
    assert reply.status == 200
    seen = await case.only()
    assert seen.start == body
    assert "boundary=b" in (seen.get("content-type") or "")


async def test_the_model_part_is_spliced(target: Target) -> None:
    """PRX-36: where the endpoint's name differs, that part's value changes and nothing else."""
    case = await target.case(answer(200, b'{"text":"hi"}'), upstream_model="whisper-large")
    before, after = _parts(case, ORDERS["model last"], PIECE)
    assert (await case.post(before + after, path="/audio/transcriptions", Content_Type=FORM)).status == 200
    expected = (before + after).replace(case.model.encode() + b"\r\n", b"whisper-large\r\n")
    assert (await case.only()).start == expected


@pytest.mark.alone
async def test_an_upload_of_100_mb_streams(target: Target) -> None:
    """PRX-36: whole and byte for byte."""
    case = await target.case(answer(200, b'{"text":"hi"}'))
    reply, digest, length = await upload(case, UPLOAD_BYTES)
    assert reply.status == 200
    seen = await case.only()
    assert (seen.length, seen.sha256) == (length, digest)


@pytest.mark.alone
@pytest.mark.parametrize("order", ["model first", "model last"])
async def test_an_upload_is_not_held_in_memory(serve: Serve, upstream: UpstreamProcess, order: str) -> None:
    """PRX-36: streamed where the model comes first, spooled on disk where it comes last."""
    with serve() as server:
        target = server.target(upstream)
        case = await target.case(answer(200, b'{"text":"hi"}'))
        await upload(case, MIB, order)
        before = server.rss_bytes()
        reply, digest, length = await upload(case, UPLOAD_BYTES, order)
        assert reply.status == 200
        assert server.rss_bytes() - before < 24 * MIB
    seen = (await case.seen())[-1]
    assert (seen.length, seen.sha256) == (length, digest)


async def upload(case: Case, size: int, order: str = "model first") -> tuple[Answer, str, int]:
    """Upload a file of `size` bytes; return the answer, and digest and length of the body."""
    before, after = _parts(case, ORDERS[order], b"")
    length = len(before) + size + len(after)
    digest = hashlib.sha256(before)
    headers = case.target.headers(b"", Content_Type=FORM, Content_Length=str(length))
    async with await case.target.connect() as wire:
        await wire.send(request_bytes("POST", case.target.path + "/audio/transcriptions", headers, before))
        for _ in range(size // len(PIECE)):
            digest.update(PIECE)
            await wire.send(PIECE)
        digest.update(after)
        await wire.send(after)
        return await wire.answer(), digest.hexdigest(), length


async def test_a_multipart_body_without_model_is_refused(target: Target) -> None:
    """PRX-36 PRX-34: 400 that names the field."""
    case = await target.case()
    before, after = _parts(case, ["prompt", "file"], b"abc")
    reply = await case.post(before + after, path="/audio/transcriptions", Content_Type=FORM)
    assert refused(reply, 400, "missing_field")["param"] == "model"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
async def test_a_compressed_body_is_refused(target: Target, coding: str) -> None:
    """PRX-39: 415 by default, whatever the coding; a bomb costs nothing."""
    case = await target.case()
    bomb = gzip.compress(b" " * (64 * MIB), 9)
    reply = await case.post(bomb, Content_Encoding=coding)
    refused(reply, 415, "unsupported_content_encoding")
    assert await case.seen() == []


async def test_identity_is_no_coding(target: Target) -> None:
    """PRX-39: `Content-Encoding: identity` changes nothing."""
    case = await target.case()
    assert (await case.post(Content_Encoding="identity")).status == 200
