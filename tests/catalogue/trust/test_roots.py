"""Keys change, and who has not looked for long follows every change (section 7: keys rotated)."""

from gateway.catalogue.trust.deadlines import Deadlines
from gateway.catalogue.trust.updater import MAX_NEW_ROOTS, HubUpdater
from tests.catalogue.trust.repository import signer
from tests.catalogue.trust.world import World
from tests.fakes.hub import late


async def test_each_role_gets_a_new_key_and_readers_follow(world: World) -> None:
    """Also the root's own keys: the new root is signed by enough of the old ones and of the new."""
    await world.refresh()
    for number, role in enumerate(("timestamp", "snapshot", "targets"), 60):
        world.repository.rotate(role, number)
        world.repository.publish()
        assert (await world.refresh()).index.serial == world.repository.serial
    old, world.repository.root_keys = world.repository.root_keys, [signer(number) for number in (63, 64, 65)]
    world.repository.signers["root"] = world.repository.root_keys[:2]
    world.repository.sign_root(*old[:2])
    world.repository.publish()
    assert (await world.refresh()).root_version == 5
    world.repository.sign_root()
    assert (await world.refresh()).root_version == 6
    assert len(list((world.metadata / "root_history").iterdir())) == 6


async def test_256_roots_are_followed_in_one_refresh_and_more_in_the_next(world: World) -> None:
    """The limit bounds the work of one refresh; what lies in the cache already does not count against it."""
    for _ in range(MAX_NEW_ROOTS + 3):
        world.repository.sign_root()
    world.repository.rotate("timestamp", 70)
    world.repository.publish()
    await world.refused("untrusted")  # the timestamp is signed with a key that only the last root names
    assert len(list((world.metadata / "root_history").iterdir())) == MAX_NEW_ROOTS + 1
    trusted = await world.refresh()
    assert trusted.root_version == MAX_NEW_ROOTS + 5
    assert trusted.requests < 12


async def test_a_refresh_as_a_whole_has_a_deadline(world: World) -> None:
    """Each root comes within its own; hundreds of them would take an hour."""
    for _ in range(30):
        world.repository.sign_root()
    world.hub.fail("metadata/*.root.json", late(0.1))
    assert (await world.refused("slow", Deadlines(metadata_s=30, refresh_s=0.5))).state == "stale"
    assert len(world.hub.asked) < 10


def test_what_is_private_in_python_tuf_is_still_there() -> None:
    """`_load_timestamp` and `_trusted_set` are private names of tuf 7.0.1: an upgrade must not pass by our checks."""
    from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet  # what the comment in updater.py says
    from tuf.ngclient.updater import Updater

    assert "_load_timestamp" in Updater.refresh.__code__.co_names
    assert "reference_time" in TrustedMetadataSet.__init__.__code__.co_names
    assert HubUpdater._load_timestamp is not Updater._load_timestamp
