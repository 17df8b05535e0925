"""Which processes live: what each says, how often, and when nobody waits for it any more."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from gateway.operations.workers import Heartbeat, all_workers, live_workers, sweep
from gateway.storage.engine import Database
from gateway.storage.schema import meta
from tests.clock import ManualClock


@dataclass
class Says:
    """What a process would say."""

    version: int = 1
    running: dict[str, int] = field(default_factory=dict)

    def heart(self, database: Database, clock: ManualClock, name: str, **fields: float) -> Heartbeat:
        """Return its heart."""
        return Heartbeat(database, clock, worker=name, role="server", seen=self.seen, inflight=self.inflight, **fields)

    def seen(self) -> int:
        """Return the revision."""
        return self.version

    def inflight(self) -> Mapping[str, int]:
        """Return the calls."""
        return self.running


async def _beats(database: Database) -> dict[str, int]:
    async with database.read() as conn:
        return {one.id: one.heartbeat_at for one in await all_workers(conn)}


async def test_a_process_says_what_it_has_seen_and_what_runs(database: Database, clock: ManualClock) -> None:
    """One row for each process, whatever it says."""
    says = Says(7, {"mdl_a": 2})
    heart = says.heart(database, clock, "wrk_a")
    await heart.beat()
    says.version, says.running = 8, {"mdl_b": 1}
    clock.advance(1)
    await heart.beat()
    async with database.read() as conn:
        (found,) = await live_workers(conn, clock.now_ms())
    assert (found.id, found.role, found.seen_version, found.inflight) == ("wrk_a", "server", 8, {"mdl_b": 1})
    assert heart.living == 1


async def test_the_same_is_said_every_five_seconds_alone(database: Database, clock: ManualClock) -> None:
    """A quiet process writes little, and still never looks dead; a change is said at once."""
    says = Says()
    heart = says.heart(database, clock, "wrk_a")
    written = []
    for _ in range(20):
        await heart.beat()
        written.append((await _beats(database))["wrk_a"])
        clock.advance(1)
    assert len(set(written)) == 4
    says.version = 2
    await heart.beat()
    assert (await _beats(database))["wrk_a"] == clock.now_ms()


async def test_a_short_patience_makes_it_speak_more_often(database: Database, clock: ManualClock) -> None:
    """At least three times before anybody gives it up."""
    heart = Says().heart(database, clock, "wrk_a", dead_after_s=3)
    for _ in range(10):
        await heart.beat()
        clock.advance(1)
        async with database.read() as conn:
            assert await live_workers(conn, clock.now_ms(), dead_after_s=3)


async def test_silence_counts_as_death(database: Database, clock: ManualClock) -> None:
    """After 15 s, and the row is shown for an hour."""
    heart = Says().heart(database, clock, "wrk_a")
    await heart.beat()
    for seconds, lives in ((14.9, True), (0.2, False)):
        clock.advance(seconds)
        async with database.read() as conn:
            assert bool(await live_workers(conn, clock.now_ms())) is lives
    assert list(await _beats(database)) == ["wrk_a"]
    clock.advance(3600)
    async with database.write() as conn:
        await sweep(conn, clock.now_ms())
    assert await _beats(database) == {}
    await heart.beat()
    assert list(await _beats(database)) == ["wrk_a"]


async def test_a_process_that_stops_takes_its_row_along(database: Database, clock: ManualClock) -> None:
    """And a beat that comes late does not bring it back."""
    a, b = (Says().heart(database, clock, name) for name in ("wrk_a", "wrk_b"))
    await a.beat()
    await b.beat()
    await a.leave()
    await a.beat()
    assert list(await _beats(database)) == ["wrk_b"]


async def test_others_are_all_the_living_but_oneself(database: Database, clock: ManualClock) -> None:
    """What runs in them, by model."""
    a, b = Says(running={"mdl_a": 1}), Says(running={"mdl_a": 2, "mdl_b": 1})
    hearts = [a.heart(database, clock, "wrk_a"), b.heart(database, clock, "wrk_b")]
    for heart in hearts:
        await heart.beat()
    async with database.read() as conn:
        assert await hearts[0].others(conn, now_ms=clock.now_ms()) == [{"mdl_a": 2, "mdl_b": 1}]
    clock.advance(16)
    async with database.read() as conn:
        assert await hearts[0].others(conn, now_ms=clock.now_ms()) == []


async def test_a_survey_is_not_older_than_the_question(database: Database, clock: ManualClock) -> None:
    """Oneself as one is now, and the database's own revision."""
    says = Says(3)
    heart = says.heart(database, clock, "wrk_a")
    await heart.survey()
    says.version, says.running = 4, {"mdl_a": 1}
    clock.advance(0.001)
    workers, version = await heart.survey()
    assert [(one.seen_version, one.inflight) for one in workers] == [(4, {"mdl_a": 1})]
    assert version == 0


@pytest.mark.parametrize("counter", ["registry_version", "keys_version"])
async def test_a_beat_is_no_change_of_the_registry(database: Database, clock: ManualClock, counter: str) -> None:
    """Nobody reads anything again because a process lives."""
    await Says().heart(database, clock, "wrk_a").beat()
    async with database.read() as conn:
        assert (await conn.execute(select(meta.c.value).where(meta.c.key == counter))).scalar_one() == "0"
