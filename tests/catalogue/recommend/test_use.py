"""What a team's use tells, from the rows of usage, on both databases."""

from typing import Any

import pytest
from sqlalchemy import insert

from gateway.catalogue.recommend.forgetting import forget, forgotten_at, sweep
from gateway.catalogue.recommend.use import Use, read_use
from gateway.storage.engine import Database
from gateway.storage.schema import models, teams
from tests.usage.records import at, record, write

NOW = at("2026-01-15", 18)


async def _model(
    database: Database, name: str, entry: str | None, *, state: str = "active", team: str = "team1"
) -> None:
    stamps = {"rev": 1, "created_at": 1, "updated_at": 1}
    async with database.write() as conn:
        known = await conn.execute(teams.select().where(teams.c.name == team))
        if known.first() is None:
            await conn.execute(insert(teams).values(id=f"id_{team}", name=team, **stamps))
        values: dict[str, Any] = {"uid": f"mdl_{name}", "team_id": f"id_{team}", "name": name, "task": "chat"}
        await conn.execute(insert(models).values(**values, state=state, catalogue_id=entry, **stamps))


async def _read(database: Database, **more: Any) -> Use:
    async with database.read() as conn:
        return await read_use(conn, "team1", NOW, **more)


@pytest.fixture
async def used(database: Database) -> Database:
    """Give a database in which a team used two entries, and another team one of them."""
    for name, entry in (("a", "acme/a"), ("b", "acme/b"), ("own", None)):
        await _model(database, name, entry)
    await _model(database, "elsewhere", "acme/a", team="team2")
    await write(
        database,
        *(record("2026-01-15", model="a", model_uid="mdl_a", ttfb_ms=time) for time in (100.0, 200.0, 300.0)),
        record("2026-01-15", model="a", model_uid="mdl_a", status=503, outcome="complete", ttfb_ms=9.0),
        record("2026-01-15", model="a", model_uid="mdl_a", status=404, outcome="complete", ttfb_ms=9.0),
        record("2026-01-15", model="a", model_uid="mdl_a", status=499, outcome="cancelled"),
        record("2026-01-01", model="b", model_uid="mdl_b", ttfb_ms=400.0),
        record("2026-01-01", model="b", model_uid="mdl_b", status=200, outcome="broken", ttfb_ms=9000.0),
        record("2026-01-15", model="own", model_uid="mdl_own", ttfb_ms=1.0),
        record("2026-01-15", team="team2", model="elsewhere", model_uid="mdl_elsewhere", ttfb_ms=1.0),
        record("2026-01-15", team="team2", model="a", model_uid="mdl_a", ttfb_ms=1.0),
    )
    return database


async def test_use_is_weighted_by_age_and_is_the_teams_alone(used: Database) -> None:
    """14 days count half; what did not come from the catalogue counts nowhere."""
    found = await _read(used)
    assert {entry: one.weighted for entry, one in found.entries.items()} == {"acme/a": 6.0, "acme/b": 1.0}
    assert found.weighted == 7.0
    assert found.models == {"acme/a": ("a",), "acme/b": ("b",)}


async def test_latency_and_errors_are_measured_over_calls_that_say_something(used: Database) -> None:
    """A median of what went well; the upstream's failures are errors, the caller's mistakes and leaving are not."""
    found = await _read(used)
    a, b = found.entries["acme/a"], found.entries["acme/b"]
    assert (a.calls, a.errors, a.first_byte_ms) == (6, 1, 200.0)
    assert (b.calls, b.errors, b.first_byte_ms) == (0, 0, None), "its calls are older than 14 days to the hour"
    assert found.first_byte_ms == 200.0


async def test_what_was_forgotten_counts_for_nothing(used: Database) -> None:
    """The rows are still there; from the next day on the sums count again."""
    async with used.write() as conn:
        await forget(conn, "id_team1", NOW - 1)
        await forget(conn, "id_team1", NOW)
    async with used.read() as conn:
        moment = await forgotten_at(conn, "team1")
    assert moment == NOW
    found = await _read(used, forgotten_at=moment)
    assert (found.entries, found.weighted, found.first_byte_ms) == ({}, 0, None)
    assert found.models == {"acme/a": ("a",), "acme/b": ("b",)}
    yesterday = await _read(used, forgotten_at=NOW - 86_400_000)
    assert {entry: one.weighted for entry, one in yesterday.entries.items()} == {"acme/a": 6.0}


async def test_what_a_team_that_is_gone_forgot_is_swept(used: Database) -> None:
    """A team's own moment stays."""
    async with used.write() as conn:
        await forget(conn, "id_team1", NOW)
        await forget(conn, "id_nobody", NOW)
        assert await sweep(conn) == 1
        assert await forgotten_at(conn, "team1") == NOW


async def test_a_name_that_was_given_anew_counts_for_who_has_it_now(database: Database) -> None:
    """Sums of days know names; a deleted model that had the name is not confused with its heir."""
    await _model(database, "heir", "acme/new")
    async with database.write() as conn:
        gone = {"uid": "mdl_gone", "team_id": "id_team1", "name": "heir", "task": "chat", "state": "deleted"}
        await conn.execute(insert(models).values(**gone, catalogue_id="acme/old", rev=1, created_at=0, updated_at=0))
    await write(database, record("2026-01-15", model="heir", model_uid="mdl_heir"))
    found = await _read(database)
    assert {entry: one.weighted for entry, one in found.entries.items()} == {"acme/new": 1.0}
    assert found.models == {"acme/new": ("heir",)}


async def test_a_team_without_models_of_the_catalogue_knows_nothing(database: Database) -> None:
    """And nothing is asked of the table of calls."""
    found = await _read(database)
    assert (found.entries, found.weighted, found.models) == ({}, 0, {})
