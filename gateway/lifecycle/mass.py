"""Very many models go by a filter: counted and shown first, then with the plan's token, as an operation in steps.

    plan    how many, a sample, what stands against it at once, and a token that stands for exactly this set
    start   with the token: the operation is made if the set is still the same, else 409 and plan again (AIP-165)

What the operation does is in mass_delete.py and purge.py.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct

from gateway.api.acting import acting
from gateway.api.idempotency import Once
from gateway.api.permissions import Permission
from gateway.api.principal import Principal
from gateway.audit.event import Event
from gateway.audit.trail import Trail
from gateway.errors import Conflict, InvalidRequest, PreconditionRequired, Unavailable, Unprocessable
from gateway.lifecycle.brake import check_brake
from gateway.lifecycle.bulk import DELETE_MODELS
from gateway.lifecycle.filter import Filter
from gateway.lifecycle.plan import Policy
from gateway.lifecycle.retire import grace_of
from gateway.lifecycle.rules import Operations, Rules
from gateway.lifecycle.selection import Scope, Selection, Verb, look
from gateway.operations.record import OperationRecord
from gateway.registry.service.change import Changes
from gateway.registry.service.lookup import get_model
from gateway.storage.clock import Clock

PURGE_MODELS: Final = "purge_models"
_KINDS: Final[Mapping[Verb, str]] = {"delete": DELETE_MODELS, "purge": PURGE_MODELS}
_TRIES: Final = 5
"""How often the set is counted anew when something else was changed in the registry meanwhile."""


class Mass(Struct, frozen=True, kw_only=True):
    """What is asked for. `confirm_count` is the number that a person was shown."""

    verb: Verb
    filter: Filter
    references: Policy = "restrict"
    successor: str | None = None
    drain_s: float | None = None
    plan_token: str | None = None
    confirm_count: int | None = None


class _MovedError(Exception):
    """The registry was changed between counting and beginning."""


class MassService:
    """Plans and begins bulk deletions and purges."""

    def __init__(  # noqa: PLR0913 - keyword-only
        self,
        changes: Changes,
        clock: Clock,
        *,
        trail: Trail,
        rules: Callable[[], Rules],
        operations: Operations,
        nudge: Callable[[], None] = lambda: None,
    ) -> None:
        self._changes = changes
        self._clock = clock
        self._trail = trail
        self._rules = rules
        self._operations = operations
        self._nudge = nudge

    async def plan(self, principal: Principal, mass: Mass) -> Selection:
        """Return what would go, without changing anything.

        Raises:
            PermissionDenied: the key may do neither this nor see it.
            InvalidRequest, Unprocessable: the filter or the terms make no sense.
        """
        scope = self._scope(principal, mass)
        async with self._changes.read() as conn:
            return await look(conn, scope, now_ms=self._clock.now_ms())

    async def start(
        self, principal: Principal, mass: Mass, *, once: Once[OperationRecord] | None = None
    ) -> OperationRecord:
        """Begin it, if the set is still that of the plan, and return the operation.

        Raises:
            PreconditionRequired: no token, or the number must be confirmed.
            Conflict: the set is another one by now, or not so many were confirmed.
        """
        scope = self._scope(principal, mass)
        try:
            for _ in range(_TRIES):
                try:
                    operation = await self._start(principal, scope, mass, once)
                except _MovedError:
                    continue
                self._nudge()
                return operation
        except (Conflict, PreconditionRequired) as refusal:
            why = acting().reason or refusal.code
            await self._trail.refuse(_event(scope, principal, outcome="conflict", status=refusal.status, reason=why))
            raise
        raise Unavailable(
            "the registry changes too fast to begin this now", code="registry_busy", headers={"Retry-After": "5"}
        )

    async def _start(
        self, principal: Principal, scope: Scope, mass: Mass, once: Once[OperationRecord] | None
    ) -> OperationRecord:
        now_ms = self._clock.now_ms()
        async with self._changes.read() as conn:
            if once is not None:
                await once.begin(conn, now_ms=now_ms)
            found = await look(conn, scope, now_ms=now_ms)
            successor = await self._successor(conn, principal, mass)
        _check_token(mass, found)
        check_brake(found.load, mass.confirm_count)
        async with self._changes.begin(once) as change:
            if change.revision != found.revision + 1:
                raise _MovedError
            operation = await self._operations.create(
                change.conn,
                _KINDS[mass.verb],
                team=scope.team or mass.filter.terms.get("team"),
                target_name=mass.filter.text,
                parameters=self._parameters(scope, mass, successor, change.now_ms),
                total=found.load.count,
            )
            meant = {"count": found.load.count, "terms": scope.terms}
            change.record(_event(scope, principal, after=meant, status=202, operation_id=operation.id))
            return await change.finish(operation)

    def _scope(self, principal: Principal, mass: Mass) -> Scope:
        if mass.verb == "purge":
            principal.require(Permission.MODELS_PURGE)
        else:
            principal.require(Permission.MODELS_DELETE)
            principal.require(Permission.MODELS_FORCE)
        state = mass.filter.terms.get("state")
        if mass.verb == "purge" and state not in {None, "deleted"}:
            raise Unprocessable(
                f"only deleted models are purged, not those that are {state}",
                param="filter",
                hint="write state=deleted, or leave the state out; delete the models first",
            )
        if mass.verb == "delete" and state in {"deleted", "draining"}:
            raise Unprocessable(
                f"models that are {state} cannot be deleted once more",
                param="filter",
                hint="POST /api/v1/models:purge takes deleted models away for good",
            )
        if (mass.references == "repoint") != (mass.successor is not None):
            raise InvalidRequest(
                "references=repoint and successor go together",
                param="successor",
                hint="name the model that takes the references over",
            )
        grace_s = grace_of(self._rules(), mass.drain_s)
        terms = f"{mass.references} {mass.successor or ''} {grace_s:g}"
        return Scope(mass.verb, mass.filter, principal.team, terms)

    async def _successor(self, conn: Any, principal: Principal, mass: Mass) -> str | None:
        if mass.successor is None:
            return None
        team = mass.filter.terms.get("team")
        return (await get_model(conn, principal, mass.successor, team=team, param="successor"))[0].uid

    def _parameters(self, scope: Scope, mass: Mass, successor: str | None, now_ms: int) -> dict[str, Any]:
        return {
            "filter": mass.filter.text,
            "scope": scope.team,
            "references": mass.references,
            "successor": successor,
            "grace_s": grace_of(self._rules(), mass.drain_s),
            "planned_at": now_ms,
        }


def _check_token(mass: Mass, found: Selection) -> None:
    if mass.plan_token is None:
        raise PreconditionRequired(
            "force needs the token of a plan",
            code="plan_required",
            param="plan_token",
            hint="send the same with force=false first, look at it, then send its plan_token",
        )
    if mass.plan_token != found.token:
        raise Conflict(
            "this is no longer what the plan showed: models came, went or were changed",
            code="plan_changed",
            param="plan_token",
            hint="send the same with force=false once more, and look at the difference",
            count=found.load.count,
        )


def _event(scope: Scope, principal: Principal, **more: Any) -> Event:
    """Return what the record says of a bulk change that was begun or refused; each model has a row of its own."""
    return Event(f"model.bulk_{scope.verb}", "model", name=scope.filter.text, team=principal.team, **more)
