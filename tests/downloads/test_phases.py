"""The ends of a download's phases: how it gets its name, and that each of them can be called off."""

import asyncio
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from gateway.downloads import part_file
from gateway.downloads.errors import DownloadError
from gateway.downloads.part_file import PartFile
from tests.app.conftest import Start, caller, process_settings, start, upstream
from tests.disk import asked_of_disk
from tests.downloads.conftest import QUICK, Bench, reached
from tests.downloads.server import FileServer, serving
from tests.downloads.test_api import PATH, SIZE, begun, in_state, wish

__all__ = ["caller", "process_settings", "start", "upstream"]  # fixtures


async def test_a_file_is_on_the_disk_before_it_has_its_name(
    bench: Bench, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Content first, then the name in one step, then its folder: after a power cut it is all or nothing."""
    acts = asked_of_disk(monkeypatch)
    await bench.download(server).run()
    whole = [(act, path) for act, path in acts if path.suffix != ".json"]  # the state file is no part of it
    assert whole == [
        ("sync", bench.folder / ".f.gguf.part"),
        ("name", bench.target),
        ("sync", bench.folder),
    ]


async def test_waiting_for_another_download_can_be_cancelled(bench: Bench, server: FileServer) -> None:
    """At once; the other one knows nothing of it."""
    server.answer = lambda asked, honest: replace(honest, stall=1) if asked.number == 1 else honest
    patient = structs.replace(QUICK, stall_s=30)
    first, second = bench.download(server, rules=patient), bench.download(server)
    loop = asyncio.get_running_loop()
    fetching = loop.create_task(first.run())
    await reached(lambda: len(server.asked) > 0)
    waiting = loop.create_task(second.run())
    await reached(lambda: "wait" in {one.phase for one in bench.told})
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(30):
            await waiting
    assert not fetching.done()
    assert ".f.gguf.part" in bench.names
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    server.answer = lambda _, honest: honest
    await bench.download(server).run()
    assert bench.target.read_bytes() == server.content


async def test_what_waits_for_its_turn_is_paused_resumed_and_cancelled(start: Start, tmp_path: Path) -> None:
    """Over the API, before it has asked anybody for anything."""
    async with serving(SIZE) as files, start(downloads={"folder": str(tmp_path / "m"), "at_once": 1}) as product:
        files.answer = lambda _, honest: replace(honest, stall=1000)
        first = (await begun(product.admin, wish(files)))["id"]
        await in_state(product.admin, first, "running")
        second = (await begun(product.admin, wish(files, name="other.gguf")))["id"]
        for act, state in (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled")):
            assert (await product.admin.call("POST", f"{PATH}/{second}/{act}")).status == 202
            await in_state(product.admin, second, state)
        assert (await product.admin.show(f"{PATH}/{first}"))["state"] == "running"
        assert not any("other" in one.name for one in (tmp_path / "m").iterdir())


async def test_room_is_set_aside_before_the_first_byte(
    bench: Bench, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of the file's blocks: a disk that is full says so at 0 %."""
    room: list[tuple[int, int]] = []
    write = PartFile.write

    def watched(file: PartFile, pieces: list[bytes], offset: int) -> None:
        stat = file.path.stat()
        room.append((stat.st_size, stat.st_blocks * 512))
        write(file, pieces, offset)

    monkeypatch.setattr(PartFile, "write", watched)
    await bench.download(server).run()
    size, blocks = room[0]
    assert size == len(server.content)
    assert blocks >= size


async def test_no_write_and_no_hash_is_the_loops_work(
    bench: Bench, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a server calls to models run in the same loop: what touches the disk, and the hash with it, has threads."""
    acts: dict[str, set[int]] = {}

    def watch(name: str) -> None:
        real = getattr(PartFile, name)
        where = acts.setdefault(name, set())

        def act(*arguments: Any) -> Any:
            where.add(threading.get_ident())
            return real(*arguments)

        monkeypatch.setattr(PartFile, name, act)

    for name in ("_allocate", "write", "read", "_finish"):
        watch(name)
    await bench.download(server).run()
    assert all(acts.values()), "each of them was done"
    assert not any(threading.get_ident() in one for one in acts.values())


async def test_a_write_that_the_disk_lost_on_the_way_ends_the_download(
    bench: Bench, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Content goes to the disk while the rest comes; the system tells once of what it could not keep."""
    wrote_through: list[int] = []

    def fail(handle: int) -> None:
        wrote_through.append(handle)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(part_file, "_WRITE_THROUGH", 4 * QUICK.part)
    monkeypatch.setattr(os, "fdatasync", fail)
    with pytest.raises(DownloadError) as caught:
        await bench.download(server).run()
    assert (caught.value.code, bool(wrote_through)) == ("download_unwritable", True)
    assert bench.names == set(), "nobody would tell the next run"
    monkeypatch.undo()
    await bench.download(server).run()
    assert bench.target.read_bytes() == server.content
