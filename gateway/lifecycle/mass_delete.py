"""The operation that deletes very many models, in chunks, while everybody else goes on writing.

    leave    some hundred models in order of their uids: judged by the rules of one deletion, written together, each
             with its row of the record and of the operation's items; what may not go stays, and its item says why
    settle   those whose calls under way may end first: settle.py

Each chunk is one transaction with one revision of the registry, and its place is noted in it: a process that takes the
operation over goes on behind it. The registry is read when this process looks, once a second, not after each chunk.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Select, func, select, union_all

from gateway.errors import Conflict, GatewayError, Unavailable
from gateway.garbage import Sweep
from gateway.lifecycle.filter import parse
from gateway.lifecycle.give_up import give_up
from gateway.lifecycle.impact import Watch
from gateway.lifecycle.pace import MakePace, usual_pace
from gateway.lifecycle.rules import Operations, Rules
from gateway.lifecycle.selection import Scope
from gateway.lifecycle.settle import Settling
from gateway.lifecycle.together import Gone, Terms, judge_together, leave_together
from gateway.operations.job import Cancelled, Job, Result
from gateway.operations.record import Item
from gateway.registry.record import ModelRecord
from gateway.registry.service.change import Changes
from gateway.registry.store import grants
from gateway.registry.store.tables import MODELS
from gateway.storage.connection import AsyncConnection
from gateway.storage.prepared import Prepared, among
from gateway.storage.schema import aliases, key_models, model_fallbacks, models

_REFERENCES_SHOWN: Final = 10
_MOST_DRAWN: Final = 1000
"""Models that a step may take from later ones: beyond it some stay that could go, and a second call takes them."""
_REFERENCES_OF_A_MODEL: Final = 20
"""What points at a model costs a twentieth of a model; a thousand of them at each would keep others out for seconds."""


def _pointing(dialect: str) -> Select[str, int]:
    pointers = (aliases.c.model_uid, key_models.c.model_uid, model_fallbacks.c.fallback_uid)
    each = union_all(*(select(one.label("uid")).where(among(one, "uids", dialect)) for one in pointers)).subquery()
    return select(each.c.uid, func.count()).group_by(each.c.uid)


_POINTING: Final = Prepared(_pointing)


class MassDelete:
    """Carries out operations of the kind `delete_models`."""

    def __init__(  # noqa: PLR0913 - keyword-only
        self,
        changes: Changes,
        *,
        watch: Watch,
        rules: Callable[[], Rules],
        settling: Settling,
        operations: Operations | None = None,
        pace: MakePace = usual_pace,
    ) -> None:
        self._changes = changes
        self._watch = watch
        self._rules = rules
        self._settling = settling
        self._operations = operations
        self._pace = pace

    async def __call__(self, job: Job) -> Result:
        """Delete what the filter means, then see to the calls under way; of a batch only that is left.

        Raises:
            Cancelled: that was asked for: what was deleted until then stays so, and can be restored.
        """
        if "filter" in job.record.parameters:
            try:
                await self._leave(job)
            except Unavailable:
                raise
            except GatewayError:  # a failed operation must not leave models between two states
                await self._settling.settle(job)
                raise
        await self._settling.settle(job)
        told = {"deleted": job.record.done - job.record.failed, "refused": job.record.failed}
        if job.cancel_requested and job.record.done < (job.record.total or 0):
            raise Cancelled({**told, "untouched": (job.record.total or 0) - job.record.done})
        return told

    async def _leave(self, job: Job) -> None:
        pace, sweep = self._pace(self._changes.dialect), Sweep()
        while not job.cancel_requested and not job.record.cursor.get("left"):
            done = job.record.done
            held_s = await self._step(job, pace.size)
            pace.note(job.record.done - done, held_s)
            sweep.look()
            await job.pause(pace.rest_s)

    async def _step(self, job: Job, size: int) -> float:
        """Delete the next models, note their items and where to go on; return how long others were kept out."""
        job.check()
        parameters, cursor = job.record.parameters, job.record.cursor
        scope = Scope("delete", parse(parameters["filter"]), parameters["scope"])
        terms = Terms(references=parameters["references"], successor=parameters["successor"])
        planned_ms, after = int(parameters["planned_at"]), str(cursor.get("after", ""))
        async with self._changes.begin(follow=False) as change:
            begun, conn = time.perf_counter(), change.conn
            await grants.hold(conn)  # no key names one of them while it is looked who does
            records = await _next(conn, scope, planned_ms, after, size)
            if not records:
                await job.note(conn, cursor={**cursor, "left": True})
                return 0.0
            last = records[-1].uid
            fresh = {one.uid: one for one in records if one.updated_at <= planned_ms}
            drawn = await _drawn_in(conn, scope, planned_ms, list(fresh), last)
            running = await self._watch.survey(conn, now_ms=change.now_ms)
            judged = await judge_together(conn, [*fresh.values(), *drawn], terms, running, now_ms=change.now_ms)
            gone = await leave_together(
                change, judged, float(parameters["grace_s"]), purge_days=self._rules().purge_days
            )
            await give_up(self._operations, change, judged.ready.values())
            refused = {uid: error for uid, error in judged.refused.items() if uid in fresh}
            refused |= {one.uid: _changed(one) for one in records if one.uid not in fresh}
            items = list(_items(job.record.done, gone, refused, {one.uid: one for one in records}))
            await job.note(
                conn,
                done=job.record.done + len(items),
                failed=job.record.failed + len(refused),
                cursor={**cursor, "after": last, "version": change.revision},
                items=items,
            )
        return time.perf_counter() - begun


async def _next(conn: AsyncConnection, scope: Scope, planned_ms: int, after: str, limit: int) -> list[ModelRecord]:
    """Return the next models of the plan, fewer where much points at them; what was made after it is not meant."""
    uids = scope.chosen(conn.dialect.name, planned_ms, models.c.uid)
    uids = uids.where(models.c.uid > after, models.c.created_at <= planned_ms).order_by(models.c.uid).limit(limit)
    chosen = list((await conn.execute(uids)).scalars())
    pointing = {row[0]: int(row[1]) for row in await _POINTING.rows(conn, uids=chosen)}
    found = await MODELS.all(conn, models.c.uid.in_(_light(chosen, pointing, limit)))
    return sorted(found, key=lambda one: one.uid)


def _light(uids: Sequence[str], pointing: Mapping[str, int], limit: int) -> Sequence[str]:
    """Return as many from the first on as a step of `limit` models can carry with what points at them; one at least."""
    left = limit * _REFERENCES_OF_A_MODEL
    for number, uid in enumerate(uids):
        left -= pointing.get(uid, 0)
        if left < 0:
            return uids[: max(number, 1)]
    return uids


async def _drawn_in(
    conn: AsyncConnection, scope: Scope, planned_ms: int, uids: Sequence[str], last: str
) -> list[ModelRecord]:
    """Return models of the plan that come later and fall back on these: they go in the same step if they may."""
    drawn: dict[str, ModelRecord] = {}
    edge: Sequence[str] = uids
    while edge and len(drawn) < _MOST_DRAWN:
        owners = select(model_fallbacks.c.model_uid).where(model_fallbacks.c.fallback_uid.in_(edge))
        query = scope.chosen(conn.dialect.name, planned_ms, models.c.uid).where(
            models.c.uid > last, models.c.uid.in_(owners), models.c.updated_at <= planned_ms
        )
        edge = [uid for uid in (await conn.execute(query.limit(_MOST_DRAWN))).scalars() if uid not in drawn]
        drawn |= {one.uid: one for one in await MODELS.all(conn, models.c.uid.in_(edge))}
    return list(drawn.values())


def _items(
    position: int, gone: Sequence[Gone], refused: Mapping[str, GatewayError], records: Mapping[str, ModelRecord]
) -> list[Item]:
    items = [Item(0, one.model.uid, "ok", {"name": one.model.name, "state": one.model.state}) for one in gone]
    items += [Item(0, uid, error.code, _told(records[uid], error)) for uid, error in refused.items()]
    return [one._replace(position=position + number) for number, one in enumerate(items)]


def _told(record: ModelRecord, error: GatewayError) -> Mapping[str, Any]:
    told = {"name": record.name, "status": error.status, "message": error.message}
    references = error.extra.get("references")
    if isinstance(references, list):
        told["references"] = references[:_REFERENCES_SHOWN]
        told["references_total"] = error.extra.get("references_total")
    return told


def _changed(record: ModelRecord) -> Conflict:
    return Conflict(f"model {record.name!r} was changed after the plan was shown", code="plan_changed")
