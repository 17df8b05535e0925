"""Models that were deleted together and whose calls under way may end first: brought to their end (LIF-6).

First every living process must serve a registry that knows of the deletion. Then a model of which nothing runs any
more is deleted with the others of its kind; one of which something runs gets the operation of a single drain, which
sees to the grace, and this one waits for that. Nobody is left between two states: a wish to cancel ends nothing here.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from msgspec.structs import replace
from sqlalchemy import func, select

from gateway.lifecycle.drain import Fleet
from gateway.lifecycle.retire import DRAIN
from gateway.lifecycle.rules import Operations
from gateway.lifecycle.states import Event, State, follow
from gateway.operations.job import Job
from gateway.operations.store import items, running_on
from gateway.operations.workers import Worker
from gateway.registry.record import ModelRecord
from gateway.registry.service.change import Change, Changes
from gateway.registry.service.recorded import changed
from gateway.registry.store.tables import MODELS, TEAMS
from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import models, teams

_SOON_S: Final = 0.25
_SOME: Final = 250


class _Part(NamedTuple):
    """Some of an operation's models: those that drain, and the place of the last item that was looked at."""

    draining: Sequence[ModelRecord]
    last: int


class Settling:
    """Ends what a bulk deletion began. `fleet` tells which processes serve, and what."""

    def __init__(self, changes: Changes, fleet: Fleet, operations: Operations) -> None:
        self._changes = changes
        self._fleet = fleet
        self._operations = operations

    async def settle(self, job: Job) -> None:
        """Return when every living process knows, and none of the operation's models drains any more.

        The cursor goes on with `settled`, the item that was looked at last, and `drains`, models that are waited for.
        """
        workers, newest = await self._fleet.survey()
        version = int(job.record.cursor.get("version", newest))
        await self._changes.follow(version, keys=True)
        workers, _ = await self._fleet.survey()
        while behind := [one for one in workers if one.seen_version < version]:
            await _tell(job, behind)
            await job.pause(_SOON_S)
            workers, _ = await self._fleet.survey()
        while part := await self._next(job):
            job.check()
            await self._end(job, part, workers)
        while await self._waiting(job):
            await job.pause(_SOON_S)

    async def _next(self, job: Job) -> _Part | None:
        """Return the next models that drain, None when there are no more."""
        after = int(job.record.cursor.get("settled", -1))
        async with self._changes.read() as conn:
            while found := await items(conn, job.record.id, after=after, limit=_SOME):
                after = found[-1].position
                uids = [one.item for one in found]
                draining = await MODELS.all(conn, models.c.uid.in_(uids), models.c.state == State.DRAINING)
                if draining:
                    return _Part(draining, after)
        return None

    async def _end(self, job: Job, part: _Part, workers: Sequence[Worker]) -> None:
        """Delete those of which nothing runs; have the others drain one by one."""
        uids = [one.uid for one in part.draining if not any(worker.inflight.get(one.uid) for worker in workers)]
        async with self._changes.begin() as change:
            free = await MODELS.all(change.conn, models.c.uid.in_(uids), models.c.state == State.DRAINING)
            await _delete(change, free, job.record.id)
            drains = [one for one in part.draining if one.uid not in uids]
            for model in drains:
                await self._hand_over(change, job, model)
            waiting = [*job.record.cursor.get("drains", ()), *(one.uid for one in drains)]
            cursor = {**job.record.cursor, "settled": part.last, "drains": waiting, "blockers": ()}
            await job.note(change.conn, cursor=cursor)

    async def _hand_over(self, change: Change, job: Job, model: ModelRecord) -> None:
        if await running_on(change.conn, model.uid) is not None:
            return
        team = await TEAMS.find(change.conn, model.team_id)
        grace_ms = int(float(job.record.parameters["grace_s"]) * 1000)
        await self._operations.create(
            change.conn,
            DRAIN,
            target=model.uid,
            target_name=model.name,
            team=team.name if team else None,
            parameters={"part_of": job.record.id},
            due_at=job.record.due_at or change.now_ms + grace_ms,
            total=1,
        )

    async def _waiting(self, job: Job) -> int:
        """Return how many of its models still drain in operations of their own."""
        drains = job.record.cursor.get("drains", ())
        if not drains:
            return 0
        left = select(func.count()).select_from(models)
        left = left.where(models.c.uid.in_(drains), models.c.state == State.DRAINING)
        async with self._changes.read() as conn:
            return int((await conn.execute(left)).scalar_one())


async def _delete(change: Change, found: Collection[ModelRecord], operation_id: str) -> None:
    columns: dict[str, dict[str, Any]] = {one.uid: follow(one, Event.DRAINED) for one in found}
    await MODELS.update_all(change.conn, columns, now_ms=change.now_ms)
    for one, team in await _with_teams(change.conn, found):
        after = one._replace(**columns[one.uid], rev=one.rev + 1, updated_at=change.now_ms)
        change.record(replace(changed(one, after, team=team, verb="drained"), operation_id=operation_id))


async def _with_teams(conn: AsyncConnection, found: Collection[ModelRecord]) -> list[tuple[ModelRecord, str]]:
    owners = {one.id: one.name for one in await TEAMS.all(conn, teams.c.id.in_({one.team_id for one in found}))}
    return [(one, owners[one.team_id]) for one in found]


async def _tell(job: Job, behind: Sequence[Worker]) -> None:
    """Note which processes are waited for, when these are others than before."""
    blockers = [{"worker": one.id, "host": one.host, "inflight": 0, "behind": True} for one in behind]
    if list(job.record.blockers) != blockers:
        await job.note(cursor={**job.record.cursor, "blockers": blockers})
