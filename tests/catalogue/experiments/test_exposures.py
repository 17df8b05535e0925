"""CAT-41 on both databases: counted under keyed hashes, told from 20 units on, forgotten and swept."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway.catalogue.experiments import exposures
from gateway.catalogue.experiments.bucketing import pseudonym
from gateway.catalogue.experiments.exposures import LEAST_UNITS, Exposure, Shown
from gateway.catalogue.experiments.secret import InstallSecret
from gateway.catalogue.experiments.showing import Experiments
from gateway.storage.clock import SystemClock
from gateway.storage.engine import Database
from gateway.storage.schema import experiment_exposures, secrets
from gateway.usage.model import DAY_MS
from tests.catalogue.experiments.test_experiment import experiment
from tests.vault.test_vault import NEW, OLD, vault_of

NOW = SystemClock().now_ms()


def many(number: int, variant: str = "new", *, at: int = NOW, of: str = "order-1") -> list[Exposure]:
    """Return an exposure of so many units."""
    return [Exposure(of, variant, f"{of}-{variant}-{unit}", at) for unit in range(number)]


async def _add(database: Database, *rows: Exposure) -> None:
    async with database.write() as conn:
        await exposures.add(conn, rows)


async def _count(database: Database) -> dict[tuple[str, str], Shown]:
    async with database.read() as conn:
        return dict(await exposures.count(conn, ["order-1", "order-2"]))


async def test_numbers_are_told_from_twenty_units_on(database: Database) -> None:
    """However often fewer ones came."""
    few = many(LEAST_UNITS - 1)
    await _add(database, *few, *few, *many(LEAST_UNITS, "control"))
    assert await _count(database) == {("order-1", "control"): Shown(20, 20)}
    await _add(database, *many(LEAST_UNITS))
    assert await _count(database) == {("order-1", "control"): Shown(20, 20), ("order-1", "new"): Shown(20, 58)}


async def test_what_was_counted_of_a_unit_is_forgotten(database: Database) -> None:
    """The row goes, not only its number."""
    await _add(database, *many(21))
    async with database.write() as conn:
        assert await exposures.forget(conn, ["order-1-new-3", "order-1-new-4", "somebody-else"]) == 2
        assert await exposures.forget(conn, []) == 0
    assert await _count(database) == {}
    async with database.read() as conn:
        assert (await conn.execute(select(func.count()).select_from(experiment_exposures))).scalar_one() == 19


async def test_experiments_that_are_long_gone_are_swept(database: Database, tmp_path: Path) -> None:
    """After 90 days; those that the hub has are kept, however old."""
    old = NOW - 91 * DAY_MS
    await _add(database, *many(1, at=old), *many(1, at=old, of="order-2"), *many(1, of="order-3"))
    experiments = Experiments(database, InstallSecret(database, vault_of(database, tmp_path)))
    assert await experiments.sweep([experiment()], NOW) == 1
    async with database.read() as conn:
        assert sorted(await exposures.experiments(conn)) == ["order-1", "order-3"]


async def test_all_processes_have_one_secret_which_is_sealed(database: Database, tmp_path: Path) -> None:
    """Two that ask at once for the first time have the same; the database does not show it."""
    several = [InstallSecret(database, vault_of(database, tmp_path)) for _ in range(4)]
    found = await asyncio.gather(*(one.get() for one in several))
    assert len(set(found)) == 1
    assert len(found[0]) == 32
    async with database.read() as conn:
        rows = (await conn.execute(select(secrets))).all()
    assert len(rows) == 1
    assert found[0] not in b"".join(value for value in rows[0] if isinstance(value, bytes))


async def test_showing_an_experiment_counts_it_once_for_each_answer(database: Database, tmp_path: Path) -> None:
    """By team and by key; who has no key takes part in none about keys."""
    secret = InstallSecret(database, vault_of(database, tmp_path))
    experiments = Experiments(database, secret)
    both = [experiment(), experiment("order-2", unit="key")]
    shown = await experiments.shown(both, {"team": "tea_1", "key": "key_1"}, NOW, provider=None)
    assert [(one.experiment, one.unit_hash) for one in shown] == [
        ("order-1", pseudonym(await secret.get(), "order-1", "tea_1")),
        ("order-2", pseudonym(await secret.get(), "order-2", "key_1")),
    ]
    assert shown == await experiments.shown(both, {"team": "tea_1", "key": "key_1"}, NOW, provider=None)
    keyless = await experiments.shown(both, {"team": "tea_1", "key": None}, NOW, provider=None)
    assert [one.experiment for one in keyless] == ["order-1"]
    for _ in range(3):
        await experiments.note(shown, NOW)
    row = experiment_exposures.c
    async with database.read() as conn:
        counted = (await conn.execute(select(row.experiment, row.variant, row.count).order_by(row.experiment))).all()
        stored = str((await conn.execute(select(experiment_exposures))).all())
    assert [tuple(one) for one in counted] == [(one.experiment, one.effect.name, 3) for one in shown]
    assert "tea_1" not in stored
    assert set(await experiments.hashes_of(["tea_1", "key_1"])) >= {one.unit_hash for one in shown}


async def test_without_the_secret_nobody_takes_part(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It was sealed under a key that this process does not have: the log says so, and recommendations go on."""
    await InstallSecret(database, vault_of(database, tmp_path, {"KEK": OLD})).get()
    experiments = Experiments(database, InstallSecret(database, vault_of(database, tmp_path, {"KEK": NEW})))
    assert await experiments.shown([experiment()], {"team": "tea_1", "key": None}, NOW, provider=None) == ()
    assert "no experiment is carried out" in caplog.text
