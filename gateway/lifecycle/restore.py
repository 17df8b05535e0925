"""The way back: a deleted model is restored, a drain is ended or called off. Each is one transaction."""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from gateway.api.etag import UNGUARDED, IfMatch, format_etag
from gateway.api.idempotency import Once
from gateway.api.permissions import Permission
from gateway.api.principal import Principal
from gateway.audit.trail import Trail
from gateway.errors import Conflict, GatewayError, PreconditionFailed
from gateway.lifecycle import case as cases
from gateway.lifecycle.reattach import Returned, reattach
from gateway.lifecycle.refusal import refused
from gateway.lifecycle.states import Event, can, follow
from gateway.registry.names import check_model_name
from gateway.registry.record import ModelRecord
from gateway.registry.service.change import Change, Changes
from gateway.registry.service.lookup import require_free, require_not_purged
from gateway.registry.service.models import state_of
from gateway.registry.service.recorded import changed, effect
from gateway.registry.state import ModelState
from gateway.registry.store import grants
from gateway.registry.store.ownership import release_endpoints
from gateway.registry.store.tables import MODELS, TEAMS


class Restored(Struct, frozen=True):
    """A model that is back, and what became of those who had pointed at it."""

    state: ModelState
    references: tuple[Returned, ...]


class Restoration:
    """Brings models back."""

    def __init__(self, changes: Changes, *, trail: Trail) -> None:
        self._changes = changes
        self._trail = trail

    async def undelete(  # noqa: PLR0913 - keyword-only from the third on
        self,
        principal: Principal,
        named: str,
        *,
        team: str | None = None,
        rename_to: str | None = None,
        activate: bool = False,
        if_match: IfMatch = UNGUARDED,
        once: Once[Restored] | None = None,
    ) -> Restored:
        """Bring a deleted model back, with its endpoints as they were and their health unproved.

        Raises:
            NotFound: there is none.
            Gone: it was purged.
            Conflict: it is not deleted, or its name is taken by now.
            PreconditionFailed: If-Match names another revision.
            Unprocessable: `rename_to` is no name.
        """
        principal.require(Permission.MODELS_DELETE)
        name = None if rename_to is None else check_model_name(rename_to, param="rename_to")
        try:
            async with self._changes.begin(once) as change:
                await require_not_purged(change.conn, principal, named)
                model, _ = await cases.find(change.conn, principal, named, team)
                if_match.check(format_etag(model.uid, model.rev))
                columns = follow(model, Event.REVIVE if activate else Event.UNDELETE)
                await _require_free(change, model, name or model.name)
                if name is not None:
                    columns["name"] = name
                if model.managed_by is not None:  # no file declares it any more: whoever restores it has it
                    columns |= {"managed_by": None, "managed_at": None}
                    await release_endpoints(change.conn, model.uid)
                return await change.finish(await bring_back(change, model, columns, "undelete"))
        except (Conflict, PreconditionFailed) as refusal:
            await self._refused(principal, named, team, refusal)
            raise

    async def finish_drain(self, uid: str, *, operation_id: str) -> bool:
        """Turn a draining model into a deleted one; False when it does not drain any more."""
        async with self._changes.begin() as change:
            model = await MODELS.find(change.conn, uid)
            if model is None or not can(model, Event.DRAINED):
                return False
            after = await MODELS.update(change.conn, uid, follow(model, Event.DRAINED), now_ms=change.now_ms)
            event = changed(model, after, team=await _team(change, model), verb="drained")
            change.record(replace(event, operation_id=operation_id))
            return True

    async def cancel_drain(self, uid: str, *, operation_id: str) -> bool:
        """Put a draining model back where it was, with everything that pointed at it; False when it does not drain."""
        async with self._changes.begin() as change:
            model = await MODELS.find(change.conn, uid)
            if model is None or not can(model, Event.CANCEL):
                return False
            columns = follow(model, Event.CANCEL)
            await bring_back(change, model, columns, "cancel_drain", operation_id, undo_moves=True)
            return True

    async def _refused(self, principal: Principal, named: str, team: str | None, refusal: GatewayError) -> None:
        """Put on the record what stopped a restore, where the model is visible to the caller."""
        async with self._changes.read() as conn:
            try:
                model, owner = await cases.find(conn, principal, named, team)
            except GatewayError:
                return
        await self._trail.refuse(refused("undelete", model, owner.name, refusal))


async def bring_back(  # noqa: PLR0913 - one step of two callers
    change: Change,
    model: ModelRecord,
    columns: dict[str, object],
    verb: str,
    operation_id: str | None = None,
    *,
    undo_moves: bool = False,
) -> Restored:
    """Write the row as it is from now on, then give back what pointed at it: the database asks for that order."""
    after = await MODELS.update(change.conn, model.uid, {**columns, **gone_columns(model)}, now_ms=change.now_ms)
    references = await reattach(change, after, undo_moves=undo_moves)
    await grants.link(change.conn, after.team_id, {after.name: after.uid})
    team = await _team(change, model)
    effects = tuple(effect(one.kind, one.id, one.name, "left" if one.why else "restored") for one in references)
    event = changed(model, after, team=team, verb=verb)
    change.record(replace(event, effects=effects, operation_id=operation_id))
    return Restored(await state_of(change.conn, after), references)


def gone_columns(model: ModelRecord) -> dict[str, Any]:
    """Return what a model that is back no longer says of its deletion."""
    gone: dict[str, Any] = {"deleted_at": None, "purge_at": None, "retire_reason": ""}
    if model.deprecated_at is None:  # otherwise it is announced, too
        gone["successor_uid"] = None
    return gone


async def _require_free(change: Change, model: ModelRecord, name: str) -> None:
    team = await TEAMS.find(change.conn, model.team_id)
    assert team is not None, "a team with models is never deleted"
    try:  # its own name rests for nobody else: it is not purged
        await require_free(change.conn, team, name, now_ms=change.now_ms, reuse=name == model.name)
    except Conflict as error:
        error.hint = "send rename_to with another name, or delete what has it now"
        raise


async def _team(change: Change, model: ModelRecord) -> str:
    team = await TEAMS.find(change.conn, model.team_id)
    assert team is not None, "a team with models is never deleted"
    return team.name
