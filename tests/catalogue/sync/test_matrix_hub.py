"""The failure matrix of catalogue.md section 7, a test for each row: what can be wrong with a hub or the way to it."""

import shutil
from pathlib import Path

import pytest

from gateway.catalogue.canonical import canonical
from tests.catalogue.sync.machine import DAY_S, EVERY_S, QUICK, Machine, many, varied
from tests.catalogue.sync.raw import lines_of, raw_hub
from tests.clock import ManualClock
from tests.fakes.hub import (
    Fault,
    Reply,
    cut,
    cut_head,
    drip,
    endless,
    flipped,
    hang,
    portal,
    said,
    status,
)

HUB_LIST = ["acme/coder-0", "acme/coder-1", "acme/coder-2"]


async def has_kept_its_list(here: Machine) -> bool:
    """Whether what was there before is still there, whole."""
    return await here.shown() == HUB_LIST and await here.store.verify() == len(HUB_LIST)


async def test_first_start_no_network(here: Machine) -> None:
    """The list that came along, with its date."""
    here.served.fail("*", cut_head)
    outcome = await here.look()
    assert (outcome.kind, here.state) == ("failed", "bundled")
    shown = here.sync.status()
    assert (shown.signed_at_ms, shown.age_s) == (1_790_000_000_000, (here.clock.at_ms - 1_790_000_000_000) // 1000)
    assert await here.shown() == ["known/model-0", "known/model-1"]


@pytest.mark.parametrize("fault", [cut_head, status(500), status(502), status(429)], ids=["reset", "500", "502", "429"])
async def test_hub_down(here: Machine, fault: Fault) -> None:
    """L2 stays, its age grows; after three failures the hub is left alone for an hour, and then believed again."""
    await here.look()
    here.served.fail("*", fault)
    rests = []
    for number in range(1, 4):
        assert (await here.look()).kind == "failed"
        assert (here.state, here.sync.memory.situation.failures) == ("stale", number)
        rests.append(here.sync.memory.next_look_s())
    assert rests == [60, 300, 3600]
    assert here.sync.status().age_s >= 3 * EVERY_S  # type: ignore[operator]  # there is a list
    here.served.forget()
    assert ((await here.sync.once()).kind, here.served.asked) == ("waiting", [])
    here.served.heal()
    assert (await here.sync.once(forced=True)).kind == "current"
    assert (here.state, await has_kept_its_list(here)) == ("fresh", True)


async def test_hub_down_and_it_asks_for_rest(here: Machine) -> None:
    """`Retry-After` is obeyed, also where somebody asks for a look; a new process knows of it."""
    await here.look()
    here.served.fail("*", status(503, Retry_After="7200"), times=1)
    assert (await here.look()).kind == "failed"
    assert here.sync.memory.next_look_s() == 7200
    await here.restart()
    here.clock.advance(7199)
    assert (await here.sync.once(forced=True)).kind == "waiting"
    here.clock.advance(1)
    assert (await here.sync.once()).kind == "current"


@pytest.mark.parametrize("fault", [hang, drip(20)], ids=["slow", "drip"])
async def test_slow_or_drip(here: Machine, fault: Fault) -> None:
    """A total deadline, which no trickle extends."""
    await here.look()
    here.deadlines = QUICK
    await here.restart()
    here.served.fail("metadata/timestamp.json", fault)
    assert (await here.look()).kind == "failed"
    assert (here.state, await has_kept_its_list(here)) == ("stale", True)


async def test_captive_portal(here: Machine, caplog: pytest.LogCaptureFixture) -> None:
    """Refused with one line in the log; an alarm from the third time."""
    await here.look()
    here.served.fail("*", portal())
    alarms = []
    for _ in range(4):
        await here.look()
        assert here.state == "untrusted"
        alarms.append(sum("alarm" in record.message for record in caplog.records))
    assert alarms == [0, 0, 1, 2]
    assert sum("stays as it is" in record.message for record in caplog.records) == 1
    here.served.heal()
    await here.look()
    assert (here.state, here.sync.memory.situation.captive, await has_kept_its_list(here)) == ("fresh", 0, True)


@pytest.mark.parametrize("path", ["metadata/timestamp.json", "targets/catalog/*.jsonl.gz"])
async def test_bad_signature_or_tampered(here: Machine, path: str, caplog: pytest.LogCaptureFixture) -> None:
    """Refused, L2 stays, an alarm, and the next look is as usual."""
    await here.look()
    here.publish(varied(7))
    here.served.fail(path, flipped())
    assert (await here.look()).kind == "failed"
    assert (here.state, await has_kept_its_list(here)) == ("untrusted", True)
    assert any("catalogue alarm" in record.message for record in caplog.records)
    here.served.heal()
    assert (await here.look()).kind == "taken"
    assert here.state == "fresh"


async def test_expired_timestamp(here: Machine) -> None:
    """Nothing new is taken; after a week nothing is recommended by it. The list serves on."""
    await here.look()
    await here.look(after_s=3 * DAY_S)
    assert (here.state, here.sync.status().may_advise, await has_kept_its_list(here)) == ("expired", True, True)
    await here.look(after_s=8 * DAY_S)
    assert (here.state, here.sync.status().may_advise, await has_kept_its_list(here)) == ("expired", False, True)
    here.hub.publish()
    await here.look()
    assert (here.state, here.sync.status().may_advise) == ("fresh", True)


async def test_rollback(here: Machine) -> None:
    """A lower serial of the same root: refused with an alarm, in a new process as well."""
    old = shutil.copytree(here.hub.folder, here.place / "old")
    here.publish(*many(30))
    await here.look()
    here.served.folder = Path(old)
    for _ in range(2):
        assert (await here.look(after_s=60)).kind == "failed"
        assert (here.state, len(await here.shown())) == ("untrusted", 30)
        await here.restart()


async def test_tuf_cache_directory_lost(here: Machine) -> None:
    """It begins again with the root that came along, and still refuses what is older than what was seen."""
    old = shutil.copytree(here.hub.folder, here.place / "old")
    here.publish(*many(30))
    await here.look()
    shutil.rmtree(here.place / "tuf")
    await here.restart()
    assert ((await here.look(after_s=60)).kind, here.state) == ("current", "fresh")
    shutil.rmtree(here.place / "tuf")
    here.marks.kept.clear()  # one of the two places is lost as well
    await here.restart()
    here.served.folder = Path(old)
    assert ((await here.look(after_s=60)).kind, here.state) == ("failed", "untrusted")
    assert len(await here.shown()) == 30


async def test_torn_publish(here: Machine) -> None:
    """A file that signed metadata name is not there yet: tried again after a minute."""
    await here.look()
    serial = here.publish(*many(30))
    here.served.fail("targets/*", status(404), times=1)
    assert (await here.look()).kind == "failed"
    assert (here.state, here.sync.memory.next_look_s(), await has_kept_its_list(here)) == ("stale", 60, True)
    assert (await here.look(after_s=0)).kind == "taken"
    assert here.sync.status().serial == serial


@pytest.mark.parametrize("fault", [cut(200), endless], ids=["truncated", "oversize"])
async def test_truncated_or_oversize(here: Machine, fault: Fault) -> None:
    """Refused."""
    await here.look()
    here.publish(*many(30))
    here.served.fail("targets/catalog/*.jsonl.gz", fault)
    assert (await here.look()).kind == "failed"
    assert (here.state, await has_kept_its_list(here)) == ("stale", True)
    assert list((here.place / "data" / "incoming").iterdir()) == []


async def test_delta_does_not_give_state_sha256(here: Machine) -> None:
    """Undone, never taken again, and the whole list instead; `syncing` meanwhile."""
    entries = many(30)
    raw = raw_hub(here.place / "raw", here.clock, entries)
    await here.follow(raw)
    await here.look()
    entries[0] = varied(0, display_name="changed")
    raw.say(*map(canonical, entries))
    raw.add_delta(varied(1, display_name="a lie"))
    states = []

    async def watched(reply: Reply) -> None:
        states.append(here.state)
        await reply.whole()

    here.served.fail("targets/catalog/*.jsonl.gz", watched)
    assert (await here.look()).kind == "taken"
    assert (states, here.state) == (["syncing", "syncing"], "fresh")
    assert await here.store.bad_deltas() == {"catalog/delta/2-3.jsonl.gz"}
    found = [await here.store.get(f"acme/coder-{number}") for number in (0, 1)]
    assert [one is not None and b"changed" in one.body for one in found] == [True, False]
    assert [one is not None and b"a lie" in one.body for one in found] == [False, False]


async def test_one_invalid_entry(here: Machine) -> None:
    """It is in quarantine, counted, with the reason; all others are there."""
    broken = varied(1, limits={"context": "many"})
    raw = raw_hub(here.place / "raw", here.clock, [varied(0), broken, varied(2)])
    await here.follow(raw)
    await here.look()
    assert (here.state, await here.shown()) == ("fresh", ["acme/coder-0", "acme/coder-2"])
    assert (await here.store.counts()).quarantined == 1
    (reason,) = await here.store.reasons()
    assert (reason.id, reason.standing, "limits.context" in reason.reason) == ("acme/coder-1", "quarantined", True)
    raw.say(*lines_of([varied(0), broken, varied(2)]), b'{"id": 1.5}', b"no JSON", b"\xff" * 10)
    await here.look()
    assert (here.state, (await here.store.counts()).quarantined) == ("fresh", 4)


async def test_schema_too_new(here: Machine) -> None:
    """Single entries are hidden and counted, and come to light with their next form; a whole list too new: upgrade."""
    newer = [varied(1, schema=2), varied(2, requires={"min_client": "99.1"})]
    raw = raw_hub(here.place / "raw", here.clock, [*many(20, 3), *newer])
    await here.follow(raw)
    await here.look()
    assert (here.state, (await here.store.counts()).hidden, len(await here.shown())) == ("fresh", 2, 20)
    raw.say(*lines_of([*many(20, 3), varied(1), newer[1]]))
    raw.add_delta(varied(1))
    await here.look()
    assert ((await here.store.counts()).hidden, len(await here.shown())) == (1, 21)
    raw.min_client = "99.1"
    raw.say(*lines_of(many(30)))
    assert ((await here.look()).kind, here.state, len(await here.shown())) == ("failed", "outdated-client", 21)
    assert "newer modelport" in str(here.sync.status().hint)


async def test_mass_removal(here: Machine) -> None:
    """Held until somebody accepts it."""
    here.publish(*many(60))
    await here.look()
    serial = here.publish(remove=[f"acme/coder-{number}" for number in range(21)])
    await here.look()
    assert (here.state, len(await here.shown())) == ("held", 60)
    await here.sync.accept(serial, by="anna")
    await here.look()
    assert (here.state, len(await here.shown())) == ("fresh", 39)


async def test_clock_ahead(here: Machine) -> None:
    """A false expiry: the hub's `Date` tells, and the list serves on."""
    await here.look()
    here.clock.advance(5 * DAY_S)
    assert (await here.sync.once()).kind == "failed"
    assert (here.state, await has_kept_its_list(here)) == ("clock_skew", True)


async def test_clock_behind(here: Machine) -> None:
    """What was signed is the reference: news are taken, with a warning."""
    await here.look()
    here.clock.advance(-30 * DAY_S)
    here.hub._clock = ManualClock(here.clock.at_ms + 30 * DAY_S * 1000)
    here.publish(*many(30))
    assert (await here.sync.once()).kind == "taken"
    assert (here.state, len(await here.shown())) == ("clock_skew", 30)
    assert "behind what the hub signed" in here.sync.status().warnings[0]


@pytest.mark.parametrize("role", ["timestamp", "root"])
async def test_keys_rotated(here: Machine, role: str) -> None:
    """Followed by itself."""
    await here.look()
    here.hub.rotate(role)
    here.publish(*many(30))
    assert (await here.look()).kind == "taken"
    assert (here.state, len(await here.shown())) == ("fresh", 30)


async def test_hub_gone_for_ever(here: Machine) -> None:
    """Loud after thirty days; the list serves on."""
    await here.look()
    here.served.fail("*", cut_head)
    await here.look(after_s=31 * DAY_S)
    shown = here.sync.status()
    assert (shown.state, shown.age_s is not None and shown.age_s > 30 * DAY_S) == ("stale", True)
    assert "31 days ago" in shown.warnings[0]
    assert await has_kept_its_list(here)


async def test_a_page_instead_of_a_list_is_refused(here: Machine) -> None:
    """A file of another length or form never reaches the list."""
    await here.look()
    here.publish(*many(30))
    here.served.fail("targets/catalog/*.jsonl.gz", said(b"<html>", Content_Type="text/html"))
    assert (await here.look()).kind == "failed"
    assert await has_kept_its_list(here)
