"""Up to a thousand models that are named one by one go in one transaction: all of them or none (AIP-235).

Larger numbers go by a filter, as an operation in steps: mass.py. The rules are those of a single deletion, and so is
the record: a row for each model.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from gateway.api.acting import acting
from gateway.api.etag import IfMatch
from gateway.api.idempotency import Once
from gateway.api.permissions import Permission
from gateway.api.principal import Principal
from gateway.audit.event import Event
from gateway.audit.trail import Trail
from gateway.errors import Conflict, GatewayError, InvalidRequest, NotFound, PreconditionRequired
from gateway.lifecycle.brake import Load, check_brake
from gateway.lifecycle.case import MAX_TOLD
from gateway.lifecycle.give_up import give_up
from gateway.lifecycle.impact import Watch
from gateway.lifecycle.plan import Policy
from gateway.lifecycle.retire import columns_of, grace_of, waits
from gateway.lifecycle.rules import Operations, Rules
from gateway.lifecycle.selection import load_of
from gateway.lifecycle.together import Gone, Judged, Terms, judge_together, leave_together
from gateway.operations.record import Item
from gateway.operations.store import add_items
from gateway.registry.record import ModelRecord
from gateway.registry.service.change import Change, Changes
from gateway.registry.service.lookup import get_model
from gateway.registry.store import grants
from gateway.registry.store.tables import MODELS, TEAMS
from gateway.storage.clock import Clock
from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import models, teams

MAX_BATCH: Final = 1000
DELETE_MODELS: Final = "delete_models"
"""The kind of the operation that waits for the calls of many models, or deletes very many in steps."""
_SHOWN: Final = 3
_FEW: Final = 20


class Batch(Struct, frozen=True, kw_only=True):
    """What is asked for: models by uid, each with the revision that is meant, if one is."""

    items: Sequence[tuple[str, IfMatch]]
    references: Policy = "restrict"
    successor: str | None = None
    drain_s: float | None = None
    dry_run: bool = False
    confirm_count: int | None = None


class BatchDone(Struct, frozen=True):
    """What became of a batch. `operation` waits for calls under way; of a dry run it is None though some would wait."""

    gone: Sequence[Gone]
    load: Load
    operation: str | None = None
    dry_run: bool = False

    @property
    def drains(self) -> bool:
        """Whether calls under way may end first."""
        return any(one.drains for one in self.gone)


class Bulk:
    """Deletes many models at once."""

    def __init__(  # noqa: PLR0913 - keyword-only, as for a single deletion
        self,
        changes: Changes,
        clock: Clock,
        *,
        trail: Trail,
        watch: Watch,
        rules: Callable[[], Rules],
        operations: Operations,
        step: Callable[[str], object] = lambda _name: None,
    ) -> None:
        self._changes = changes
        self._clock = clock
        self._trail = trail
        self._watch = watch
        self._rules = rules
        self._operations = operations
        self._step = step

    async def delete(self, principal: Principal, batch: Batch, *, once: Once[BatchDone] | None = None) -> BatchDone:
        """Delete the models, or with `dry_run` tell what that would do.

        Raises:
            PermissionDenied: as for one model.
            InvalidRequest: no models, more than a thousand, or one twice.
            NotFound: some are not there; `missing` lists them.
            PreconditionRequired, Conflict: the number must be confirmed (brake.py), or If-Match is wanted.
            Conflict: some may not go; `items` lists every one of them with its own refusal.
        """
        principal.require(Permission.MODELS_DELETE)
        if batch.references != "restrict":
            principal.require(Permission.MODELS_FORCE)
        _check_items(batch)
        grace_s = grace_of(self._rules(), batch.drain_s)
        load = await self._braked(principal, batch, once)
        if batch.dry_run:
            return await self._rehearse(principal, batch, load, grace_s)
        try:
            async with self._changes.begin(once) as change:
                await grants.hold(change.conn)  # no key names one of them while it is looked who does
                judged = await self._judge(change.conn, principal, batch, now_ms=change.now_ms)
                self._step("judge")
                gone = await leave_together(change, judged, grace_s, purge_days=self._rules().purge_days)
                self._step("references")
                await give_up(self._operations, change, judged.ready.values())
                waiting = [one for one in gone if one.drains]
                operation = await self._wait_for(change, waiting, grace_s) if waiting else None
                return await change.finish(BatchDone(gone, load, operation))
        except Conflict as refusal:
            await self._trail.refuse(_refused(principal, batch, refusal))
            raise

    async def _braked(self, principal: Principal, batch: Batch, once: Once[BatchDone] | None) -> Load:
        """Return the numbers; usage is read before the transaction, which others wait for."""
        now_ms = self._clock.now_ms()
        async with self._changes.read() as conn:
            if once is not None:
                await once.begin(conn, now_ms=now_ms)
            load = await load_of(conn, [uid for uid, _ in batch.items], principal.team, now_ms=now_ms)
        if not batch.dry_run:
            check_brake(load, batch.confirm_count)
        return load

    async def _judge(self, conn: AsyncConnection, principal: Principal, batch: Batch, *, now_ms: int) -> Judged:
        records = await _found(conn, principal, [uid for uid, _ in batch.items])
        successor = batch.successor
        if successor is not None:
            team = (await TEAMS.all(conn, teams.c.id == records[0].team_id))[0].name
            successor = (await get_model(conn, principal, successor, team=team, param="successor"))[0].uid
        terms = Terms(
            references=batch.references,
            successor=successor,
            guarded=batch.references in self._rules().require_if_match,
            etags=dict(batch.items),
        )
        running = await self._watch.survey(conn, now_ms=now_ms)
        judged = await judge_together(conn, records, terms, running, now_ms=now_ms)
        if judged.refused:
            raise _all_refused({one.uid: one for one in records}, judged.refused)
        return judged

    async def _rehearse(self, principal: Principal, batch: Batch, load: Load, grace_s: float) -> BatchDone:
        now_ms, days = self._clock.now_ms(), self._rules().purge_days
        async with self._changes.read() as conn:
            judged = await self._judge(conn, principal, batch, now_ms=now_ms)
        gone = []
        for case in judged.ready.values():
            drains = waits(case, grace_s)
            after = case.model._replace(**columns_of(case, drains=drains, now_ms=now_ms, purge_days=days))
            gone.append(Gone(case, after, drains))
        return BatchDone(gone, load, dry_run=True)

    async def _wait_for(self, change: Change, waiting: Sequence[Gone], grace_s: float) -> str:
        """Make the operation that sees to the end of those whose calls may end first."""
        owners = {one.case.team.name for one in waiting}
        operation = await self._operations.create(
            change.conn,
            DELETE_MODELS,
            team=owners.pop() if len(owners) == 1 else None,
            target_name=f"{len(waiting)} models",
            parameters={"grace_s": grace_s},
            due_at=change.now_ms + int(grace_s * 1000),
            total=len(waiting),
        )
        items = [
            Item(position, one.model.uid, "ok", {"name": one.model.name, "state": one.model.state})
            for position, one in enumerate(waiting)
        ]
        await add_items(change.conn, operation.id, items)
        return operation.id


def _check_items(batch: Batch) -> None:
    uids = [uid for uid, _ in batch.items]
    if not 1 <= len(uids) <= MAX_BATCH:
        raise InvalidRequest(
            f"a batch has 1 to {MAX_BATCH} models, this one has {len(uids)}",
            code="batch_too_large" if uids else "invalid_request",
            param="items",
            hint="delete more with POST /api/v1/models:delete and a filter" if uids else "name models by their uids",
        )
    twice = sorted({uid for uid in uids if uids.count(uid) > 1}) if len(set(uids)) < len(uids) else []
    if twice:
        raise InvalidRequest(f"{twice[0]} is named twice", param="items", hint="name each model once", duplicates=twice)


async def _found(conn: AsyncConnection, principal: Principal, uids: Sequence[str]) -> list[ModelRecord]:
    """Return the models in the order in which they were named; raise NotFound unless all exist for the caller."""
    seen = {one.id for one in await TEAMS.all(conn) if principal.sees_team(one.name)}
    found = {one.uid: one for one in await MODELS.all(conn, models.c.uid.in_(uids)) if one.team_id in seen}
    missing = [uid for uid in uids if uid not in found]
    if missing:
        shown = ", ".join(missing[:_SHOWN]) + (f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else "")
        raise NotFound(
            f"not found: {shown}", code="model_not_found", param="items", hint="nothing was changed", missing=missing
        )
    return [found[uid] for uid in uids]


def _all_refused(records: Mapping[str, ModelRecord], refused: Mapping[str, GatewayError]) -> GatewayError:
    """Return one refusal with that of each model; it is a 428 when nothing but tags is missing."""
    shown = [records[uid].name for uid in refused][:_SHOWN]
    more = f" and {len(refused) - _SHOWN} more" if len(refused) > _SHOWN else ""
    if all(isinstance(one, PreconditionRequired) for one in refused.values()):
        return PreconditionRequired(
            "each model of this batch needs its etag",
            param="items",
            hint="read the models, then send each with its etag",
            items=members_of(records, refused),
        )
    return Conflict(
        f"{len(refused)} of {len(records)} models may not be deleted: {', '.join(map(repr, shown))}{more}; "
        "nothing was changed",
        code="batch_refused",
        hint="take these out of the batch, or change what stands in their way",
        items=members_of(records, refused),
    )


def members_of(records: Mapping[str, ModelRecord], refused: Mapping[str, GatewayError]) -> list[dict[str, Any]]:
    """Return what a program is told of each refusal; of very many not every reference."""
    most = max(_FEW, MAX_TOLD // len(refused))
    return [
        {
            "uid": uid,
            "name": records[uid].name,
            "status": error.status,
            "code": error.code,
            "message": error.message,
            **{name: value[:most] if isinstance(value, list) else value for name, value in error.extra.items()},
        }
        for uid, error in refused.items()
    ]


def _refused(principal: Principal, batch: Batch, refusal: GatewayError) -> Event:
    return Event(
        "model.batch_delete",
        "model",
        name=f"{len(batch.items)} models",
        team=principal.team,
        outcome="conflict",
        status=refusal.status,
        reason=acting().reason or refusal.code,
        effects=tuple({"uid": uid} for uid, _ in batch.items),
    )
