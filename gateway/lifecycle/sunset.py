"""What happens by itself when its time has come: announced models are retired, deleted ones are purged.

The retirement is that of everybody else, with references=restrict: what somebody still points at stays deprecated and
raises an alarm (a warning in the log, `modelport_models_overdue`), never a silent cascade (lifecycle.md section 2).

Every process looks; the one with the lease acts. Nothing is written while nothing is due.
"""

import json
import logging
from collections.abc import Sequence
from typing import Any, Final, Protocol

from sqlalchemy import exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.api.acting import SYSTEM, act_as
from gateway.api.permissions import ROLES, Role
from gateway.api.principal import Principal
from gateway.errors import Conflict, GatewayError, NotFound, Unavailable
from gateway.lifecycle.case import Wanted
from gateway.lifecycle.mass import PURGE_MODELS
from gateway.lifecycle.purge import due
from gateway.lifecycle.rules import Operations
from gateway.lifecycle.states import State
from gateway.registry.service.change import Changes
from gateway.storage.clock import Clock
from gateway.storage.connection import AsyncConnection
from gateway.storage.engine import Database
from gateway.storage.schema import meta, models

LOOK_S: Final = 30.0
LEASE_MS: Final = 90_000
"""Silence of the process with the lease after which another one acts: three looks."""
PURGE_TARGET: Final = "purge-when-due"
"""What the operation of the purge holds, so that there is one at a time."""
_AT_ONCE: Final = 200
_KEY: Final = "janitor"
_ITSELF: Final = Principal(None, "modelport", Role.ADMIN, ROLES[Role.ADMIN])

logger = logging.getLogger("modelport.sunset")


class Retires(Protocol):
    """How a model is deleted."""

    async def retire(self, principal: Principal, named: str, wanted: Wanted) -> Any:
        """Delete it, or raise why not."""
        ...


class Janitor:
    """Looks for models whose time has come. `owner` is this process' id, `overdue` how many could not go."""

    def __init__(  # noqa: PLR0913 - keyword-only
        self,
        database: Database,
        changes: Changes,
        clock: Clock,
        *,
        retirement: Retires,
        operations: Operations,
        owner: str,
    ) -> None:
        self.overdue = 0
        self._database = database
        self._changes = changes
        self._clock = clock
        self._retirement = retirement
        self._operations = operations
        self._owner = owner
        self._told: dict[str, str] = {}
        self._after = ""

    async def step(self) -> None:
        """Look once, and do what is due if this process has the lease."""
        now_ms = self._clock.now_ms()
        async with self._database.read() as conn:
            announced = await _announced(conn, now_ms)
            purges = bool((await conn.execute(select(exists().where(*due(now_ms))))).scalar_one())
        self.overdue = len(announced)
        self._told = {uid: why for uid, why in self._told.items() if uid in announced}
        if not (announced or purges) or not await self._leased(now_ms):
            return
        with act_as(SYSTEM):
            self.overdue -= await self._retire(self._turn(announced))
            if purges:
                await self._purge(now_ms)

    def _turn(self, announced: Sequence[str]) -> Sequence[str]:
        """Return some, in turn: very many that cannot go do not keep the others."""
        ordered = [uid for uid in announced if uid > self._after] + [uid for uid in announced if uid <= self._after]
        some = ordered[:_AT_ONCE]
        self._after = some[-1] if some else ""
        return some

    async def _retire(self, uids: Sequence[str]) -> int:
        """Retire these models and return how many are gone; the rest is told once each."""
        gone = 0
        for uid in uids:
            try:
                if uid in self._told:  # a refusal stands on the record once, not with every look
                    await self._retirement.retire(_ITSELF, uid, Wanted(dry_run=True))
                await self._retirement.retire(_ITSELF, uid, Wanted())
            except (NotFound, Unavailable):  # gone already, or for the next look
                continue
            except GatewayError as refusal:
                self._tell(uid, refusal)
            else:
                gone += 1
                logger.info("model %s was retired: its sunset has come", uid)
        return gone

    def _tell(self, uid: str, refusal: GatewayError) -> None:
        if self._told.get(uid) != refusal.message:
            self._told[uid] = refusal.message
            logger.warning("the sunset of a model has come, but it stays deprecated: %s", refusal.message)

    async def _purge(self, now_ms: int) -> None:
        try:
            async with self._changes.begin() as change:
                await self._operations.create(
                    change.conn,
                    PURGE_MODELS,
                    target=PURGE_TARGET,
                    target_name="models whose time has come",
                    parameters={"planned_at": now_ms},
                )
        except Conflict:
            logger.debug("a purge is at work already")

    async def _leased(self, now_ms: int) -> bool:
        """Whether this process acts now: it has the lease, or takes it from one that has been silent."""
        mine = json.dumps({"owner": self._owner, "until": now_ms + LEASE_MS})
        try:
            async with self._database.write() as conn:
                text = (await conn.execute(select(meta.c.value).where(meta.c.key == _KEY))).scalar_one_or_none()
                if text is None:
                    await conn.execute(insert(meta).values(key=_KEY, value=mine))
                    return True
                held = json.loads(text)
                if held["owner"] != self._owner and held["until"] > now_ms:
                    return False
                same = (meta.c.key == _KEY, meta.c.value == text)
                return (await conn.execute(update(meta).where(*same).values(value=mine))).rowcount == 1
        except IntegrityError:  # another process was faster
            return False


async def _announced(conn: AsyncConnection, now_ms: int) -> list[str]:
    """Return the models whose sunset has come, by uid."""
    come = (models.c.state == State.DEPRECATED, models.c.sunset_at <= now_ms)
    return list((await conn.execute(select(models.c.uid).where(*come).order_by(models.c.uid))).scalars())
