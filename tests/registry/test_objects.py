"""Stored objects lead back to the endpoint that made them."""

from collections.abc import AsyncIterator
from typing import TypeAlias

import pytest

from gateway.errors import NotFound
from gateway.registry import objects as module
from gateway.registry.inputs import TeamCreate
from gateway.registry.objects import ObjectStore, StoredObjects
from gateway.registry.service import RegistryService
from gateway.registry.store.objects import StoredObject
from gateway.storage.engine import Database
from gateway.storage.writer import BatchWriter
from gateway.tasks import Tasks
from tests.clock import ManualClock
from tests.registry.api import ADMIN

Batch: TypeAlias = BatchWriter[StoredObject]


@pytest.fixture
def store(database: Database) -> ObjectStore:
    """Give the table."""
    return ObjectStore(database)


@pytest.fixture
async def batch(store: ObjectStore) -> AsyncIterator[Batch]:
    """Give the writer; it writes when the test says so."""
    tasks = Tasks()
    yield BatchWriter(store.add, name="stored_objects", tasks=tasks, interval_s=3600)
    await tasks.close()


@pytest.fixture
def stored(store: ObjectStore, batch: Batch, service: RegistryService, clock: ManualClock) -> StoredObjects:
    """Give the objects of a process."""
    return StoredObjects(store, batch, service.registry, clock)


async def test_the_very_next_request_finds_the_object(stored: StoredObjects, batch: Batch) -> None:
    """Before its row is written."""
    stored.remember("default", "resp_1", "response", "ep_1")
    assert await stored.find("default", "resp_1") == "ep_1"
    assert len(batch) == 1


async def test_an_object_survives_a_restart(
    stored: StoredObjects, batch: Batch, store: ObjectStore, service: RegistryService, clock: ManualClock
) -> None:
    """It is read from the database by a process that never saw it."""
    stored.remember("default", "file-1", "file", "ep_1")
    await batch.drain()
    restarted = StoredObjects(store, batch, service.registry, clock)
    assert await restarted.find("default", "file-1") == "ep_1"
    assert await restarted.find("default", "file-2") is None


async def test_the_newest_maker_counts(stored: StoredObjects, batch: Batch, store: ObjectStore) -> None:
    """An id that comes again, in one batch or a later one, leads to where it was made last."""
    for endpoint in ("ep_1", "ep_2"):
        stored.remember("default", "file-1", "file", endpoint)
    await batch.drain()
    stored.remember("default", "file-1", "file", "ep_3")
    await batch.drain()
    assert [maker.endpoint_id for maker in await store.makers(["file-1"])] == ["ep_3"]
    await store.add([])


async def test_objects_belong_to_their_team(stored: StoredObjects, batch: Batch, service: RegistryService) -> None:
    """ACL-3: another team's is not found, also not as unknown; nor is that of a team that is gone."""
    team = (await service.teams.create(ADMIN, TeamCreate(name="research"))).record
    stored.remember("research", "file-1", "file", "ep_1")
    for _ in range(2):  # from memory, then from the database
        with pytest.raises(NotFound):
            await stored.find("default", "file-1")
        assert await stored.foreign("default", ["file-1", "file-2"]) == {"file-1"}
        assert await stored.foreign("research", ["file-1", "file-2"]) == frozenset()
        await batch.drain()
        stored._newest.clear()
    await service.teams.delete(ADMIN, team.id)
    with pytest.raises(NotFound):
        await stored.find("default", "file-1")
    await service.teams.create(ADMIN, TeamCreate(name="research"))
    with pytest.raises(NotFound):
        await stored.find("research", "file-1")


async def test_two_teams_may_have_objects_of_one_id(
    stored: StoredObjects, batch: Batch, service: RegistryService
) -> None:
    """Small model servers count from 1: each team finds its own, until it is deleted."""
    await service.teams.create(ADMIN, TeamCreate(name="research"))
    stored.remember("default", "resp_1", "response", "ep_1")
    stored.remember("research", "resp_1", "response", "ep_2")
    for _ in range(2):
        assert (await stored.find("default", "resp_1"), await stored.find("research", "resp_1")) == ("ep_1", "ep_2")
        assert await stored.foreign("default", ["resp_1"]) == frozenset()
        await batch.drain()
        stored._newest.clear()
    stored.forget("default", "resp_1")
    with pytest.raises(NotFound):
        await stored.find("default", "resp_1")


@pytest.mark.parametrize("odd", ["", "a b", "\x00", "\ud800", "é", "x" * 513], ids=ascii)
async def test_an_id_that_no_path_can_hold_is_not_remembered(stored: StoredObjects, batch: Batch, odd: str) -> None:
    """An upstream may say anything; one row that the database refuses would take its batch along."""
    stored.remember("default", odd, "file", "ep_1")
    stored.forget("default", odd)
    assert len(batch) == 0
    assert (await stored.find("default", odd), await stored.foreign("default", [odd])) == (None, frozenset())


async def test_many_objects_are_asked_for_at_once(
    stored: StoredObjects, batch: Batch, service: RegistryService
) -> None:
    """More than one query holds."""
    await service.teams.create(ADMIN, TeamCreate(name="research"))
    ids = [f"file-{number}" for number in range(1200)]
    for one in ids[::2]:
        stored.remember("research", one, "file", "ep_1")
    await batch.drain()
    assert await stored.foreign("default", ids) == set(ids[::2])


async def test_an_object_that_comes_and_goes_within_one_batch_is_gone(
    stored: StoredObjects, batch: Batch, store: ObjectStore
) -> None:
    """Its row is not written after its deletion."""
    stored.remember("default", "file-1", "file", "ep_1")
    stored.forget("default", "file-1")
    await batch.drain()
    assert await store.makers(["file-1"]) == []


async def test_nothing_is_remembered_for_no_team(stored: StoredObjects, batch: Batch) -> None:
    """A team that went meanwhile takes its objects along."""
    stored.remember("nobody", "file-1", "file", "ep_1")
    stored.forget("nobody", "file-1")
    assert (len(batch), await stored.find("nobody", "file-1")) == (0, None)


async def test_a_forgotten_object_is_gone_everywhere(stored: StoredObjects, batch: Batch, store: ObjectStore) -> None:
    """In memory and in the database."""
    stored.remember("default", "file-1", "file", "ep_1")
    await batch.drain()
    stored.forget("default", "file-1")
    assert await stored.find("default", "file-1") is None
    await batch.drain()
    assert (await stored.find("default", "file-1"), await store.makers(["file-1"])) == (None, [])


async def test_memory_is_bounded(stored: StoredObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest unused objects leave memory first; the database still has them."""
    monkeypatch.setattr(module, "MAX_REMEMBERED", 2)
    for number in range(2):
        stored.remember("default", f"file-{number}", "file", "ep_1")
    await stored.find("default", "file-0")
    stored.remember("default", "file-2", "file", "ep_1")
    assert [key[1] for key in stored._newest] == ["file-0", "file-2"]


async def test_what_was_made_long_ago_goes_in_small_steps(
    stored: StoredObjects, batch: Batch, store: ObjectStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CMP-3: some rows at a time, the oldest first; what was made later stays."""
    monkeypatch.setattr(module, "SWEPT_AT_ONCE", 10)
    for number in range(25):
        stored.remember("default", f"file-{number}", "file", "ep_1")
    clock.advance(1.0)
    stored.remember("default", "file-new", "file", "ep_1")
    await batch.drain()
    assert await store.sweep(clock.now_ms()) == 25
    assert await store.sweep(clock.now_ms()) == 0
    assert [maker.object_id for maker in await store.makers(["file-0", "file-24", "file-new"])] == ["file-new"]
