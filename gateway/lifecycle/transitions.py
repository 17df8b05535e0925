"""Steps that take nobody's model away: announcing its end, calling that off, keeping it from deletion.

Switching a model off and on is a patch of the model (registry/service/models.py), by the same table.
"""

from collections.abc import Awaitable, Callable

from gateway.api.acting import acting
from gateway.api.etag import UNGUARDED, IfMatch, format_etag
from gateway.api.permissions import Permission
from gateway.api.principal import Principal
from gateway.audit.trail import Trail
from gateway.errors import Conflict, GatewayError, PreconditionFailed, Unprocessable
from gateway.lifecycle import case as cases
from gateway.lifecycle.case import find_successor
from gateway.lifecycle.inputs import Deprecate, Protect, moment_of
from gateway.lifecycle.refusal import refused
from gateway.lifecycle.states import Event, follow, require_living
from gateway.registry.record import ModelRecord
from gateway.registry.service.change import Change, Changes, differing
from gateway.registry.service.models import state_of
from gateway.registry.service.recorded import changed
from gateway.registry.state import ModelState
from gateway.registry.store.tables import MODELS


class Transitions:
    """Deprecates, reactivates and protects models."""

    def __init__(self, changes: Changes, *, trail: Trail) -> None:
        self._changes = changes
        self._trail = trail

    async def deprecate(
        self,
        principal: Principal,
        named: str,
        body: Deprecate,
        if_match: IfMatch = UNGUARDED,
        *,
        team: str | None = None,
    ) -> ModelState:
        """Announce a model's end to its callers; once more changes what is announced.

        Raises:
            NotFound, PreconditionFailed: as usual.
            Unprocessable: the time is over, or the successor cannot take over.
            Conflict: it is in no state for that, or a file declares it.
        """
        principal.require(Permission.MODELS_DEPRECATE)

        async def columns(change: Change, model: ModelRecord) -> dict[str, object]:
            sunset_at = None if body.sunset_at is None else moment_of(body.sunset_at)
            if sunset_at is not None and sunset_at <= change.now_ms:
                raise Unprocessable(
                    f"sunset_at {body.sunset_at} is over", param="sunset_at", hint="name a day that is still to come"
                )
            successor = None
            if body.successor is not None:
                successor = (await find_successor(change.conn, model, body.successor)).uid
            return {
                **follow(model, Event.DEPRECATE),
                "deprecated_at": model.deprecated_at or change.now_ms,
                "sunset_at": sunset_at,
                "successor_uid": successor,
                "retire_reason": body.reason or acting().reason or "",
            }

        return await self._change(principal, (named, team), if_match, "deprecate", columns, reason=body.reason)

    async def reactivate(
        self, principal: Principal, named: str, if_match: IfMatch = UNGUARDED, *, team: str | None = None
    ) -> ModelState:
        """Call an announced end off.

        Raises:
            NotFound, PreconditionFailed: as usual.
            Conflict: it is not deprecated, or a file declares it.
        """
        principal.require(Permission.MODELS_DEPRECATE)

        async def columns(_change: Change, model: ModelRecord) -> dict[str, object]:
            return {**follow(model, Event.REACTIVATE), "retire_reason": ""}

        return await self._change(principal, (named, team), if_match, "reactivate", columns)

    async def protect(
        self, principal: Principal, named: str, body: Protect, if_match: IfMatch = UNGUARDED, *, team: str | None = None
    ) -> ModelState:
        """Keep a model from being deleted, or no longer: that is a permission of its own.

        Raises:
            NotFound, PreconditionFailed: as usual.
            Conflict: it is deleted, or on its way.
        """
        principal.require(Permission.MODELS_OPERATE if body.enabled else Permission.MODELS_UNPROTECT)

        async def columns(_change: Change, model: ModelRecord) -> dict[str, object]:
            require_living(model)
            return {"protected": body.enabled}

        verb = "protect" if body.enabled else "unprotect"
        return await self._change(principal, (named, team), if_match, verb, columns, reason=body.reason, owned=False)

    async def _change(  # noqa: PLR0913 - the one shape of all three
        self,
        principal: Principal,
        which: tuple[str, str | None],
        if_match: IfMatch,
        verb: str,
        columns: Callable[[Change, ModelRecord], Awaitable[dict[str, object]]],
        *,
        reason: str | None = None,
        owned: bool = True,
    ) -> ModelState:
        """Write what `columns` gives for the model; `owned`: a file that declares the model decides about it."""
        try:
            async with self._changes.begin() as change:
                model, team = await cases.find(change.conn, principal, *which)
                if owned:
                    change.require_owner("model", model.name, model)
                if_match.check(format_etag(model.uid, model.rev))
                if changes := differing(await columns(change, model), model):
                    before, model = model, await MODELS.update(change.conn, model.uid, changes, now_ms=change.now_ms)
                    change.record(changed(before, model, team=team.name, verb=verb, reason=reason))
                return await state_of(change.conn, model)
        except (Conflict, PreconditionFailed) as refusal:
            await self._refused(principal, which, verb, refusal)
            raise

    async def _refused(
        self, principal: Principal, which: tuple[str, str | None], verb: str, refusal: GatewayError
    ) -> None:
        async with self._changes.read() as conn:
            try:
                model, team = await cases.find(conn, principal, *which)
            except GatewayError:
                return
        await self._trail.refuse(refused(verb, model, team.name, refusal))
