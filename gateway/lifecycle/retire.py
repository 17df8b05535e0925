"""A model is deleted here, whoever asks: API, command line, console, background (LIF-8). One transaction, nine steps.

    1 authorise    403 before anything is looked at                     retire
    2 idempotency  a call that was carried out is answered again        Once, in Changes.begin
    3 read         the model and everything that points at it           case.read
    4 judge        state, owner, If-Match, protection, references       case.judge
    5 state        the model's row, guarded by its revision             _leave
    6 references   changed, and kept for the way back                   relink
    7 audit        what happened, chained to the record                 Trail, in Changes.begin, last of all
    8 version      every process reads the registry anew                Changes.begin, first of all: it is the lock
    9 answer       kept under the Idempotency-Key                       Change.finish

A stop in 3 or 4 leaves one row of the record and nothing else. Caches follow after COMMIT.
"""

from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from gateway.api.acting import acting
from gateway.api.idempotency import Once
from gateway.api.permissions import Permission
from gateway.api.principal import Principal
from gateway.audit.event import Event as Recorded
from gateway.audit.trail import Trail
from gateway.errors import Conflict, GatewayError, NotFound, PreconditionFailed, PreconditionRequired, Unprocessable
from gateway.lifecycle import case as cases
from gateway.lifecycle.case import Case, Wanted
from gateway.lifecycle.give_up import give_up
from gateway.lifecycle.impact import Running, Traffic, Watch
from gateway.lifecycle.plan import Effect
from gateway.lifecycle.refusal import refused
from gateway.lifecycle.relink import carry_out
from gateway.lifecycle.rules import Operations, Rules
from gateway.lifecycle.states import Event, State, follow
from gateway.lifecycle.views import Confirmation
from gateway.lifecycle.words import confirmation
from gateway.registry.record import ModelRecord, TeamRecord
from gateway.registry.service.change import Change, Changes
from gateway.registry.service.recorded import changed, effect
from gateway.registry.store import grants
from gateway.registry.store.tables import MODELS
from gateway.storage.clock import Clock
from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import models

DAY_MS: Final = 86_400_000
DRAIN: Final = "drain"
"""The kind of the operation that waits for calls under way."""


class Retired(Struct, frozen=True):
    """What became of a model; `model` is None where there never was one. The last four are a dry run's."""

    named: str
    model: ModelRecord | None = None
    team: str | None = None
    successor: str | None = None
    effects: tuple[Effect, ...] = ()
    operation: str | None = None
    drains: bool = False
    dry_run: bool = False
    traffic: Traffic | None = None
    running: Running | None = None
    confirmation: Confirmation | None = None


class Retirement:
    """Deletes models. `step` is called with each step's name after it; a test makes it fail there."""

    def __init__(  # noqa: PLR0913 - keyword-only: each is one thing that a deletion has to do with
        self,
        changes: Changes,
        clock: Clock,
        *,
        trail: Trail,
        watch: Watch,
        rules: Callable[[], Rules],
        operations: Operations | None = None,
        step: Callable[[str], object] = lambda _name: None,
    ) -> None:
        self._changes = changes
        self._clock = clock
        self._trail = trail
        self._watch = watch
        self._rules = rules
        self._operations = operations
        self._step = step

    async def retire(
        self, principal: Principal, named: str, wanted: Wanted, *, once: Once[Retired] | None = None
    ) -> Retired:
        """Delete a model by uid or name, or with `dry_run` tell what that would do.

        Raises:
            PermissionDenied: the key may not delete, or not change what points at the model.
            NotFound, Conflict, PreconditionFailed, PreconditionRequired, Unprocessable: as `case.judge`.
        """
        principal.require(Permission.MODELS_DELETE)
        if wanted.references != "restrict":
            principal.require(Permission.MODELS_FORCE)
        grace_s = grace_of(self._rules(), wanted.drain_s)
        self._step("authorise")
        if wanted.dry_run:
            async with self._changes.read() as conn:
                return await self._rehearse(conn, principal, named, wanted, grace_s)
        try:
            async with self._changes.begin(once) as change:
                self._step("version")
                self._step("idempotency")
                result = await change.finish(await self._carry_out(change, principal, named, wanted, grace_s))
                self._step("answer")
        except (Conflict, PreconditionFailed, PreconditionRequired) as refusal:
            await self._refused(principal, named, wanted, refusal)
            raise
        return result

    async def _carry_out(
        self, change: Change, principal: Principal, named: str, wanted: Wanted, grace_s: float
    ) -> Retired:
        conn = change.conn
        await grants.hold(conn)  # no key names the model while it is looked who does
        found = await _find(conn, principal, named, wanted)
        if isinstance(found, Retired):
            return found
        case = await cases.read(conn, *found, wanted, self._watch, now_ms=change.now_ms)
        self._step("read")
        await cases.judge(conn, case, guarded=self._guarded(wanted), by=change.by)
        self._step("judge")
        drains = self._drains(case, grace_s)
        gone = await _leave(change, case, self._columns(case, drains=drains, now_ms=change.now_ms))
        self._step("state")
        await carry_out(change, gone.uid, case.plan, case.successor)
        self._step("references")
        await give_up(self._operations, change, [case])
        operation = await self._drain(change, case, grace_s) if drains else None
        change.record(recorded(case, gone, operation))
        return Retired(named, gone, case.team.name, case.successor_name, case.plan.effects, operation, drains)

    async def _rehearse(
        self, conn: AsyncConnection, principal: Principal, named: str, wanted: Wanted, grace_s: float
    ) -> Retired:
        """Return what `_carry_out` would, with the model's row as it would be, and who would notice."""
        now_ms = self._clock.now_ms()
        found = await _find(conn, principal, named, wanted)
        if isinstance(found, Retired):
            return replace(found, dry_run=True)
        case = await cases.read(conn, *found, wanted, self._watch, now_ms=now_ms)
        await cases.judge(conn, case, guarded=self._guarded(wanted), by=None)
        drains = self._drains(case, grace_s)
        columns = self._columns(case, drains=drains, now_ms=now_ms)
        name, purge_at = case.model.name, int(columns["purge_at"])
        return Retired(
            named,
            case.model._replace(**columns),
            case.team.name,
            case.successor_name,
            case.plan.effects,
            drains=drains,
            dry_run=True,
            traffic=case.traffic,
            running=case.running,
            confirmation=confirmation(name, case.plan, case.traffic, case.running, purge_at=purge_at),
        )

    def _columns(self, case: Case, *, drains: bool, now_ms: int) -> dict[str, Any]:
        return columns_of(case, drains=drains, now_ms=now_ms, purge_days=self._rules().purge_days)

    def _drains(self, case: Case, grace_s: float) -> bool:
        return self._operations is not None and waits(case, grace_s)

    async def _drain(self, change: Change, case: Case, grace_s: float) -> str | None:
        if self._operations is None:
            return None
        operation = await self._operations.create(
            change.conn,
            DRAIN,
            target=case.model.uid,
            target_name=case.model.name,
            team=case.team.name,
            parameters={"grace_s": grace_s},
            due_at=change.now_ms + int(grace_s * 1000),
            total=1,
        )
        return operation.id

    def _guarded(self, wanted: Wanted) -> bool:
        return wanted.references in self._rules().require_if_match

    async def _refused(self, principal: Principal, named: str, wanted: Wanted, refusal: GatewayError) -> None:
        """Put on the record what stopped a deletion; the object as far as it is visible to the caller."""
        async with self._changes.read() as conn:
            try:
                model, team = await cases.find(conn, principal, named, wanted.team)
            except GatewayError:
                return
        await self._trail.refuse(refused("delete", model, team.name, refusal))


async def _find(
    conn: AsyncConnection, principal: Principal, named: str, wanted: Wanted
) -> tuple[ModelRecord, TeamRecord] | Retired:
    """Return the model and its team; where a missing one is as good, what is answered about it."""
    try:
        model, team = await cases.find(conn, principal, named, wanted.team)
    except NotFound as error:
        if wanted.allow_missing and error.code == "model_not_found":
            return Retired(named)
        raise
    if wanted.allow_missing and model.state == State.DELETED:
        return Retired(named, model, team.name, await cases.name_of(conn, model.successor_uid))
    return model, team


async def _leave(change: Change, case: Case, columns: dict[str, Any]) -> ModelRecord:
    """Write the model's new state and return its row; the revision in the statement is the last word."""
    before = case.model
    same = (models.c.uid == before.uid, models.c.rev == before.rev, models.c.state == before.state)
    if not await MODELS.update_where(change.conn, columns, *same, now_ms=change.now_ms):
        raise Conflict(
            f"model {before.name!r} was changed at this very moment",
            code="state_conflict",
            hint="read it and try again",
        )
    return before._replace(**columns, rev=before.rev + 1, updated_at=change.now_ms)


def grace_of(rules: Rules, drain_s: float | None) -> float:
    """Return how long calls under way may go on, in seconds; None is the usual time.

    Raises:
        Unprocessable: it is longer than the settings allow.
    """
    grace_s = rules.grace_s if drain_s is None else drain_s
    if grace_s > rules.max_grace_s:
        raise Unprocessable(
            f"drain={grace_s:g}s is longer than calls may go on here: {rules.max_grace_s:g}s",
            code="grace_too_long",
            param="drain",
            hint="send less, or raise lifecycle.max_grace_s",
        )
    return grace_s


def waits(case: Case, grace_s: float) -> bool:
    """Whether the deletion waits: something runs here, or other processes may not know of it yet (LIF-6)."""
    under_way = case.running.calls > 0 or case.running.elsewhere > 0
    return grace_s > 0 and under_way and case.model.state != State.DRAFT


def columns_of(case: Case, *, drains: bool, now_ms: int, purge_days: int) -> dict[str, Any]:
    """Return what a deletion writes into the model's row."""
    return {
        **follow(case.model, Event.DRAIN if drains else Event.DELETE),
        "deleted_at": now_ms,
        "purge_at": now_ms + purge_days * DAY_MS,
        "successor_uid": case.successor_uid,
        "retire_reason": acting().reason or "",
    }


def recorded(case: Case, gone: ModelRecord, operation: str | None) -> Recorded:
    """Return what the record says of a deletion."""
    effects = tuple(
        effect(one.reference.kind, one.reference.id, one.reference.name, one.action) for one in case.plan.effects
    )
    event = changed(case.model, gone, team=case.team.name, verb="delete")
    return replace(event, effects=effects, status=202 if operation else 200, operation_id=operation)
