"""Attacks on what is remembered: cases 14-20 of README.md; the cache heals, and what was seen is never forgotten."""

import shutil
import sys
from pathlib import Path

import pytest

from gateway.catalogue.index import snapshot_path
from gateway.catalogue.trust.errors import HubError
from gateway.catalogue.trust.high_water import Mark
from tests.catalogue.trust.repository import Repository
from tests.catalogue.trust.world import DAY_S, World

CACHED = ("timestamp.json", "snapshot.json", "targets.json", "catalog.json")


@pytest.mark.parametrize("name", CACHED)
@pytest.mark.parametrize("damage", [b"", b"\0" * 400, b"{}"])
async def test_14_corrupt_local_timestamp_heals(world: World, name: str, damage: bytes) -> None:
    """And so does every other file of python-tuf's cache; nothing newer is needed for it."""
    await world.refresh()
    good = (world.metadata / name).read_bytes()
    (world.metadata / name).write_bytes(damage)
    assert (await world.refresh()).index.serial == 1
    assert (world.metadata / name).read_bytes() == good


async def test_15_corrupt_local_target_heals(world: World) -> None:
    """What lies where a target goes is never believed: the file is fetched again, whole."""
    client, into = world.client(), world.place / "list.gz"
    await client.refresh()
    into.write_bytes(b"half a li")
    into.with_name("list.gz.part").write_bytes(b"of one that was killed")
    await client.fetch(snapshot_path(1), into, max_length=10_000)
    assert into.read_bytes() == world.repository.files[snapshot_path(1)]
    assert not into.with_name("list.gz.part").exists()


@pytest.mark.parametrize("damage", [b"", b'{"signed": {}}'])
async def test_16_corrupt_cached_root_heals(world: World, damage: bytes) -> None:
    """The first root is the installation's own; those after it are fetched again."""
    world.repository.sign_root()
    world.repository.publish()
    await world.refresh()
    for path in (world.metadata / "root_history").iterdir():
        path.write_bytes(damage)
    assert (await world.refresh()).root_version == 2


@pytest.mark.parametrize("broken", [None, 0, 1])
async def test_17_cache_directory_lost_then_rollback(world: World, broken: int | None) -> None:
    """python-tuf alone accepts it (section 8): the marks outside the directory do not, and one of the two is enough."""
    old = world.copy_of_hub("old")
    world.repository.publish()
    await world.refresh()
    world.lose_cache()
    world.hub.folder = old
    if broken is not None:
        world.marks[broken].kept.clear()
        world.marks[broken].is_broken = True
    assert "version 1, and 2 was seen before" in (await world.refused("rollback")).message
    world.hub.folder = world.repository.folder
    assert (await world.refresh()).index.serial == 2


async def test_17_both_marks_unreadable_is_a_refusal(world: World) -> None:
    """A rollback would not be noticed, so nothing is taken."""
    await world.refresh()
    for marks in world.marks:
        marks.is_broken = True
    await world.refused("disk")


async def test_18_timestamp_and_snapshot_corrupt_then_rollback(world: World) -> None:
    """The same with a directory that is there and remembers nothing."""
    old = world.copy_of_hub("old")
    world.repository.publish()
    await world.refresh()
    for name in CACHED:
        (world.metadata / name).write_bytes(b"\0")
    world.hub.folder = old
    await world.refused("rollback")


async def test_18_a_lower_serial_under_a_higher_version_is_a_rollback(world: World) -> None:
    """The list itself went back, signed anew by whoever holds the keys: the serial has a mark of its own."""
    world.repository.publish()
    await world.refresh()
    world.repository.serial = 0
    world.repository.publish()
    assert "serial 1, and 2 was seen before" in (await world.refused("rollback")).message


async def test_18_a_root_that_went_back_is_a_rollback(world: World) -> None:
    """Who holds the old keys and the network cannot hide the new root from a machine that has seen it."""
    old = world.copy_of_hub("old")
    await world.refresh()
    world.repository.rotate("timestamp", 50)
    world.repository.publish()
    await world.refresh()
    world.lose_cache()
    world.hub.folder = old
    assert "ends at root 1, and root 2 was seen before" in (await world.refused("rollback")).message


async def test_19_clock_three_days_ahead(world: World) -> None:
    """It looks expired, and the hub's own clock tells why: refused all the same, under another name."""
    await world.refresh()
    world.clock.advance(3 * DAY_S)
    error = await world.refused("clock_skew")
    assert error.state == "clock_skew"
    assert "4320 min" in error.message


async def test_19_a_hub_cannot_lie_its_expiry_away(world: World) -> None:
    """`Date` is a hint for words: what has expired here stays refused, and it is skew only if that explains it."""
    await world.refresh()
    world.clock.advance(3 * DAY_S)
    now_s = world.clock.at_ms / 1000
    said = {
        0.0: "clock_skew",
        now_s - 2 * DAY_S: "clock_skew",
        now_s - DAY_S / 2: "expired",
        now_s + 99 * DAY_S: "expired",
    }
    for date_s, kind in said.items():
        world.hub.date_s = date_s
        with pytest.raises(HubError, match="expired") as caught:
            await world.refresh()
        assert caught.value.kind == kind


async def test_20_clock_three_days_behind(world: World) -> None:
    """python-tuf alone accepts what has expired; the newest signature that was seen is the least that it can be."""
    frozen = world.copy_of_hub("frozen")
    world.advance(3 * DAY_S)
    world.repository.publish()
    await world.refresh()
    world.lose_cache()
    world.clock.advance(-3 * DAY_S)
    world.marks[0].kept = {key: Mark(1, signed_at_ms=mark.signed_at_ms) for key, mark in world.marks[0].kept.items()}
    world.marks[1].kept = dict(world.marks[0].kept)
    world.hub.folder = frozen
    await world.refused("expired")
    world.hub.folder = world.repository.folder
    assert (await world.refresh()).clock_behind_ms == 3 * DAY_S * 1000


async def test_20_a_clock_before_the_build(world: World) -> None:
    """Even the first time: the program was not built in the future."""
    world.built_at_ms = world.clock.at_ms + 3 * DAY_S * 1000
    await world.refused("expired")


async def test_20_signed_in_the_future_of_its_own_end_counts_for_nothing(world: World) -> None:
    """Who holds the timestamp's key for a day cannot push the floor beyond what that timestamp itself allows."""
    world.repository.clock.advance(10 * DAY_S)
    world.repository.lifetimes["timestamp"] = -world.repository.lifetimes["timestamp"] * 2
    world.repository.sign_timestamp()
    trusted = await world.refresh()
    assert trusted.signed_at_ms is None
    assert trusted.clock_behind_ms == 0


async def test_20_a_hub_that_does_not_say_when_it_signed(world: World) -> None:
    """TUF does not ask for it: then the build is the only floor."""
    world.repository.says_when = False
    world.repository.publish()
    assert (await world.refresh()).signed_at_ms is None


@pytest.mark.parametrize("thing", ["file", "timestamp as a directory", "root as a directory"])
async def test_a_directory_that_cannot_be_used_is_made_anew(world: World, thing: str) -> None:
    """Whatever lies where python-tuf's files go."""
    await world.refresh()
    if thing == "file":
        shutil.rmtree(world.metadata)
        world.metadata.write_bytes(b"not a directory")
    elif thing == "timestamp as a directory":
        (world.metadata / "timestamp.json").unlink()
        (world.metadata / "timestamp.json").mkdir()
    else:
        (world.metadata / "root_history" / "1.root.json").unlink()
        (world.metadata / "root_history" / "1.root.json").mkdir()
    assert (await world.refresh()).index.serial == 1
    assert (world.metadata / "timestamp.json").is_file()


async def test_what_a_killed_process_left_half_written_is_removed(world: World) -> None:
    """python-tuf writes beside and renames; a kill in between leaves a `tmp...`."""
    await world.refresh()
    (world.metadata / "tmpabc").write_bytes(b"{")
    await world.refresh()
    assert not list(world.metadata.glob("tmp*"))
    assert {path.name for path in world.cache.iterdir()} == {"lock", "metadata"}


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
async def test_a_full_disk_is_told_as_one(world: World, tmp_path: Path) -> None:
    """Section 7: the state is `disk-full`, and what was there is not thrown away for it."""
    await world.refresh()
    world.repository.publish()
    into = tmp_path / "list.gz"
    into.with_name("list.gz.part").symlink_to("/dev/full")
    client = world.client()
    await client.refresh()
    with pytest.raises(Exception, match="No space left") as caught:
        await client.fetch(snapshot_path(2), into, max_length=10_000)
    assert getattr(caught.value, "state", None) == "disk-full"
    assert not into.exists()
    assert not into.with_name("list.gz.part").is_symlink()


async def test_marks_are_written_only_when_they_rise(world: World) -> None:
    """A quarter of an hour is no reason to write to a database."""
    await world.refresh()
    writes = [marks.writes for marks in world.marks]
    await world.refresh()
    assert [marks.writes for marks in world.marks] == writes == [1, 1]


async def test_a_hub_that_was_made_anew_begins_anew(world: World) -> None:
    """Its owner lost the keys and gives out another root: who configures that is not held to what the old one had."""
    for _ in range(3):
        world.repository.publish()
    await world.refresh()
    world.repository = Repository(world.place / "anew", world.repository.clock, first_key=80)
    world.hub.folder = world.repository.folder
    assert (await world.refresh()).index.serial == 1
    assert sorted(mark.serial for mark in world.marks[0].kept.values()) == [1, 4]
