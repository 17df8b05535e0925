"""Who would notice that a model is gone: calls of the last day, when the last one was, and how many are under way."""

from collections.abc import Callable
from typing import Final, Protocol

from msgspec import Struct
from sqlalchemy import func, select

from gateway.operations.workers import DEAD_AFTER_S, live_workers
from gateway.registry.record import ModelRecord
from gateway.storage.clock import rfc3339
from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import usage_calls, usage_daily
from gateway.usage.model import RETRIED, day_of

DAY_MS: Final = 86_400_000


class Traffic(Struct, frozen=True):
    """Calls in the last 24 hours; `last_used` is the time of the last one of these, or the day of an older one."""

    calls_24h: int = 0
    last_used: str | None = None


class Running(Struct, frozen=True):
    """Calls of a model under way, here and elsewhere; `elsewhere` is how many other processes may serve it."""

    calls: int = 0
    elsewhere: int = 0


async def traffic_of(conn: AsyncConnection, model: ModelRecord, team: str, *, now_ms: int) -> Traffic:
    """Return the calls of a model as far as they are on record: the newest ones follow within a second or two.

    The day's rows are looked through by their time: an index by model would cost each call as much as its row does.
    """
    recent = (usage_calls.c.at >= now_ms - DAY_MS, usage_calls.c.model_uid == model.uid)
    query = select(func.count(), func.max(usage_calls.c.at)).where(*recent, usage_calls.c.outcome != RETRIED)
    calls, last = (await conn.execute(query)).one()
    if calls:
        return Traffic(calls, rfc3339(last))
    days = usage_daily.c
    own = (days.team == team, days.model == model.name, days.day >= day_of(model.created_at), days.requests > 0)
    day = (await conn.execute(select(days.day).where(*own).order_by(days.day.desc()).limit(1))).scalar()
    return Traffic(0, day)


class Fleet(Protocol):
    """Which other processes serve calls of this installation now."""

    async def others(self, conn: AsyncConnection, *, now_ms: int) -> list[dict[str, int]]:
        """Return for each living process but this one how many calls of each model run there, by uid."""
        ...


class Alone:
    """No other process."""

    async def others(self, conn: AsyncConnection, *, now_ms: int) -> list[dict[str, int]]:
        """Return none."""
        del conn, now_ms
        return []


class Neighbours:
    """The other processes by their signs of life; `worker` is this one."""

    def __init__(self, worker: str, *, dead_after_s: float = DEAD_AFTER_S) -> None:
        self._worker = worker
        self._dead_after_s = dead_after_s

    async def others(self, conn: AsyncConnection, *, now_ms: int) -> list[dict[str, int]]:
        """Return what runs in each, as it last said."""
        living = await live_workers(conn, now_ms, dead_after_s=self._dead_after_s)
        return [dict(one.inflight) for one in living if one.id != self._worker]


class Watch:
    """Counts calls under way: here exactly, elsewhere by what each process last wrote."""

    def __init__(self, running: Callable[[str], int] = lambda _uid: 0, fleet: Fleet | None = None) -> None:
        self._running = running
        self._fleet = fleet or Alone()

    async def of(self, conn: AsyncConnection, uid: str, *, now_ms: int) -> Running:
        """Return what runs of the model."""
        return (await self.survey(conn, now_ms=now_ms))(uid)

    async def survey(self, conn: AsyncConnection, *, now_ms: int) -> Callable[[str], Running]:
        """Return the same for every model, by uid: for whoever asks about many."""
        others = await self._fleet.others(conn, now_ms=now_ms)

        def of(uid: str) -> Running:
            return Running(self._running(uid) + sum(one.get(uid, 0) for one in others), len(others))

        return of
