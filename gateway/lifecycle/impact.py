"""Who would notice that a model is gone: calls of the last day, when the last one was, and how many are under way."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.operations.workers import DEAD_AFTER_S, live_workers
from gateway.storage.schema import usage_calls

DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Traffic:
    """Calls in the last 24 hours, and when the last call of all was (ms)."""

    calls_24h: int = 0
    last_used: int | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """Calls of a model under way, here and elsewhere; `elsewhere` is how many other processes may serve it."""

    calls: int = 0
    elsewhere: int = 0


async def traffic_of(conn: AsyncConnection, uid: str, *, now_ms: int) -> Traffic:
    """Return the calls of a model as far as they are on record: the newest ones follow within a second or two."""
    own = usage_calls.c.model_uid == uid
    last = (await conn.execute(select(func.max(usage_calls.c.at)).where(own))).scalar_one()
    if last is None or last < now_ms - DAY_MS:
        return Traffic(0, last)
    recent = select(func.count()).where(own, usage_calls.c.at >= now_ms - DAY_MS, usage_calls.c.outcome != "retried")
    return Traffic((await conn.execute(recent)).scalar_one(), last)


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
