"""Who was shown which variant: counted under a keyed hash, and told as numbers alone, from 20 units on (CAT-41)."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import delete, func, select, text

from gateway.catalogue.experiments.experiment import Experiment
from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import experiment_exposures as table

LEAST_UNITS: Final = 20
"""Fewer units than this could be told apart by who knows who they are."""
_COLUMNS: Final = "experiment, variant, unit_hash, count, at"
# One upsert in words that both databases understand, as for the sums of usage.
_ADD: Final = text(
    f"INSERT INTO experiment_exposures ({_COLUMNS}) VALUES (:experiment, :variant, :unit_hash, :count, :at) "  # noqa: S608 - names of our own table, values are parameters
    "ON CONFLICT (experiment, variant, unit_hash) "
    "DO UPDATE SET count = experiment_exposures.count + excluded.count, at = excluded.at"
)


class Exposure(NamedTuple):
    """A unit was shown a variant. `at` is in ms."""

    experiment: str
    variant: str
    unit_hash: str
    at: int


class Shown(NamedTuple):
    """How many units were shown a variant, and how often."""

    units: int
    times: int


async def add(conn: AsyncConnection, exposures: Sequence[Exposure]) -> None:
    """Count them; rows are written in one order, so that two processes never wait for each other crosswise."""
    counted: dict[tuple[str, str, str], list[int]] = {}
    for one in exposures:
        found = counted.setdefault(one[:3], [0, one.at])
        found[0] += 1
        found[1] = max(found[1], one.at)
    rows = [
        {"experiment": key[0], "variant": key[1], "unit_hash": key[2], "count": count, "at": at}
        for key, (count, at) in sorted(counted.items())
    ]
    await conn.execute(_ADD, rows)


async def count(conn: AsyncConnection, experiments: Collection[str]) -> Mapping[tuple[str, str], Shown]:
    """Return what was counted, by experiment and variant; fewer than 20 units are left out."""
    row = table.c
    units = func.count()
    query = (
        select(row.experiment, row.variant, units, func.sum(row.count))
        .where(row.experiment.in_(experiments))
        .group_by(row.experiment, row.variant)
        .having(units >= LEAST_UNITS)
    )
    return {(found[0], found[1]): Shown(int(found[2]), int(found[3])) for found in await conn.execute(query)}


async def forget(conn: AsyncConnection, unit_hashes: Collection[str]) -> int:
    """Delete what was counted of these units and return how many rows that were."""
    if not unit_hashes:
        return 0
    return (await conn.execute(delete(table).where(table.c.unit_hash.in_(unit_hashes)))).rowcount


async def sweep(conn: AsyncConnection, experiments: Collection[Experiment], before_ms: int) -> int:
    """Delete rows of experiments that are in no file any more and were last shown before this moment."""
    known = [one.id for one in experiments]
    return (await conn.execute(delete(table).where(table.c.experiment.not_in(known), table.c.at < before_ms))).rowcount


async def experiments(conn: AsyncConnection) -> Sequence[str]:
    """Return the ids of those that anything was counted of."""
    return (await conn.execute(select(table.c.experiment).distinct())).scalars().all()
