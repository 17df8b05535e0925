"""Which variants a caller is shown now, from our own buckets or the team's provider, and the count of it."""

import contextlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gateway.catalogue.experiments import exposures
from gateway.catalogue.experiments.bucketing import pseudonym
from gateway.catalogue.experiments.experiment import Experiment, Variant, assign, is_member
from gateway.catalogue.experiments.exposures import Exposure, Shown
from gateway.catalogue.experiments.provider import OpenFeatureVariants
from gateway.catalogue.experiments.secret import InstallSecret
from gateway.errors import GatewayError, Unavailable
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database
from gateway.usage.model import DAY_MS, day_of

logger = logging.getLogger("modelport.catalogue")

_KEPT_DAYS = 90
"""Counts of experiments that the hub no longer has are kept for so long."""


class Showing(NamedTuple):
    """A variant that is shown, and under what it is counted."""

    experiment: str
    effect: Variant
    unit_hash: str


class Experiments:
    """Carries out what the hub's file says. `provider` decides in place of the buckets where a team has one."""

    def __init__(self, database: Database, secret: InstallSecret) -> None:
        self._database = database
        self._secret = secret
        self._provider: tuple[str, OpenFeatureVariants] | None = None

    async def shown(
        self, experiments: Iterable[Experiment], units: Mapping[str, str | None], now_ms: int, *, provider: str | None
    ) -> tuple[Showing, ...]:
        """Return the variants of a caller whose `units` are its team's and its key's id.

        Where the secret cannot be had, nobody takes part in anything: recommendations go on without.
        """
        today = day_of(now_ms)
        running = [(one, unit) for one in experiments if one.standing(today) == "running" and (unit := units[one.unit])]
        if not running:
            return ()
        try:
            secret = await self._secret.get()
            found = [await self._one(one, secret, unit, provider) for one, unit in running]
        except GatewayError as error:
            logger.warning("no experiment is carried out: %s", error.message)
            return ()
        return tuple(one for one in found if one is not None)

    async def note(self, showings: Sequence[Showing], now_ms: int) -> None:
        """Count that they were shown. A database that is away loses a count, and keeps nobody waiting for an error."""
        if showings:
            rows = [Exposure(one.experiment, one.effect.name, one.unit_hash, now_ms) for one in showings]
            with contextlib.suppress(Unavailable):
                async with self._database.write() as conn:
                    await exposures.add(conn, rows)

    async def counted(self, experiments: Sequence[Experiment]) -> Mapping[tuple[str, str], Shown]:
        """Return how many were shown each variant; nothing of fewer than 20."""
        if not experiments:
            return {}
        async with self._database.read() as conn:
            return await exposures.count(conn, [one.id for one in experiments])

    async def hashes_of(self, units: Sequence[str]) -> tuple[str, ...]:
        """Return under what these units are counted, in every experiment that anything was counted of."""
        async with self._database.read() as conn:
            known = await exposures.experiments(conn)
        if not known:
            return ()
        secret = await self._secret.get()
        return tuple(pseudonym(secret, experiment, unit) for experiment in known for unit in units)

    async def forget(self, conn: AsyncConnection, hashes: Sequence[str]) -> int:
        """Delete what was counted under these, inside the caller's transaction, and return how many rows."""
        return await exposures.forget(conn, hashes)

    async def sweep(self, experiments: Sequence[Experiment], now_ms: int) -> int:
        """Delete counts of experiments that are long gone."""
        async with self._database.write() as conn:
            return await exposures.sweep(conn, experiments, now_ms - _KEPT_DAYS * DAY_MS)

    async def _one(self, experiment: Experiment, secret: bytes, unit: str, provider: str | None) -> Showing | None:
        unit_hash = pseudonym(secret, experiment.id, unit)
        if provider is None:
            variant = assign(experiment, secret, unit)
        elif is_member(experiment, secret, unit):
            variant = await self._provided(provider).variant(experiment, unit_hash)
        else:
            variant = None
        effect = None if variant is None else experiment.effect(variant)
        return None if effect is None else Showing(experiment.id, effect, unit_hash)

    def _provided(self, name: str) -> OpenFeatureVariants:
        if self._provider is None or self._provider[0] != name:
            self._provider = (name, OpenFeatureVariants(name))
        return self._provider[1]
