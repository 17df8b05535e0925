"""The failure matrix of catalogue.md section 7, a test for each row: what can happen to the list's own file."""

import asyncio
import contextlib
import resource
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.catalogue.store.errors import Broken, Full, translated
from gateway.catalogue.store.search import Query
from tests.catalogue.sync.machine import Machine, many
from tests.fakes.hub import cut_head

ROOM = 200 * 1024  # bytes of a file: the log of a few rows


@contextlib.contextmanager
def full_disk(limit: int) -> Iterator[None]:
    """Let no file of this process grow beyond `limit` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("way", ["snapshot", "delta"])
async def test_disk_full(here: Machine, way: str) -> None:
    """Old rows are intact and served; the sync pauses, and goes on when there is room."""
    before = 30 if way == "snapshot" else 600
    here.publish(*many(before))
    await here.look()
    added = 600 if way == "snapshot" else 200
    here.publish(*many(added, 1000))
    with full_disk(ROOM):
        here.served.forget()
        assert (await here.look()).kind == "failed"
        assert any(path.startswith("targets/catalog/delta/") for path in here.served.asked) == (way == "delta")
        assert (here.state, here.sync.memory.next_look_s()) == ("disk-full", 60)
        assert "make room" in str(here.sync.status().hint)
        assert (await here.sync.once()).kind == "waiting"
        assert await here.store.get("acme/coder-1") is not None
        assert len((await here.store.search(Query(text="coder", limit=100))).items) == min(before, 100)
    assert await here.store.verify() == before
    assert _leftovers(here) == []
    assert (await here.look()).kind == "taken"
    assert (here.state, await here.store.verify()) == ("fresh", before + added)


async def test_disk_full_at_the_first_start(here: Machine) -> None:
    """There is no list then, and nothing breaks."""
    await here.close()
    for one in here.path.parent.iterdir():
        one.unlink()
    with full_disk(16 * 1024):
        here.make()
        with pytest.raises(Full):
            await here.sync.start()
    await here.restart()
    assert here.state == "bundled"


def test_what_sqlite_says_of_a_full_disk() -> None:
    """SQLITE_FULL is one way to say it."""
    conn = sqlite3.connect(":memory:")
    conn.execute("CREATE TABLE t (x)")
    conn.execute("PRAGMA max_page_count = 3")
    with pytest.raises(sqlite3.OperationalError) as caught:
        conn.execute("INSERT INTO t VALUES (zeroblob(100000))")
    assert isinstance(translated(caught.value), Full)
    conn.close()


def header(file: Path) -> None:
    """Overwrite the first bytes."""
    with file.open("r+b") as opened:
        opened.write(b"this is no database any more")


def truncation(file: Path) -> None:
    """Cut it in the middle."""
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size // 2)


def nothing(file: Path) -> None:
    """Leave a file without a byte."""
    file.write_bytes(b"")


def zeroed_pages(file: Path) -> None:
    """Let the disk lose a stretch."""
    with file.open("r+b") as opened:
        opened.seek(8192 * 3)
        opened.write(bytes(8192 * 8))


def flipped_byte(file: Path) -> None:
    """Turn one letter of an entry over; SQLite's own check does not see that."""
    data = file.read_bytes()  # a copy that is not in use any more may stand before the one that is
    file.write_bytes(data.replace(b'"Coder 1"', b'"Cnder 1"'))


@pytest.mark.parametrize("damage", [header, truncation, nothing, zeroed_pages, flipped_byte])
async def test_corrupt_sqlite_at_a_start(here: Machine, damage: Callable[[Path], None]) -> None:
    """It is kept beside, and built anew: the list that came along first, then the hub's."""
    await _killed(here, damage)
    here.make()
    await here.sync.start()
    assert (here.state, await here.shown()) == ("rebuilding", ["known/model-0", "known/model-1"])
    assert len(list(here.path.parent.glob("catalog.db.corrupt-*"))) == 1
    assert (await here.sync.once()).kind == "taken"
    assert (here.state, len(await here.shown()), await here.store.verify()) == ("fresh", 30, 30)


async def test_corrupt_sqlite_and_no_hub(here: Machine) -> None:
    """The list that came along has to do."""
    await _killed(here, header)
    here.served.fail("*", cut_head)
    here.make()
    await here.sync.start()
    assert (await here.look()).kind == "failed"
    assert (here.state, len(await here.shown())) == ("bundled", 2)


async def test_corrupt_sqlite_while_it_is_read(here: Machine) -> None:
    """Who meets the damage hears of it; the next look builds the list anew, and what was said of it is kept."""
    here.publish(*many(30))
    await here.look()
    await here.store.pin("acme/coder-1", by="anna")
    here.suppressed.add("acme/coder-2")
    await here.look()
    flipped_byte(here.path.resolve())
    with pytest.raises(Broken):
        await here.store.verify()
    assert here.state == "rebuilding"
    assert (await here.look()).kind == "taken"
    assert (here.state, here.store.is_broken, len(await here.shown())) == ("fresh", False, 29)
    assert [one.id for one in await here.store.pins()] == ["acme/coder-1"]


async def test_corrupt_sqlite_and_readers_that_have_it_open(here: Machine) -> None:
    """What is built instead has another name: by its name a reader knows that it has to open another file."""
    await here.look()
    before = here.path.resolve().name
    flipped_byte(here.path.resolve())
    with pytest.raises(Broken):
        await here.sync.verify()
    assert here.path.resolve().name != before
    found = await asyncio.gather(*(here.store.bodies() for _ in range(8)))
    assert {len(one) for one in found} == {2}


async def test_two_damaged_files_are_kept(here: Machine) -> None:
    """And no third."""
    for _ in range(4):
        await here.look()
        await _killed(here, header)
        here.make()
        await here.sync.start()
    assert len(list(here.path.parent.glob("catalog.db.corrupt-*"))) == 2


async def test_verify_heals(here: Machine) -> None:
    """Somebody who asks for it hears that there was damage, and has a list."""
    await here.look()
    flipped_byte(here.path.resolve())
    with pytest.raises(Broken, match="acme/coder-1 is not what was stored"):
        await here.sync.verify()
    assert (here.state, await here.sync.verify()) == ("rebuilding", 2)


async def _killed(here: Machine, damage: Callable[[Path], None]) -> None:
    """Take the hub's list, end without a word, and damage the file."""
    here.publish(*many(30))
    await here.look()
    await here.close()
    here.path.with_name("catalog.db.open-1").touch()
    (here.path.parent / "catalog.db.open-999999999").touch()
    damage(here.path.resolve())


def _leftovers(here: Machine) -> list[str]:
    current = here.path.resolve().name
    others = (one.name for one in here.path.parent.glob("catalog-*.db*"))
    return [name for name in others if not name.startswith(current)] + [
        one.name for one in (here.path.parent / "incoming").iterdir()
    ]
