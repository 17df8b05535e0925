"""What is left when a download ends early, and what the next one makes of it: nothing lost, nothing half-visible."""

import asyncio
import json
import os
import random
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.downloads.engine import Download
from gateway.downloads.errors import DownloadError
from gateway.downloads.hashing import WholeHash
from gateway.downloads.part_file import PartFile
from gateway.downloads.part_state import read_state, write_state
from gateway.downloads.progress import Progress
from tests.downloads.conftest import QUICK, Bench, reached
from tests.downloads.server import Asked, FileServer, Reply, serving

PART = QUICK.part
HIDDEN = {".f.gguf.part", ".f.gguf.part.json"}


async def halfway(bench: Bench, server: FileServer, download: Download, *, after: int = 8) -> None:
    """Run a download and cancel it once the server was asked so often."""
    task = asyncio.get_running_loop().create_task(download.run())
    await reached(lambda: len(server.asked) >= after)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "f.gguf" not in bench.names


def read_done(bench: Bench) -> set[int]:
    """Return which parts are noted as done."""
    state = read_state(bench.folder / ".f.gguf.part.json")
    return set() if state is None else state.parts.done


async def test_a_cancelled_download_goes_on_where_it_was(bench: Bench, server: FileServer) -> None:
    """A pause keeps every byte that had arrived; the file is hidden all the time."""
    await halfway(bench, server, bench.download(server))
    assert bench.names == HIDDEN
    before = server.sent
    done = await bench.download(server).run()
    assert bench.target.read_bytes() == server.content
    assert before + done.fetched <= len(server.content) + 4 * PART
    assert bench.names == {"f.gguf"}


async def test_a_cancelled_stream_goes_on_too(bench: Bench, server: FileServer) -> None:
    """A server without ranges stalls; the parts that came are passed over in the next run."""

    def answer(asked: Asked, _: Reply) -> Reply:
        whole = server.honest(replace(asked, start=None))
        return replace(whole, stall=10 * PART) if asked.number == 1 else whole

    server.answer = answer
    download = bench.download(server)
    task = asyncio.get_running_loop().create_task(download.run())
    await reached(lambda: len(read_done(bench)) >= 8)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    done = await bench.download(server).run()
    assert bench.target.read_bytes() == server.content
    assert done.fetched < len(server.content)


async def ended_in(phase: str, download: Download) -> None:
    """Run a download and cancel it as soon as it says that this phase has begun."""
    task = asyncio.get_running_loop().create_task(download.run())

    def told(progress: Progress) -> None:
        if progress.phase == phase:
            task.cancel()

    download._meter._notify = told
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_verifying_can_be_cancelled_and_fetches_nothing_anew(
    bench: Bench, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The phase at the end, too: "stuck at 99 %" was one that could not be."""

    async def not_yet(*_: object) -> None:
        """Leave everything to the end."""

    with monkeypatch.context() as late:
        late.setattr(WholeHash, "follow", not_yet)
        await ended_in("verify", bench.download(server))
    assert bench.names == HIDDEN
    before = server.sent
    done = await bench.download(server).run()
    assert (done.fetched, server.sent) == (0, before)
    assert bench.target.read_bytes() == server.content


async def test_cancelled_at_its_very_end_it_is_there_or_not(bench: Bench, server: FileServer) -> None:
    """While it is given its name: nothing is left beside it."""
    download = bench.download(server)
    await ended_in("verify", download)
    assert bench.names in ({"f.gguf"}, HIDDEN)
    await download.run()
    assert bench.names == {"f.gguf"}


async def test_discard_takes_everything_away(bench: Bench, server: FileServer) -> None:
    """A download that nobody wants any more leaves nothing."""
    download = bench.download(server)
    await halfway(bench, server, download)
    await download.discard()
    assert bench.names == set()


KILLED = """
import asyncio, sys
from pathlib import Path
from gateway.downloads.artefact import Artefact
from gateway.downloads.engine import Download
from gateway.downloads.opening import HttpOpener
from gateway.downloads.sources import Rules
from gateway.upstream.egress import Egress, EgressPolicy
from gateway.upstream.session_transport import SessionTransport

async def main(url, sha256, target):
    policy = EgressPolicy()
    opener = HttpOpener(SessionTransport(Egress(policy).session), policy, follows=True)
    print("up", flush=True)
    await Download(Artefact(url=url, sha256=sha256), Path(target), opener, rules=Rules(part=65536)).run()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("seed", range(3))
async def test_killed_at_any_moment_nothing_is_lost(bench: Bench, seed: int) -> None:
    """`kill -9` after a number of requests that chance names, again and again: no part that was done is asked again.

    The server counts: what is fetched twice is at most the four parts that were under way at each kill.
    """
    chance = random.Random(seed)
    async with serving(4_000_000) as server:
        kills = 0
        for _ in range(3):
            asked = len(server.asked) + chance.randrange(1, 18)
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                KILLED,
                server.url,
                server.sha256,
                str(bench.target),
                stdout=asyncio.subprocess.PIPE,
                cwd=Path(__file__).parents[2],
            )
            await reached(
                lambda until=asked, it=process: len(server.asked) >= until or it.returncode is not None,  # type: ignore[misc]  # bound at once
                every_s=chance.random() / 200,
            )
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
                kills += 1
            await process.communicate()
            assert bench.target.exists() is (process.returncode == 0)
        await bench.download(server).run()
        assert bench.target.read_bytes() == server.content
        assert server.sent <= len(server.content) + (kills * 4 + 1) * PART
        starts = [one.start for one in server.asked if one.start is not None and one.start % PART == 0]
        assert len(starts) - len(set(starts)) <= 4 * kills
    assert bench.names == {"f.gguf"}


async def test_a_torn_or_foreign_state_is_no_state(bench: Bench, server: FileServer) -> None:
    """Whatever lies there, the file is right in the end."""
    await halfway(bench, server, bench.download(server))
    state = bench.folder / ".f.gguf.part.json"
    good = json.loads(state.read_text())
    (bench.folder / ".f.gguf.part.json.new").write_text("{half")
    for text in (
        "",
        "{",
        "[]",
        json.dumps({**good, "version": 2}),
        json.dumps({**good, "done": "fffffffffffff"}),
        json.dumps({**good, "done": "xyz"}),
        json.dumps({**good, "written": {"999": 1}}),
        json.dumps({**good, "size": -1}),
        json.dumps({**good, "validators": {"x": 7}}),
    ):
        write_state(state, text)
        assert read_state(state) is None, text
    await bench.download(server).run()
    assert bench.target.read_bytes() == server.content
    assert bench.names == {"f.gguf"}


async def test_what_the_disk_lost_is_fetched_again(bench: Bench, server: FileServer) -> None:
    """After a power failure the state may say more than the disk has: with chunks one part, without them everything."""
    cases: tuple[tuple[dict[str, Any], int], ...] = (
        ({"size": len(server.content), "chunk": PART, "chunks": server.chunks(PART)}, 12 * PART),
        ({}, len(server.content)),
    )
    for known, limit in cases:
        download = bench.download(server, **known)
        await halfway(bench, server, download, after=len(server.asked) + 10)
        state = read_state(bench.folder / ".f.gguf.part.json")
        assert state is not None
        lost = min(state.parts.done)
        with (bench.folder / ".f.gguf.part").open("r+b") as file:
            file.seek(lost * PART)
            file.write(b"\0" * PART)
        done = await bench.download(server, **known).run()
        assert bench.target.read_bytes() == server.content
        assert done.fetched <= limit + PART * 7
        bench.target.unlink()


async def test_without_a_hash_one_goes_on_only_by_the_servers_word(bench: Bench, server: FileServer) -> None:
    """ETag or date must be there and be the same; else it begins anew. The result says that nobody verified it."""
    await halfway(bench, server, bench.download(server, sha256=None, verify=False))
    done = await bench.download(server, sha256=None, verify=False).run()
    assert done.fetched < len(server.content)
    assert (done.verified, done.sha256) == (False, server.sha256)
    bench.target.unlink()
    server.answer = lambda _, honest: honest.having(ETag="")
    await halfway(bench, server, bench.download(server, sha256=None, verify=False), after=len(server.asked) + 8)
    done = await bench.download(server, sha256=None, verify=False).run()
    assert done.fetched == len(server.content)


async def test_a_weak_etag_is_compared_but_not_sent(bench: Bench, server: FileServer) -> None:
    """RFC 9110 section 13.1.5: If-Range takes strong ones alone."""
    server.etag = 'W/"one"'
    await bench.download(server).run()
    assert bench.target.read_bytes() == server.content
    assert not any("if-range" in one.headers for one in server.asked)


async def test_a_file_of_one_s_own_is_not_touched(bench: Bench, server: FileServer) -> None:
    """Another file with the name is kept, unless --overwrite; the very same one is not fetched again."""
    bench.target.write_bytes(b"mine")
    with pytest.raises(DownloadError) as caught:
        await bench.download(server).run()
    assert (caught.value.code, bench.target.read_bytes()) == ("download_file_there", b"mine")
    assert bench.names == {"f.gguf"}
    await bench.download(server, overwrite=True).run()
    assert bench.target.read_bytes() == server.content
    before = len(server.asked)
    again = await bench.download(server).run()
    assert (again.state, again.verified, len(server.asked)) == ("exists", True, before)
    assert bench.names == {"f.gguf"}


async def test_two_downloads_of_the_same_file_are_one(bench: Bench, server: FileServer) -> None:
    """The second one waits, says so, and finds the file there."""
    first, second = bench.download(server), bench.download(server)
    one, other = await asyncio.gather(first.run(), second.run())
    assert {one.state, other.state} == {"written", "exists"}
    assert server.sent == len(server.content)
    assert "wait" in {progress.phase for progress in bench.told}
    assert bench.names == {"f.gguf"}


async def test_a_disk_that_is_too_small_is_told_at_0_percent(
    bench: Bench, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Size and 5 % must fit; the file's room is set aside before its first byte is written."""
    from gateway.downloads import part_file

    monkeypatch.setattr(part_file, "_free", lambda _: len(server.content) + 1000)
    with pytest.raises(DownloadError) as caught:
        await bench.download(server).run()
    assert (caught.value.code, caught.value.status) == ("download_disk_full", 503)
    assert "has room for 1.0 MB, and the download needs 1.1 MB" in caught.value.message
    assert bench.names == set()
    monkeypatch.setattr(part_file, "_free", lambda _: int(len(server.content) * 1.06))
    await bench.download(server).run()


async def test_a_disk_that_fills_up_all_the_same_ends_it(
    bench: Bench, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a file system that promises nothing; what was written is kept."""
    written = 0

    def write(file: PartFile, pieces: list[bytes], offset: int) -> None:
        nonlocal written
        written += 1
        if written > 4:
            raise OSError(28, "No space left on device")
        good(file, pieces, offset)

    good = PartFile.write
    monkeypatch.setattr(PartFile, "write", write)
    with pytest.raises(DownloadError) as caught:
        await bench.download(server).run()
    assert caught.value.code == "download_disk_full"
    assert bench.names == HIDDEN


async def test_a_folder_that_cannot_be_written_is_told(bench: Bench, server: FileServer) -> None:
    """In a sentence, with the path."""
    (bench.folder / "taken").write_text("a file where a folder should be")
    bench.target = bench.folder / "taken" / "f.gguf"
    with pytest.raises(DownloadError) as caught:
        await bench.download(server).run()
    assert caught.value.code == "download_unwritable"


async def test_a_link_in_place_of_the_hidden_file_is_not_followed(bench: Bench, server: FileServer) -> None:
    """In a folder that others write to, it could lead anywhere."""
    (bench.folder / "victim").write_text("mine")
    (bench.folder / ".f.gguf.part").symlink_to(bench.folder / "victim")
    with pytest.raises(DownloadError):
        await bench.download(server).run()
    assert (bench.folder / "victim").read_text() == "mine"


async def test_the_umask_decides_who_may_read_it(bench: Bench, server: FileServer) -> None:
    """As of any file that a program writes; until then it is for its owner alone."""
    before = os.umask(0o027)
    try:
        await bench.download(server).run()
    finally:
        os.umask(before)
    assert bench.target.stat().st_mode & 0o777 == 0o640
