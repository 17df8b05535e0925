"""Attacks on what is signed: cases 1-9 and 21-28 of README.md. Nothing of it is taken, and the next refresh is good."""

import json
from datetime import timedelta
from typing import Any

import pytest

from gateway.catalogue.index import INDEX_PATH, snapshot_path
from gateway.catalogue.trust.errors import HubError
from tests.catalogue.trust.repository import signer
from tests.catalogue.trust.world import DAY_S, World
from tests.fakes.hub import flipped, said

ROOT_YEAR_S = 366 * DAY_S


async def test_01_rollback_of_the_whole_repository(world: World) -> None:
    """An old copy of the folder, every signature good."""
    old = world.copy_of_hub("old")
    world.repository.publish()
    await world.refresh()
    world.hub.folder = old
    assert (await world.refused("rollback")).is_alarming
    world.hub.folder = world.repository.folder
    assert (await world.refresh()).index.serial == 2


async def test_02_old_snapshot_under_a_new_timestamp(world: World) -> None:
    """What the timestamp says is current is answered with what was current before."""
    old = (world.repository.folder / "metadata/1.snapshot.json").read_bytes()
    world.repository.publish()
    world.hub.fail("metadata/2.snapshot.json", said(old))
    assert "2.snapshot.json" in (await world.refused("untrusted")).message
    world.hub.heal()
    await world.refresh()


async def test_03_tampered_target(world: World) -> None:
    """A byte of the list was turned over: it is not written where it was to go."""
    client, into, path = world.client(), world.place / "list.gz", snapshot_path(1)
    await client.refresh()
    into.write_bytes(b"as it was")
    world.hub.fail("targets/catalog/*", flipped())
    with pytest.raises(HubError) as caught:
        await client.fetch(path, into, max_length=10_000)
    assert (caught.value.kind, into.read_bytes()) == ("untrusted", b"as it was")
    world.hub.heal()
    await client.fetch(path, into, max_length=10_000)
    assert into.read_bytes() == world.repository.files[path]
    assert sorted(file.name for file in world.place.glob("list*")) == ["list.gz"]


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets", "catalog"])
async def test_04_tampered_targets_json(world: World, role: str) -> None:
    """A later date of expiry, written without a key, in each role."""
    name = "timestamp.json" if role == "timestamp" else f"1.{role}.json"
    world.repository.edit(name, lambda document: document["signed"].update(expires="2099-01-01T00:00:00Z"))
    assert name in (await world.refused("untrusted")).message


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets", "catalog"])
async def test_05_wrong_key(world: World, role: str) -> None:
    """Everything fits but the key."""
    await world.refresh()
    known = world.repository.signers[role]
    world.repository.signers[role] = [signer(66)]
    if role == "timestamp":
        world.repository.sign_timestamp()
    elif role == "snapshot":
        world.repository.sign_snapshot()
        world.repository.sign_timestamp()
    else:
        sign = world.repository.sign_catalog if role == "catalog" else world.repository.sign_targets
        sign()
        world.repository.sign_snapshot()
        world.repository.sign_timestamp()
    assert (await world.refused("untrusted")).state == "untrusted"
    world.repository.signers[role] = known
    world.repository.publish()
    await world.refresh()


async def test_06_expired_timestamp(world: World) -> None:
    """A hub that nobody signs any more, after two days."""
    await _expires(world, "timestamp", days=3)


async def test_07_expired_snapshot(world: World) -> None:
    """A timestamp that is signed again and again over a snapshot that nobody vouches for."""
    await _expires(world, "snapshot", days=8)


@pytest.mark.parametrize("role", ["catalog", "targets"])
async def test_08_expired_targets(world: World, role: str) -> None:
    """The same one level down, in the role that names the list and in the one above it."""
    await _expires(world, role, days=90)


async def _expires(world: World, role: str, *, days: int) -> None:
    await world.refresh()
    world.advance(days * DAY_S)
    world.hub.date_s = world.clock.at_ms / 1000
    signers = world.repository.sign_catalog, world.repository.sign_targets
    for sign in (*signers, world.repository.sign_snapshot, world.repository.sign_timestamp):
        if sign.__name__ != f"sign_{role}":
            sign()
    error = await world.refused("expired")
    assert error.state == "expired"
    assert "expired" in error.message
    world.repository.publish()
    await world.refresh()


async def test_09_a_freeze_lasts_until_the_timestamp_expires(world: World) -> None:
    """Who holds back news can do so as long as the last timestamp lives: 24 to 48 h (section 2)."""
    frozen = world.copy_of_hub("frozen")
    await world.refresh()
    world.repository.publish()
    world.hub.folder = frozen
    assert (await world.refresh()).index.serial == 1
    world.advance(2 * DAY_S + 1)
    world.hub.date_s = world.clock.at_ms / 1000
    await world.refused("expired")


async def test_21_timestamp_key_rotated_and_the_old_one_is_refused(world: World) -> None:
    """Who stole the old key signs with it, after the owner has made a new one."""
    await world.refresh()
    old = world.repository.signers["timestamp"]
    world.repository.rotate("timestamp", 20)
    world.repository.publish()
    assert (await world.refresh()).root_version == 2
    world.repository.signers["timestamp"] = old
    world.repository.publish()
    await world.refused("untrusted")


async def test_22_fast_forward_and_recovery_by_new_keys(world: World) -> None:
    """Version 1,000,000 was signed with stolen keys; new ones begin where they were, with a new root."""
    versions, serial = dict(world.repository.versions), world.repository.serial
    world.repository.versions |= dict.fromkeys(("timestamp", "snapshot", "targets", "catalog"), 1_000_000)
    world.repository.serial = 1_000_000
    world.repository.publish()
    assert (await world.refresh()).index.serial == 1_000_001
    world.repository.versions |= {role: version for role, version in versions.items() if role != "root"}
    world.repository.serial = serial
    await _publish_refused(world)
    for role, number in (("timestamp", 30), ("snapshot", 31), ("targets", 32), ("catalog", 33)):
        world.repository.signers[role] = [signer(number)]
    world.repository.sign_root()
    world.repository.publish()
    recovered = await world.refresh()
    assert (recovered.root_version, recovered.timestamp_version, recovered.index.serial) == (2, 3, 3)
    world.lose_cache()
    assert (await world.refresh()).index.serial == 3


async def _publish_refused(world: World) -> None:
    world.repository.publish()
    await world.refused("rollback")


async def test_23_mix_and_match_of_two_publications(world: World) -> None:
    """The new list of roles, and an old role under the new one's name."""
    old = (world.repository.folder / "metadata/1.catalog.json").read_bytes()
    world.repository.publish()
    world.hub.fail("metadata/2.catalog.json", said(old))
    await world.refused("untrusted")
    world.hub.heal()
    client = world.client()
    await client.refresh()
    world.hub.fail("targets/*2.jsonl.gz", said(world.repository.files[snapshot_path(1)]))
    with pytest.raises(HubError) as caught:
        await client.fetch(snapshot_path(2), world.place / "list.gz", max_length=10_000)
    assert caught.value.kind == "untrusted"
    assert not (world.place / "list.gz").exists()


async def test_24_expired_root(world: World) -> None:
    """A root says who may sign for a year; after that nobody may."""
    await world.refresh()
    world.advance(ROOT_YEAR_S)
    world.hub.date_s = world.clock.at_ms / 1000
    world.repository.publish()
    assert "root.json" in (await world.refused("expired")).message
    world.repository.sign_root()
    assert (await world.refresh()).root_version == 2


async def test_25_a_root_that_the_one_before_did_not_sign(world: World) -> None:
    """New keys that only vouch for themselves."""
    known = world.repository.root_keys
    world.repository.root_keys = [signer(number) for number in (40, 41, 42)]
    world.repository.signers["root"] = world.repository.root_keys[:2]
    world.repository.sign_root()
    assert "2.root.json" in (await world.refused("untrusted")).message
    world.repository.versions["root"] = 1
    world.repository.sign_root(*known[:2])
    assert (await world.refresh()).root_version == 2


async def test_26_one_key_where_two_must_sign(world: World) -> None:
    """The threshold of the root is two of three (section 2)."""
    world.repository.signers["root"] = world.repository.root_keys[:1]
    world.repository.sign_root()
    await world.refused("untrusted")
    world.repository.versions["root"] = 1
    world.repository.signers["root"] = world.repository.root_keys[1:]
    world.repository.sign_root()
    assert (await world.refresh()).root_version == 2


async def test_27_one_key_that_signs_twice(world: World) -> None:
    """The same signature under two names is one."""
    world.repository.signers["root"] = world.repository.root_keys[:1]
    world.repository.sign_root()

    def twice(document: dict[str, Any]) -> None:
        first = document["signatures"][0]
        document["signatures"].append(first | {"keyid": world.repository.root_keys[1].public_key.keyid})

    world.repository.edit("2.root.json", twice)
    await world.refused("untrusted")
    world.repository.edit("2.root.json", lambda document: document["signatures"].append(document["signatures"][0]))
    await world.refused("untrusted")


@pytest.mark.parametrize("role", ["timestamp", "1.snapshot", "1.targets", "1.catalog"])
async def test_28_unsigned_metadata(world: World, role: str) -> None:
    """Not a wrong signature but none at all, hashes included: who could change a file could change those above it."""
    world.repository.edit(f"{role}.json", lambda document: document.update(signatures=[]))
    await world.refused("untrusted")


async def test_the_index_is_what_the_role_for_the_list_signed(world: World) -> None:
    """An index with a later schema is for a later program, and is not guessed at (CAT-20, section 7)."""
    world.repository.sign_catalog()
    name = f"{world.repository.versions['catalog']}.catalog.json"
    document = json.loads((world.repository.folder / "metadata" / name).read_bytes())
    assert document["signed"]["targets"][INDEX_PATH]["custom"]["serial"] == 1


async def test_a_short_life_is_seen(world: World) -> None:
    """`expires_ms` is the first end of all roles: what a status can warn of."""
    world.repository.lifetimes["catalog"] = timedelta(hours=1)
    world.repository.publish()
    assert (await world.refresh()).expires_ms == world.clock.now_ms() + 3_600_000
