"""One look at the hub, step by step (catalogue.md section 5)."""

import asyncio
from pathlib import Path

import pytest

from gateway.catalogue.store.errors import Older
from gateway.catalogue.store.search import Query
from gateway.catalogue.sync.outcome import Event
from gateway.errors import Conflict
from tests.catalogue.hubs import make_hub
from tests.catalogue.sync.machine import Machine, many, varied
from tests.fakes.hub import Reply, cut_head, faulty_hub, hang

IDS = ["acme/coder-0", "acme/coder-1", "acme/coder-2"]


async def test_the_first_look_takes_the_whole_list(here: Machine) -> None:
    """Steps 1 to 6; until then it is the list that came along."""
    assert (here.state, await here.shown()) == ("bundled", ["known/model-0", "known/model-1"])
    outcome = await here.look()
    assert (outcome.kind, here.state, await here.shown()) == ("taken", "fresh", IDS)
    status = here.sync.status()
    assert (status.serial, status.origin, status.age_s, status.last_error) == (1, "hub", 0, None)
    assert here.store.version is not None
    assert here.store.version.state_sha256 == here.hub_state()


async def test_nothing_new_is_two_requests_and_touches_the_time(here: Machine) -> None:
    """Step 2: `checked_at`, and less than a kilobyte."""
    await here.look()
    here.served.forget()
    outcome = await here.look()
    assert (outcome.kind, len(here.served.asked)) == ("current", 2)
    assert here.served.sent < 1024
    assert here.sync.status().checked_at_ms == here.clock.at_ms


async def test_what_changed_comes_as_a_delta(here: Machine) -> None:
    """Step 3: put, changed, deleted; the event counts them, and names who is gone."""
    here.publish(*many(40))
    await here.look()
    serial = here.publish(varied(1, display_name="form 2"), varied(77), remove=["acme/coder-0"])
    here.served.forget()
    outcome = await here.look()
    assert outcome.kind == "taken"
    assert [path for path in here.served.asked if path.startswith("targets/catalog/delta/")] != []
    event = here.events[-1]
    assert (event.start, event.to, event.added, event.changed, event.removed) == (2, serial, 1, 1, ("acme/coder-0",))
    found = await here.store.get("acme/coder-1")
    assert found is not None
    assert b"form 2" in found.body
    assert await here.store.get("acme/coder-0") is None
    assert (await here.store.search(Query(text="77"))).items[0].id == "acme/coder-77"
    assert here.store.version is not None
    assert here.store.version.state_sha256 == here.hub_state()


async def test_several_deltas_are_one_step(here: Machine) -> None:
    """A chain is applied in one transaction, and leads to what the hub says."""
    here.publish(*many(60))
    await here.look()
    for number in range(3):
        here.publish(varied(number, display_name="form 2"), varied(number + 1, display_name=f"another {number}"))
    outcome = await here.look()
    assert (outcome.kind, here.store.version and here.store.version.serial) == ("taken", 5)
    assert here.store.version is not None
    assert here.store.version.state_sha256 == here.hub_state()
    assert {one.id for one in await here.store.changes_since(2)} == {f"acme/coder-{number}" for number in range(4)}


async def test_changes_are_remembered_across_a_snapshot(here: Machine) -> None:
    """Who asks what is new since a serial hears it, also when the whole list had to be fetched in between."""
    here.publish(*many(30))
    await here.look()
    here.publish(varied(3, display_name="form 2"))
    await here.look()
    serial = here.publish(*many(25, 5, display_name="form 9"), remove=["acme/coder-4"])
    await here.look()
    changed = {one.id: one for one in await here.store.changes_since(2)}
    assert len(changed) == 27
    assert (changed["acme/coder-4"].body, changed["acme/coder-4"].serial) == (None, serial)
    assert changed["acme/coder-3"].serial == 3
    with pytest.raises(Older, match="known since serial 2, not since 1"):
        await here.store.changes_since(1)


async def test_what_was_deleted_here_does_not_come_back(here: Machine) -> None:
    """Step 5: suppression survives deltas and whole lists, and is lifted again without the hub."""
    await here.look()
    here.suppressed.add("acme/coder-1")
    await here.look()
    assert await here.shown() == ["acme/coder-0", "acme/coder-2"]
    here.publish(varied(1, display_name="form 2"))
    await here.look()
    here.publish(*(varied(number, display_name="form 3") for number in range(3)))
    await here.look()
    found = await here.store.get("acme/coder-1")
    assert found is not None
    assert (found.standing, await here.shown()) == ("suppressed", ["acme/coder-0", "acme/coder-2"])
    assert (await here.store.counts()).suppressed == 1
    here.suppressed.clear()
    here.served.fail("*", cut_head)
    await here.look()
    assert await here.shown() == IDS


async def test_what_is_pinned_stays_as_it_was(here: Machine) -> None:
    """Whatever the hub says: a new form, a deletion, a whole list. Without the pin the hub counts again."""
    here.publish(*many(30))
    await here.look()
    assert await here.store.pin("acme/coder-1", by="anna")
    assert not await here.store.pin("acme/nothing", by="anna")
    here.publish(varied(1, display_name="Renamed"))
    await here.look()
    found = await here.store.get("acme/coder-1")
    assert found is not None
    assert (found.is_pinned, b"Coder 1" in found.body) == (True, True)
    assert (await here.store.search(Query(text="renamed"))).items == []
    (pin,) = await here.store.pins()
    assert (pin.id, pin.is_behind, pin.is_gone) == ("acme/coder-1", True, False)
    here.publish(*many(28, 2, display_name="form 4"), remove=["acme/coder-1"])
    await here.look()
    found = await here.store.get("acme/coder-1")
    assert found is not None
    assert (found.is_gone, found.standing) == (True, "shown")
    assert "acme/coder-1" in await here.shown()
    assert here.store.version is not None
    assert here.store.version.state_sha256 == here.hub_state()
    assert await here.store.unpin("acme/coder-1")
    assert await here.store.get("acme/coder-1") is None
    assert await here.store.verify() == 29


async def test_a_list_that_takes_much_away_waits_for_somebody(here: Machine) -> None:
    """Step 5: the brake; held until it is accepted by its serial, without fetching it again meanwhile."""
    here.publish(*many(60))
    await here.look()
    serial = here.publish(remove=[f"acme/coder-{number}" for number in range(21)])
    outcome = await here.look()
    assert (outcome.kind, here.state, len(await here.shown())) == ("held", "held", 60)
    held = here.sync.status().held
    assert held is not None
    assert (held.serial, held.removed, held.limit) == (serial, 21, 20)
    here.served.forget()
    assert (await here.look()).kind == "held"
    assert len(here.served.asked) == 2
    await here.restart()
    assert here.state == "held"
    with pytest.raises(Conflict, match="serial 3 is held, not serial 2"):
        await here.sync.accept(2, by="anna")
    await here.sync.accept(serial, by="anna")
    assert (await here.look()).kind == "taken"
    assert (here.state, len(await here.shown()), len(here.events[-1].removed)) == ("fresh", 39, 21)
    with pytest.raises(Conflict, match="nothing is held"):
        await here.sync.accept(serial, by="anna")


async def test_what_was_accepted_covers_the_next_serial(here: Machine) -> None:
    """A hub that goes on publishing is not held for ever; what retires counts as what is removed."""
    here.publish(*many(60))
    await here.look()
    held = here.publish(*many(21, status="retired"))
    assert (await here.look()).kind == "held"
    await here.sync.accept(held, by="anna")
    here.publish(remove=["acme/coder-50"])
    assert (await here.look()).kind == "taken"
    assert here.sync.status().held is None


async def test_a_hub_that_takes_it_back_is_not_held(here: Machine) -> None:
    """The next serial is judged anew."""
    here.publish(*many(60))
    await here.look()
    here.publish(remove=[f"acme/coder-{number}" for number in range(21)])
    assert (await here.look()).kind == "held"
    here.publish(*many(21))
    assert (await here.look()).kind == "taken"
    assert (here.state, len(await here.shown())) == ("fresh", 60)


async def test_another_hub_takes_nothing_away(here: Machine, tmp_path: Path) -> None:
    """Its list is another one: no brake, no changes since a serial of the old one."""
    here.publish(*many(60))
    await here.look()
    other = make_hub(tmp_path / "other", 1, clock=here.clock)
    async with faulty_hub(other.folder) as served:
        here.served, here.hub, here.root = served, other, other.root
        await here.restart()
        assert (await here.look()).kind == "taken"
        assert await here.shown() == ["acme/coder-0"]
        with pytest.raises(Older):
            await here.store.changes_since(0)
        await here.client.close()


async def test_a_listener_that_fails_changes_nothing(here: Machine) -> None:
    """What was taken stays taken, and the others are told."""

    async def fails(event: Event) -> None:
        raise RuntimeError(event)

    here.sync._listeners = (fails, *here.sync._listeners)
    assert (await here.look()).kind == "taken"
    assert (here.state, here.events[-1].to) == ("fresh", 1)


async def test_a_look_that_is_cancelled_is_over_at_once(here: Machine) -> None:
    """Nothing was taken, nothing is left, and the next look is as usual."""
    here.publish(*many(30))
    asked = asyncio.Event()

    async def silent(reply: Reply) -> None:
        asked.set()
        await hang(reply)

    here.served.fail("targets/*", silent)
    look = asyncio.gather(here.look(), return_exceptions=True)
    async with asyncio.timeout(30):
        await asked.wait()
        assert here.state == "syncing"
        look.cancel()
        with pytest.raises(asyncio.CancelledError):
            await look
    assert (here.state, await here.shown()) == ("bundled", ["known/model-0", "known/model-1"])
    here.served.heal()
    assert (await here.look()).kind == "taken"


async def test_without_a_hub_there_is_the_list_that_came_along(here: Machine) -> None:
    """And nobody is asked."""
    here.has_hub = False
    await here.restart()
    assert (await here.look()).kind == "current"
    assert (here.state, here.served.asked) == ("bundled", [])
    assert here.sync.status().age_s == (here.clock.at_ms - 1_790_000_000_000) // 1000
