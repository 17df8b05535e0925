"""Many models are deleted in one transaction, each judged by the rules of a single deletion.

A few statements for hundreds of models (many.py, relink_many.py). What points from one of them at another stands
against neither. Whoever calls this decides whether a refusal stops all (a batch) or leaves that model out (an
operation).
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from gateway.api.etag import UNGUARDED, IfMatch
from gateway.errors import GatewayError
from gateway.lifecycle import case as cases
from gateway.lifecycle.case import Case, Wanted
from gateway.lifecycle.impact import Running
from gateway.lifecycle.many import read_many
from gateway.lifecycle.plan import Plan, Policy, Successor, make_plan
from gateway.lifecycle.references import Reference
from gateway.lifecycle.relink_many import carry_out_many
from gateway.lifecycle.retire import columns_of, recorded, waits
from gateway.lifecycle.states import State
from gateway.lifecycle.suppression import origin_of
from gateway.registry.record import ModelRecord, TeamRecord
from gateway.registry.service.change import Change
from gateway.registry.store.tables import MODELS, TEAMS
from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import models, teams


class Terms(Struct, frozen=True):
    """How models are deleted together. `successor` is a uid; `guarded` wants If-Match's tag for each of them."""

    references: Policy = "restrict"
    successor: str | None = None
    guarded: bool = False
    etags: Mapping[str, IfMatch] = field(default_factory=dict)
    """By uid, where the caller said which revision is meant."""
    by: str | None = None
    """Whose models these are: FILE for what a file declares."""


class Judged(Struct, frozen=True):
    """What may go, and why the rest may not, by uid."""

    ready: Mapping[str, Case]
    refused: Mapping[str, GatewayError]
    successor: Successor | None = None


class Gone(Struct, frozen=True):
    """What became of one model of many; `drains` says that calls under way may end first."""

    case: Case
    model: ModelRecord
    drains: bool


async def judge_together(
    conn: AsyncConnection,
    records: Sequence[ModelRecord],
    terms: Terms,
    running: Callable[[str], Running],
    *,
    now_ms: int,
) -> Judged:
    """Return which of the models may be deleted together, and the refusals of the others."""
    owners = {one.id: one for one in await TEAMS.all(conn, teams.c.id.in_({one.team_id for one in records}))}
    taker = await MODELS.find(conn, terms.successor) if terms.successor else None
    successor = await cases.described(conn, taker) if taker and terms.references == "repoint" else None
    left, refused = {one.uid: one for one in records}, dict[str, GatewayError]()
    while True:
        references = await read_many(conn, left, now_ms=now_ms)
        for uid, record in left.items():
            references[uid] += origin_of(record, owners[record.team_id])
        planned = _plans(references, terms.references, successor)
        found = {
            uid: _case(record, owners[record.team_id], terms, planned[uid], running(uid), successor)
            for uid, record in left.items()
        }
        now_refused = {uid: error for uid, case in found.items() if (error := await _refusal(conn, case, terms, taker))}
        refused |= now_refused
        left = {uid: record for uid, record in left.items() if uid not in now_refused}
        if not _leans(references, now_refused, left):
            return Judged({uid: found[uid] for uid in left}, refused, successor)


async def leave_together(change: Change, judged: Judged, grace_s: float, *, purge_days: int) -> list[Gone]:
    """Delete everything that is ready, with one row of the record for each model."""
    drains = {uid: waits(case, grace_s) for uid, case in judged.ready.items()}
    columns = {
        uid: columns_of(case, drains=drains[uid], now_ms=change.now_ms, purge_days=purge_days)
        for uid, case in judged.ready.items()
    }
    await MODELS.update_all(change.conn, columns, now_ms=change.now_ms)
    await carry_out_many(change, {uid: case.plan for uid, case in judged.ready.items()}, judged.successor)
    after = {one.uid: one for one in await MODELS.all(change.conn, models.c.uid.in_(columns))}
    gone = [Gone(case, after[uid], drains[uid]) for uid, case in judged.ready.items()]
    for one in gone:
        change.record(replace(recorded(one.case, one.model, None), status=202 if one.drains else 200))
    return gone


def _plans(
    references: Mapping[str, Sequence[Reference]], policy: Policy, successor: Successor | None
) -> dict[str, Plan]:
    """Return a plan for each model; where two hand over the same key, the second finds the successor there already."""
    plans = {}
    for uid, found in references.items():
        plan = plans[uid] = make_plan(found, policy, successor)
        moved = {(one.reference.kind, one.reference.id) for one in plan.effects if one.action == "moved"}
        if successor is not None and moved:
            successor = replace(successor, holders=successor.holders | moved)
    return plans


def _case(  # noqa: PLR0913, PLR0917 - what a case consists of
    model: ModelRecord, team: TeamRecord, terms: Terms, plan: Plan, running: Running, successor: Successor | None
) -> Case:
    if_match = terms.etags.get(model.uid, UNGUARDED)
    wanted = Wanted(references=terms.references, successor=terms.successor, if_match=if_match)
    return Case(
        model=model,
        team=team,
        wanted=wanted,
        successor=successor,
        successor_uid=terms.successor or model.successor_uid,
        plan=plan,
        running=running,
    )


async def _refusal(conn: AsyncConnection, case: Case, terms: Terms, taker: ModelRecord | None) -> GatewayError | None:
    model = case.model
    try:
        if terms.successor is not None and (taker is None or not _takes_over(taker, model)):
            await cases.find_successor(conn, model, terms.successor)  # says what is wrong with it
        await cases.judge(conn, case, guarded=terms.guarded, by=terms.by)
    except GatewayError as refusal:
        return refusal
    return None


def _takes_over(taker: ModelRecord, model: ModelRecord) -> bool:
    """Whether nothing is wrong with the successor: the usual case, without a question to the database."""
    return taker.uid != model.uid and taker.team_id == model.team_id and taker.state == State.ACTIVE


def _leans(
    references: Mapping[str, Sequence[Reference]], refused: Mapping[str, GatewayError], left: Mapping[str, ModelRecord]
) -> bool:
    """Whether something that stays after all points at something that goes: then the rest is judged anew."""
    return any(one.kind == "own_fallback" and one.id in left for uid in refused for one in references[uid])
