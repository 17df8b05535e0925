"""A deleted model goes for good: its row, its endpoints with their keys, and what was kept for the way back.

What stays is a tombstone, the record of changes, and usage by the name of that time. The name rests for some days, so
that nobody takes a newcomer for what they knew. One model goes at once, many as an operation in chunks, and those whose
time has come (sunset.py) likewise.
"""

import time
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import ColumnElement, delete, insert, select

from gateway.api.etag import UNGUARDED, IfMatch, format_etag
from gateway.api.idempotency import Once
from gateway.api.managed import require_owner
from gateway.api.permissions import Permission
from gateway.api.principal import Principal
from gateway.audit.trail import Trail
from gateway.errors import Conflict, PreconditionFailed, PreconditionRequired
from gateway.garbage import Sweep
from gateway.lifecycle import case as cases
from gateway.lifecycle.filter import parse
from gateway.lifecycle.pace import MakePace, usual_pace
from gateway.lifecycle.refusal import refused
from gateway.lifecycle.retire import DAY_MS
from gateway.lifecycle.rules import Rules
from gateway.lifecycle.selection import Scope
from gateway.lifecycle.states import Event, State, follow
from gateway.operations.job import Cancelled, Job, Result
from gateway.operations.record import Item
from gateway.registry.record import ModelRecord
from gateway.registry.service.change import Change, Changes
from gateway.registry.service.recorded import removed
from gateway.registry.store.tables import ALIASES, MODELS, TEAMS
from gateway.storage.clock import Clock
from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import (
    aliases,
    endpoints,
    key_models,
    model_fallbacks,
    models,
    secrets,
    team_defaults,
    teams,
    tombstones,
)


class Purged(Struct, frozen=True):
    """A model that is gone for good. Times are unix milliseconds."""

    model: ModelRecord
    team: str
    purged_at: int
    name_free_at: int
    successor: str | None
    dry_run: bool = False


class Purging:
    """Takes deleted models away: one by name, or as the operation `purge_models`."""

    def __init__(
        self, changes: Changes, clock: Clock, *, trail: Trail, rules: Callable[[], Rules], pace: MakePace = usual_pace
    ) -> None:
        self._changes = changes
        self._clock = clock
        self._trail = trail
        self._rules = rules
        self._pace = pace

    async def purge(  # noqa: PLR0913 - keyword-only from the third on
        self,
        principal: Principal,
        named: str,
        *,
        team: str | None = None,
        if_match: IfMatch = UNGUARDED,
        dry_run: bool = False,
        once: Once[Purged] | None = None,
    ) -> Purged:
        """Take one deleted model away before its time, by uid or name.

        Raises:
            PermissionDenied: it needs models.purge.
            NotFound: there is none.
            Conflict: it is not deleted, or a file declares it.
            PreconditionFailed, PreconditionRequired: another revision, or policy wants If-Match.
        """
        principal.require(Permission.MODELS_PURGE)
        if dry_run:
            async with self._changes.read() as conn:
                model, owner = await cases.find(conn, principal, named, team)
                self._judge(model, if_match)
                successor = await cases.name_of(conn, model.successor_uid)
            return self._purged(model, owner.name, successor, self._clock.now_ms(), dry_run=True)
        try:
            async with self._changes.begin(once) as change:
                model, owner = await cases.find(change.conn, principal, named, team)
                self._judge(model, if_match)
                successor = await cases.name_of(change.conn, model.successor_uid)
                await self._take(change, [model])
                return await change.finish(self._purged(model, owner.name, successor, change.now_ms))
        except (Conflict, PreconditionFailed, PreconditionRequired) as refusal:
            async with self._changes.read() as conn:
                model, owner = await cases.find(conn, principal, named, team)
            await self._trail.refuse(refused("purge", model, owner.name, refusal))
            raise

    async def __call__(self, job: Job) -> Result:
        """Carry out an operation: by a filter, or of everything whose time has come.

        Raises:
            Cancelled: that was asked for; what is gone stays gone.
        """
        pace, sweep = self._pace(self._changes.dialect), Sweep()
        while not job.cancel_requested and not job.record.cursor.get("left"):
            done = job.record.done
            held_s = await self._step(job, pace.size)
            pace.note(job.record.done - done, held_s)
            sweep.look()
            await job.pause(pace.rest_s)
        if version := job.record.cursor.get("version"):
            await self._changes.follow(int(version), keys=True)
        told = {"purged": job.record.done - job.record.failed, "refused": job.record.failed}
        if not job.record.cursor.get("left"):
            raise Cancelled(told)
        return told

    async def _step(self, job: Job, size: int) -> float:
        """Take the next models away, note their items and where to go on; return how long others were kept out."""
        job.check()
        cursor, record = job.record.cursor, job.record
        async with self._changes.begin(follow=False) as change:
            begun = time.perf_counter()
            found = await _next(change.conn, job, size)
            if not found:
                await job.note(change.conn, cursor={**cursor, "left": True})
                return 0.0
            planned_ms = int(record.parameters["planned_at"])
            ready = [one for one in found if one.updated_at <= planned_ms]
            await self._take(change, ready)
            names = {one.uid for one in ready}
            items = [
                Item(record.done + number, one.uid, "ok" if one.uid in names else "plan_changed", {"name": one.name})
                for number, one in enumerate(found)
            ]
            await job.note(
                change.conn,
                done=record.done + len(found),
                failed=record.failed + len(found) - len(ready),
                cursor={**cursor, "after": found[-1].uid, "version": change.revision},
                items=items,
            )
        return time.perf_counter() - begun

    async def _take(self, change: Change, gone: Sequence[ModelRecord]) -> None:
        await purge_together(change, gone, self._trail, quarantine_days=self._rules().quarantine_days)

    def _judge(self, model: ModelRecord, if_match: IfMatch) -> None:
        etag = format_etag(model.uid, model.rev)
        if "purge" in self._rules().require_if_match and not if_match.given:
            raise PreconditionRequired("a purge needs If-Match", hint=f"read the model, then send If-Match: {etag}")
        if_match.check(etag)
        follow(model, Event.PURGE)
        require_owner("model", model.name, model, None)

    def _purged(
        self, model: ModelRecord, team: str, successor: str | None, now_ms: int, *, dry_run: bool = False
    ) -> Purged:
        return Purged(model, team, now_ms, now_ms + self._rules().quarantine_days * DAY_MS, successor, dry_run)


async def purge_together(change: Change, gone: Sequence[ModelRecord], trail: Trail, *, quarantine_days: int) -> None:
    """Take these deleted models away in the open transaction, and leave a tombstone of each.

    The rows of the record come first: each tombstone holds the hash up to which the record knew the model.
    """
    if not gone:
        return
    conn, now_ms = change.conn, change.now_ms
    uids = [one.uid for one in gone]
    owners = {one.id: one.name for one in await TEAMS.all(conn, teams.c.id.in_({one.team_id for one in gone}))}
    await _forget_pointers(change, uids)
    sealed = select(endpoints.c.secret_id).where(endpoints.c.model_uid.in_(uids), endpoints.c.secret_id.is_not(None))
    secret_ids = list((await conn.execute(sealed)).scalars())
    await MODELS.delete(conn, uids)
    if secret_ids:
        await conn.execute(delete(secrets).where(secrets.c.id.in_(secret_ids)))
    for one in gone:
        change.record(replace(removed(one, team=owners[one.team_id]), action="model.purge"))
    events, change.events = change.events, []
    seal = await trail.write(conn, events, now_ms)
    rows = [
        {
            "uid": one.uid,
            "team_id": one.team_id,
            "team": owners[one.team_id],
            "name": one.name,
            "reason": one.retire_reason,
            "created_at": one.created_at,
            "deleted_at": one.deleted_at or now_ms,
            "purged_at": now_ms,
            "name_free_at": now_ms + quarantine_days * DAY_MS,
            "audit_hash": seal,
        }
        for one in gone
    ]
    await conn.execute(insert(tombstones), rows)


async def _forget_pointers(change: Change, uids: Sequence[str]) -> None:
    """Delete what still points at the models, though a deletion leaves nothing: a purge must work on orphans, too."""
    conn = change.conn
    own = select(endpoints.c.id).where(endpoints.c.model_uid.in_(uids))
    await conn.execute(delete(team_defaults).where(team_defaults.c.endpoint_id.in_(own)))
    await conn.execute(delete(model_fallbacks).where(model_fallbacks.c.fallback_uid.in_(uids)))
    others = list((await conn.execute(select(aliases.c.id).where(aliases.c.model_uid.in_(uids)))).scalars())
    await ALIASES.delete(conn, others)
    if (await conn.execute(delete(key_models).where(key_models.c.model_uid.in_(uids)))).rowcount:
        await change.change_keys()


async def _next(conn: AsyncConnection, job: Job, limit: int) -> list[ModelRecord]:
    parameters, after = job.record.parameters, str(job.record.cursor.get("after", ""))
    planned_ms = int(parameters["planned_at"])
    if "filter" in parameters:
        scope = Scope("purge", parse(parameters["filter"]), parameters["scope"])
        query = scope.chosen(conn.dialect.name, planned_ms, models.c.uid)
    else:
        query = select(models.c.uid).where(*due(planned_ms))
    uids = await conn.execute(query.where(models.c.uid > after).order_by(models.c.uid).limit(limit))
    found = await MODELS.all(conn, models.c.uid.in_(list(uids.scalars())))
    return sorted(found, key=lambda one: one.uid)


def due(now_ms: int) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on a model that nobody can restore any more."""
    return models.c.state == State.DELETED, models.c.purge_at <= now_ms
