"""What is remembered from look to look, changed by what came of each, and shared through the list's own file."""

import contextlib
import logging
import sqlite3
from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from gateway.catalogue.store.errors import Broken, Empty, Full
from gateway.catalogue.store.store import CatalogueStore
from gateway.catalogue.sync.brake import Held
from gateway.catalogue.sync.pace import next_look_s, rest_s
from gateway.catalogue.sync.situation import (
    Failure,
    Situation,
    State,
    Waiting,
    read_situation,
    write_situation,
)
from gateway.catalogue.trust.errors import HubError
from gateway.catalogue.trust.hub import Trusted
from gateway.errors import GatewayError
from gateway.storage.clock import Clock

logger = logging.getLogger("modelport.catalogue")

_NOTE: Final = "sync"
_PATIENCE: Final = 3
"""Answers of a captive portal before it is an alarm: a laptop in a hotel has one or two."""
_UNREADABLE: Final = (Broken, Empty, Full, sqlite3.Error, OSError)


class SituationMemory:
    """The situation as this process knows it."""

    def __init__(self, store: CatalogueStore, clock: Clock, *, every_s: float, chance: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._every_s = every_s
        self._chance = chance
        self.situation = Situation()

    async def learn(self) -> None:
        """Take over what another process noted later."""
        with contextlib.suppress(*_UNREADABLE):
            noted = read_situation(await self._store.read_note(_NOTE))
            if noted.looked_at_ms > self.situation.looked_at_ms:
                self.situation = noted

    async def keep(self) -> None:
        """Note it for other processes; where that is not possible, this one knows it."""
        with contextlib.suppress(*_UNREADABLE):
            await self._store.write_note(_NOTE, write_situation(self.situation))

    def change(self, **values: Any) -> None:
        """Change members; the time of the last look becomes now."""
        now_ms = max(self._clock.now_ms(), self.situation.looked_at_ms + 1)
        self.situation = replace(self.situation, looked_at_ms=now_ms, **values)

    def is_resting(self, *, forced: bool) -> bool:
        """Return whether the hub is to be left alone now."""
        one = self.situation
        return self._clock.now_ms() < one.not_before_ms and (one.asked_to_wait or not forced)

    def next_look_s(self) -> float:
        """Return in how many seconds the next look is due."""
        now_ms = self._clock.now_ms()
        return next_look_s(self.situation, now_ms, every_s=self._every_s, chance=self._chance())

    def believed(self, trusted: Trusted, *, held: Waiting | None = None) -> None:
        """The hub said something that is true, and the list follows it, or waits where it is `held`."""
        self.change(
            checked_at_ms=self._clock.now_ms(),
            failure=None,
            failures=0,
            captive=0,
            held=held,
            accepted=None,
            not_before_ms=0,
            asked_to_wait=False,
            clock_behind_ms=trusted.clock_behind_ms,
            received=trusted.received,
        )

    def held(self, error: Held) -> None:
        """The hub was believed, and its list waits for somebody."""
        now_ms = self._clock.now_ms()
        logger.error("catalogue alarm: %s; %s", error.message, error.hint)
        self.change(
            checked_at_ms=now_ms,
            failure=None,
            failures=0,
            captive=0,
            held=Waiting(error.serial, error.removed, error.limit, now_ms),
            not_before_ms=0,
            asked_to_wait=False,
        )

    def rebuilt(self) -> None:
        """The file was damaged, and begins anew with the list that came along, until the hub is believed again."""
        now_ms = self._clock.now_ms()
        message = "the catalogue's file was damaged; it is kept beside as .corrupt, and the hub's list is fetched again"
        self.change(failure=Failure("rebuilding", "broken", message, now_ms, now_ms), not_before_ms=0)

    def failed(self, error: GatewayError) -> None:
        """Nothing came of it: remember why, and when to try again."""
        now_ms = self._clock.now_ms()
        before = self.situation
        state, kind = _told(error)
        since_ms = before.failure.since_ms if before.failure is not None and before.failure.state == state else now_ms
        captive = before.captive + 1 if kind == "captive" else 0
        failures = before.failures + 1
        asked_s = error.retry_after_s if isinstance(error, HubError) else None
        rest = rest_s(failures, every_s=self._every_s, chance=self._chance(), retry_after_s=asked_s)
        self._log(error, kind, captive)
        self.change(
            failure=Failure(state, kind, error.message, now_ms, since_ms, error.hint),
            failures=failures,
            captive=captive,
            not_before_ms=now_ms + round(rest * 1000),
            asked_to_wait=asked_s is not None and asked_s > 0,
        )

    def _log(self, error: GatewayError, kind: str, captive: int) -> None:
        """Say it once, and loudly where somebody may be attacking."""
        before = self.situation.failure
        is_alarming = (isinstance(error, HubError) and error.is_alarming) or captive >= _PATIENCE
        if is_alarming:
            logger.error("catalogue alarm: %s; %s", error.message, error.hint)
        elif before is None or before.kind != kind:
            logger.warning("the catalogue stays as it is: %s", error.message)


def _told(error: GatewayError) -> tuple[State, str]:
    if isinstance(error, HubError):
        return error.state, error.kind
    if isinstance(error, Full):
        return "disk-full", "disk-full"
    if isinstance(error, Broken):
        return "rebuilding", "broken"
    if isinstance(error, Empty):
        return "stale", "empty"
    return "untrusted", "unfit"
