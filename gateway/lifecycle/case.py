"""Steps 3 and 4 of a deletion: what is there, and whether it may go. Reads alone, so a dry run is the same code."""

from typing import Final

from msgspec import Struct, field
from sqlalchemy import select, true

from gateway.api.etag import UNGUARDED, IfMatch, format_etag
from gateway.api.managed import require_owner
from gateway.api.principal import Principal
from gateway.errors import Conflict, NotFound, PreconditionRequired, Unprocessable
from gateway.lifecycle.impact import Running, Traffic, Watch, traffic_of
from gateway.lifecycle.plan import Plan, Policy, Successor, make_plan
from gateway.lifecycle.references import read_all
from gateway.lifecycle.states import Event, State, follow
from gateway.lifecycle.suppression import origin_of
from gateway.lifecycle.views import blocker_members
from gateway.lifecycle.words import in_the_way
from gateway.operations.store import running_on
from gateway.registry.names import UID_PREFIX
from gateway.registry.record import ModelRecord, TeamRecord
from gateway.registry.service.lookup import find_team, get_model, owner_team
from gateway.registry.store.tables import MODELS
from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import endpoints, key_models, model_fallbacks, models

MAX_TOLD: Final = 1000
"""References that a refusal lists; GET …/references has all of them in pages."""
_CALLABLE: Final = ("active", "deprecated")


class Wanted(Struct, frozen=True, kw_only=True):
    """How a model is to be deleted. `drain_s` is the grace for calls under way, None the usual one."""

    references: Policy = "restrict"
    successor: str | None = None
    drain_s: float | None = None
    suppress: bool = True
    team: str | None = None
    dry_run: bool = False
    allow_missing: bool = False
    if_match: IfMatch = UNGUARDED


class Case(Struct, frozen=True):
    """A model that is to go, with everything that is known about it."""

    model: ModelRecord
    team: TeamRecord
    wanted: Wanted
    successor: Successor | None = None
    successor_uid: str | None = None
    successor_name: str | None = None
    plan: Plan = field(default_factory=Plan)
    running: Running = field(default_factory=Running)
    traffic: Traffic = field(default_factory=Traffic)


async def find(
    conn: AsyncConnection, principal: Principal, named: str, team: str | None
) -> tuple[ModelRecord, TeamRecord]:
    """Return the model with this uid or name; of the same name the living one, else the last that was deleted.

    Raises:
        NotFound: there is none for this caller.
    """
    if not named.startswith(UID_PREFIX):
        owner = await find_team(conn, principal, team)
        same = (models.c.team_id == owner.id, models.c.name == named)
        found = await MODELS.find_where(conn, *same, models.c.state != State.DELETED)
        if found is not None:
            return found, owner
        gone = await MODELS.all(conn, *same, models.c.state == State.DELETED)
        if gone:
            return max(gone, key=lambda one: (one.deleted_at or 0, one.uid)), owner
    else:
        found = await MODELS.find(conn, named)
        visible = await owner_team(conn, principal, found.team_id) if found else None
        if found is not None and visible is not None and team in {None, visible.name}:
            return found, visible
    return await get_model(conn, principal, named, team=team)


async def read(  # noqa: PLR0913 - one is keyword-only
    conn: AsyncConnection, model: ModelRecord, team: TeamRecord, wanted: Wanted, watch: Watch, *, now_ms: int
) -> Case:
    """Return the case: references, what would become of them, who would notice.

    Raises:
        Unprocessable: the successor is none that could take over.
    """
    taker = await _successor(conn, model, wanted)
    references = await read_all(conn, model.uid, now_ms=now_ms)
    references += origin_of(model, team) if wanted.suppress else []
    successor = await described(conn, taker) if taker and wanted.references == "repoint" else None
    return Case(
        model=model,
        team=team,
        wanted=wanted,
        successor=successor,
        successor_uid=taker.uid if taker else model.successor_uid,
        successor_name=taker.name if taker else await name_of(conn, model.successor_uid),
        plan=make_plan(references, wanted.references, successor),
        running=await watch.of(conn, model.uid, now_ms=now_ms),
        traffic=await traffic_of(conn, model, team.name, now_ms=now_ms) if wanted.dry_run else Traffic(),
    )


async def judge(conn: AsyncConnection, case: Case, *, guarded: bool, by: str | None) -> None:
    """Let pass a deletion that may be.

    Raises:
        PreconditionRequired: policy wants If-Match for one like this (`guarded`).
        PreconditionFailed: If-Match names another revision.
        Conflict: the state forbids it, an operation has the model, it is protected, a file declares it, or something
            points at it.
        NotFound: it is deleted already.
    """
    model, wanted = case.model, case.wanted
    if guarded and not wanted.if_match.given:
        raise PreconditionRequired(
            f"deleting with references={wanted.references} needs If-Match",
            hint=f"read the model and its references, then send If-Match: {format_etag(model.uid, model.rev)}",
        )
    wanted.if_match.check(format_etag(model.uid, model.rev))
    await _require_here(conn, model)
    require_owner("model", model.name, model, by)
    if model.protected:
        raise Conflict(
            f"model {model.name!r} is protected from deletion",
            code="deletion_protected",
            hint=f'take the protection off first: POST /api/v1/models/{model.uid}/protection {{"enabled": false}}',
        )
    follow(model, Event.DELETE)
    if case.plan.blockers:
        raise Conflict(
            in_the_way(model.name, case.plan),
            code="model_referenced",
            hint="change these first, or send references=cascade, or references=repoint with a successor",
            references=blocker_members(case.plan.blockers[:MAX_TOLD]),
            references_total=len(case.plan.blockers),
        )


async def _require_here(conn: AsyncConnection, model: ModelRecord) -> None:
    if model.state == State.DELETED:
        raise NotFound(
            f"model {model.name!r} is deleted already",
            code="model_not_found",
            hint="send allow_missing=true where that is as good; POST …/undelete brings it back",
        )
    if model.state == State.DRAINING:
        running = await running_on(conn, model.uid)
        raise Conflict(
            f"model {model.name!r} is being deleted already: calls under way may end first",
            code="operation_in_progress",
            hint="watch or cancel the operation" if running else "wait for it",
            operation=running.id if running else None,
        )


async def find_successor(
    conn: AsyncConnection, model: ModelRecord, named: str, *, param: str = "successor"
) -> ModelRecord:
    """Return the model of the same team that is named as successor.

    Raises:
        Unprocessable: there is none, or it cannot take over.
    """
    which = models.c.uid == named if named.startswith(UID_PREFIX) else models.c.name == named
    same_team = (models.c.team_id == model.team_id, which, models.c.state != State.DELETED)
    found = await MODELS.find_where(conn, *same_team)
    reason = None
    if found is None:
        reason = "there is no such model in the team"
    elif found.uid == model.uid:
        reason = "that is the model itself"
    elif found.state not in _CALLABLE:
        reason = f"that model is {found.state}"
    if found is None or reason is not None:
        raise Unprocessable(
            f"{named!r} cannot succeed {model.name!r}: {reason}",
            code="bad_successor",
            param=param,
            hint="name a model of the same team that is active",
        )
    return found


async def _successor(conn: AsyncConnection, model: ModelRecord, wanted: Wanted) -> ModelRecord | None:
    named = wanted.successor
    if named is None and wanted.references == "repoint":
        named = model.successor_uid
        if named is None:
            raise Unprocessable(
                "references=repoint needs the successor that takes them over",
                code="bad_successor",
                param="successor",
                hint="send successor=NAME, a model of the same team",
            )
    return None if named is None else await find_successor(conn, model, named)


async def name_of(conn: AsyncConnection, uid: str | None) -> str | None:
    """Return what the model is called now."""
    found = None if uid is None else await MODELS.find(conn, uid)
    return None if found is None else found.name


async def described(conn: AsyncConnection, taker: ModelRecord) -> Successor:
    """Return the successor with what decides whether a reference can move to it."""
    first = select(endpoints.c.id).where(endpoints.c.model_uid == taker.uid, endpoints.c.enabled == true())
    keys = await conn.execute(select(key_models.c.key_id).where(key_models.c.model_uid == taker.uid))
    owners = await conn.execute(select(model_fallbacks.c.model_uid).where(model_fallbacks.c.fallback_uid == taker.uid))
    holders = [("key", one) for one in keys.scalars()] + [("fallback", one) for one in owners.scalars()]
    return Successor(
        uid=taker.uid,
        name=taker.name,
        endpoint_id=(await conn.execute(first.order_by(endpoints.c.created_at, endpoints.c.id).limit(1))).scalar(),
        holders=frozenset(holders),
        leads_to=await _reached(conn, taker.uid),
    )


async def _reached(conn: AsyncConnection, uid: str) -> frozenset[str]:
    """Return the models that the fallbacks of this one lead to, however many steps away."""
    reached: set[str] = set()
    edge = {uid}
    while edge:
        legs = select(model_fallbacks.c.fallback_uid).where(model_fallbacks.c.model_uid.in_(edge))
        edge = set((await conn.execute(legs)).scalars()) - reached
        reached |= edge
    return frozenset(reached)
