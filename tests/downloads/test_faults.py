"""Servers that do what servers do: each fault of catalogue.md section 11, and the file is right or it is not there."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from gateway.downloads.errors import DownloadError
from gateway.errors import GatewayError
from tests.downloads.conftest import QUICK, Bench
from tests.downloads.server import Answer, Asked, FileServer, Reply, serving

PART = QUICK.part
HIDDEN = {".f.gguf.part", ".f.gguf.part.json"}


def every(number: int, what: Answer) -> Answer:
    """Return an answer that is faulty each so many requests."""
    return lambda asked, honest: what(asked, honest) if asked.number % number == 0 else honest


def first(number: int, what: Answer) -> Answer:
    """Return an answer that is faulty so often, and honest then."""
    return lambda asked, honest: what(asked, honest) if asked.number <= number else honest


async def refused(bench: Bench, server: FileServer, **more: object) -> GatewayError:
    """Return the error of a download that must not come to an end."""
    with pytest.raises(GatewayError) as caught:
        await bench.download(server, **more).run()  # type: ignore[arg-type]  # parts of an artefact
    assert "f.gguf" not in bench.names
    return caught.value


async def test_a_file_comes_in_parts_and_has_its_name_at_the_end(bench: Bench, server: FileServer) -> None:
    """Four at once, nothing twice, and nothing else is left in the folder."""
    done = await bench.download(server).run()
    assert bench.target.read_bytes() == server.content
    assert (done.state, done.verified, done.size, done.fetched) == ("written", True, len(server.content), server.sent)
    assert len(server.asked) == 16
    assert server.peak <= 4
    assert bench.names == {"f.gguf"}
    assert bench.target.stat().st_mode & 0o777 == 0o644
    assert {one.phase for one in bench.told} == {"fetch", "verify", "done"}
    last = bench.told[-1]
    assert (last.phase, last.bytes, last.total) == ("done", len(server.content), len(server.content))


async def test_a_command_writes_without_a_thread(bench: Bench, server: FileServer) -> None:
    """The same file by the shorter way, cuts included."""
    server.answer = every(2, lambda _, honest: replace(honest, cut=len(honest.body) // 2))
    done = await bench.download(server, rules=structs.replace(QUICK, alone=True)).run()
    assert bench.target.read_bytes() == server.content
    assert done.fetched == len(server.content)


async def test_connections_that_are_cut_go_on_where_they_were(bench: Bench, server: FileServer) -> None:
    """Every second answer breaks off in its middle; what came is not fetched again."""
    server.answer = every(2, lambda _, honest: replace(honest, cut=len(honest.body) // 2))
    await bench.download(server).run()
    assert bench.target.read_bytes() == server.content
    assert server.sent <= len(server.content) + 3 * PART


async def test_a_stall_is_given_up_and_asked_again(bench: Bench, server: FileServer) -> None:
    """Silence in the middle of a body ends it."""
    server.answer = first(2, lambda _, honest: replace(honest, stall=PART // 2))
    began = time.monotonic()
    await bench.download(server).run()
    assert bench.target.read_bytes() == server.content
    assert time.monotonic() - began >= QUICK.stall_s


async def test_a_drip_is_given_up(bench: Bench, server: FileServer) -> None:
    """Bytes that come one by one are no silence, and would take for ever: the whole answer has a limit, too."""
    server.answer = first(1, lambda _, honest: replace(honest, drip_s=0.01))
    rules = structs.replace(QUICK, stall_s=0.2, least_rate=200_000)
    await bench.download(server, rules=rules).run()
    assert bench.target.read_bytes() == server.content


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_every_third_answer_is_not_now(bench: Bench, server: FileServer, status: int) -> None:
    """It is asked again."""
    server.answer = every(3, lambda *_: Reply(status, b"later"))
    await bench.download(server).run()
    assert bench.target.read_bytes() == server.content


async def test_retry_after_is_obeyed(bench: Bench, server: FileServer) -> None:
    """Nobody asks a server before the time it named; the others wait as well."""
    times: list[float] = []

    def answer(asked: Asked, honest: Reply) -> Reply:
        times.append(time.monotonic())
        return Reply(429, b"", {"Retry-After": "1"}) if asked.number == 1 else honest

    server.answer = answer
    await bench.download(server).run()
    assert bench.target.read_bytes() == server.content
    assert times[1] - times[0] >= 1


async def test_a_wait_that_is_too_long_is_told(bench: Bench, server: FileServer) -> None:
    """An hour is not waited for; what is here stays."""
    server.answer = lambda asked, honest: honest if asked.number <= 5 else Reply(503, b"", {"Retry-After": "3600"})
    error = await refused(bench, server)
    assert (error.code, error.status) == ("download_wait_too_long", 503)
    assert "3600 s" in error.message
    assert bench.names == HIDDEN


async def test_a_server_that_gives_up_is_given_up_and_what_came_is_kept(bench: Bench, server: FileServer) -> None:
    """Ten failures of one part in a row; the next run fetches only what is missing."""
    server.answer = lambda asked, honest: honest if asked.number <= 6 else Reply(500, b"")
    error = await refused(bench, server)
    assert error.code == "download_gave_up"
    assert "it answers 500" in error.message
    before, server.answer = server.sent, lambda _, honest: honest
    await bench.download(server).run()
    assert bench.target.read_bytes() == server.content
    assert server.sent - before <= len(server.content) - 5 * PART


async def test_a_server_without_ranges_gives_one_stream(bench: Bench, server: FileServer) -> None:
    """200 to a ranged request: the whole body is taken, once."""
    server.answer = lambda asked, _: server.honest(replace(asked, start=None))
    done = await bench.download(server).run()
    assert bench.target.read_bytes() == server.content
    assert done.fetched == len(server.content)
    assert len(server.asked) == 1


async def test_a_stream_that_is_cut_begins_again_and_passes_over_what_is_here(bench: Bench, server: FileServer) -> None:
    """Without ranges there is no other way; parts that are here are not written again."""

    def answer(asked: Asked, _: Reply) -> Reply:
        whole = server.honest(replace(asked, start=None))
        return replace(whole, cut=5 * PART + 7) if asked.number == 1 else whole

    server.answer = answer
    done = await bench.download(server).run()
    assert bench.target.read_bytes() == server.content
    assert (len(server.asked), done.fetched) == (2, len(server.content) + 7)


async def test_a_server_that_stops_giving_ranges_is_read_as_a_stream(bench: Bench, server: FileServer) -> None:
    """Halfway through it answers 200: what is here stays."""
    server.answer = lambda asked, honest: honest if asked.number <= 6 else server.honest(replace(asked, start=None))
    done = await bench.download(server).run()
    assert bench.target.read_bytes() == server.content
    assert done.fetched <= len(server.content) + 4 * PART


@pytest.mark.parametrize("heeds_if_range", [True, False], ids=["200", "206 all the same"])
async def test_a_file_that_changes_is_begun_anew(bench: Bench, server: FileServer, *, heeds_if_range: bool) -> None:
    """By If-Range, and by comparing each ETag: aiohttp's own file server answers 206 of the changed file."""
    other = bytes(reversed(server.content))
    wanted = FileServer(other).sha256

    def answer(asked: Asked, _: Reply) -> Reply:
        if asked.number == 6:
            server.content, server.etag = other, '"two"'
        if asked.number < 6 or heeds_if_range:
            return server.honest(asked)
        return server.honest(replace(asked, headers={}))

    server.answer = answer
    await bench.download(server, sha256=wanted).run()
    assert bench.target.read_bytes() == other


async def test_a_file_that_never_settles_is_refused(bench: Bench, server: FileServer) -> None:
    """After two new beginnings; nothing is left, for nothing of it is of use."""
    server.answer = lambda asked, honest: honest.having(ETag=f'"{asked.number}"')
    error = await refused(bench, server)
    assert error.code == "download_keeps_changing"
    assert bench.names == set()


async def test_a_flipped_byte_without_a_list_of_chunks_is_refused(bench: Bench, server: FileServer) -> None:
    """Nobody can tell where it is: the file is thrown away."""

    def answer(asked: Asked, honest: Reply) -> Reply:
        flipped = bytes([honest.body[0] ^ 1]) + honest.body[1:]
        return replace(honest, body=flipped) if asked.start == 3 * PART else honest

    server.answer = answer
    error = await refused(bench, server)
    assert error.code == "download_digest_differs"
    assert server.sha256 in error.message
    assert bench.names == set()


async def test_a_flipped_byte_costs_one_part_where_chunks_are_known(bench: Bench, server: FileServer) -> None:
    """The list of chunks says which part: that one is fetched again, nothing else."""
    flipped = 0

    def answer(asked: Asked, honest: Reply) -> Reply:
        nonlocal flipped
        if asked.start != 3 * PART or flipped:
            return honest
        flipped += 1
        return replace(honest, body=bytes([honest.body[0] ^ 1]) + honest.body[1:])

    server.answer = answer
    known: dict[str, Any] = {"size": len(server.content), "chunk": PART // 2, "chunks": server.chunks(PART // 2)}
    done = await bench.download(server, **known).run()
    assert bench.target.read_bytes() == server.content
    assert done.fetched == len(server.content) + PART


async def test_a_part_that_is_always_wrong_is_refused_with_its_place(bench: Bench, server: FileServer) -> None:
    """Three times."""
    right = server.chunks(PART)
    server.answer = lambda asked, honest: (
        replace(honest, body=b"\0" * len(honest.body)) if asked.start == 3 * PART else honest
    )
    error = await refused(bench, server, size=len(server.content), chunk=PART, chunks=right)
    assert error.code == "download_chunk_differs"
    assert f"bytes {3 * PART}-{4 * PART - 1} arrived 3 times" in error.message


LIES: dict[str, Answer] = {
    "less than Content-Length": lambda _, honest: replace(honest, cut=len(honest.body) - 1),
    "another range": lambda _, honest: honest.having(Content_Range="bytes 5-9/1000003"),
    "no range": lambda _, honest: honest.having(Content_Range=""),
    "a range beyond the file": lambda asked, honest: honest.having(
        Content_Range=f"bytes {asked.start}-{(asked.stop or 1) - 1}/1"
    ),
    "more than the range": lambda _, honest: replace(honest, body=honest.body + b"more"),
    "several ranges": lambda _, honest: honest.having(Content_Type="multipart/byteranges; boundary=x"),
    "compressed": lambda _, honest: honest.having(Content_Encoding="gzip"),
    "nothing at all": lambda _, honest: replace(honest, body=b""),
    "no HTTP": lambda *_: Reply(99999),
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_lie_about_length_or_range_is_not_believed(bench: Bench, server: FileServer, lie: str) -> None:
    """Now and then: the file is right in the end. Always: it is refused, and not there."""
    server.answer = every(3, LIES[lie])
    await bench.download(server).run()
    assert bench.target.read_bytes() == server.content
    bench.target.unlink()
    server.answer = LIES[lie]
    if lie != "less than Content-Length":  # that one brings all but a byte each time
        error = await refused(bench, server)
        assert error.code == "download_gave_up"


async def test_a_length_that_is_not_the_promised_one_is_refused(bench: Bench, server: FileServer) -> None:
    """The catalogue's size is signed, the server's is not: 0 % of the file is fetched."""
    error = await refused(bench, server, size=len(server.content) + 1)
    assert error.code == "download_length_differs"
    assert (len(server.asked), bench.names) == (1, set())


async def test_a_length_that_nobody_tells_must_be_named(bench: Bench, server: FileServer) -> None:
    """A chunked answer has none; with `size` it is read all the same."""

    def answer(*_: object) -> Reply:
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(server.content), server.content)
        return Reply(200, body, {"Transfer-Encoding": "chunked", "Content-Length": ""})

    server.answer = answer
    error = await refused(bench, server)
    assert error.code == "download_length_unknown"
    await bench.download(server, size=len(server.content)).run()
    assert bench.target.read_bytes() == server.content


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_refusal_is_told_at_once(bench: Bench, server: FileServer, status: int) -> None:
    """Asking again would not help."""
    server.answer = lambda *_: Reply(status, b"no")
    error = await refused(bench, server)
    assert (error.code, len(server.asked), bench.names) == ("download_refused", 1, set())
    assert str(status) in error.message


@pytest.mark.parametrize("size", [0, 1, PART, PART + 1])
@pytest.mark.parametrize("known", [True, False])
async def test_small_files(bench: Bench, size: int, *, known: bool) -> None:
    """Nothing, one byte, one part, one part and a byte; with and without a length that was promised."""
    async with serving(size) as server:
        done = await bench.download(server, size=size if known else None).run()
        assert (done.size, bench.target.read_bytes()) == (size, server.content)
        assert len(server.asked) == (0 if known and not size else max(1, -(-size // PART)))


async def test_nobody_there_is_told(bench: Bench, server: FileServer) -> None:
    """After as many tries as for any other failure."""
    gone = FileServer(server.content)
    gone.origin = "http://127.0.0.1:9"
    error = await refused(bench, gone)
    assert error.code == "download_gave_up"
    assert "127.0.0.1:9 was asked 10 times" in error.message
    assert bench.names == set()


async def test_the_loop_goes_on_while_files_are_hashed_and_written(bench: Bench) -> None:
    """Nothing of it blocks: calls to models run in the same loop."""
    async with serving(24 * 1024 * 1024) as server:
        worst = 0.0

        async def watch() -> None:
            nonlocal worst
            while True:
                before = time.monotonic()
                await asyncio.sleep(0.001)
                worst = max(worst, time.monotonic() - before)

        task = asyncio.get_running_loop().create_task(watch())
        await bench.download(server, rules=structs.replace(QUICK, part=8 * 1024 * 1024)).run()
        task.cancel()
    assert worst < 2  # generous: a machine under load; a blocked loop would stand for the whole download's time


def test_the_product_is_patient() -> None:
    """What the specification says: parts of 8 MiB, four at once, ten tries."""
    from gateway.downloads.engine import PATIENT

    assert (PATIENT.part, PATIENT.parallel, PATIENT.attempts) == (8 * 1024 * 1024, 4, 10)
    assert DownloadError("hash_missing").hint
