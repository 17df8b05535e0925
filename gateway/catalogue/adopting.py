"""What a new list means for models that were made of it: a flag, and proposals, and nothing else (CAT-1, CAT-10).

An entry that vanishes flags its models `orphaned`; one that returns clears that. Deprecations, successors and removals
become proposals, which a person applies or dismisses; what was dismissed is not proposed again in the same words.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from msgspec import Struct, field

from gateway.api.acting import SYSTEM, act_as
from gateway.catalogue import decided
from gateway.catalogue.decided import Adopted, Proposal
from gateway.registry.service.change import Change, Changes
from gateway.registry.service.recorded import changed
from gateway.registry.store.tables import MODELS, TEAMS
from gateway.storage.schema import models

ORPHANED: Final = "orphaned"


class Fact(Struct, frozen=True):
    """What the list says about an entry; of one that is gone as far as somebody said why."""

    is_there: bool
    status: str = "active"
    deprecated_at: str | None = None
    sunset_at: str | None = None
    successor: str | None = None
    reason: str | None = None


Find = Callable[[str], Awaitable[Fact]]
"""Gives what the present list says about an id."""


class Wish(Struct, frozen=True):
    """A proposal as it should stand."""

    kind: str
    details: Mapping[str, Any]


class Plan(Struct):
    """What is to be written: flags by the uid of their model, and proposals."""

    flags: dict[str, str | None] = field(default_factory=dict)
    new: list[tuple[Adopted, Wish]] = field(default_factory=list)
    again: list[Proposal] = field(default_factory=list)
    withdrawn: list[Proposal] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.flags or self.new or self.again or self.withdrawn)


class Adoption:
    """Follows the list; `find` looks at it."""

    def __init__(self, changes: Changes, find: Find) -> None:
        self._changes = changes
        self._find = find

    async def follow(self) -> Plan:
        """Write what the present list means, and return what that was."""
        async with self._changes.read() as conn:
            found = await decided.adopted(conn)
            known = await decided.known_proposals(conn, [one.uid for one in found])
        facts = {id_: await self._find(id_) for id_ in sorted({one.catalogue_id for one in found})}
        plan = make_plan(found, facts, known)
        if plan:
            with act_as(SYSTEM):
                async with self._changes.begin() as change:
                    await _flag(change, plan.flags)
                    await _write(change, plan)
        return plan


def make_plan(found: Iterable[Adopted], facts: Mapping[str, Fact], known: Iterable[Proposal]) -> Plan:
    """Return what is to be written for these models. Pure."""
    plan, by_model = Plan(), dict[str, list[Proposal]]()
    for one in known:
        by_model.setdefault(one.model_uid, []).append(one)
    for model in found:
        fact = facts[model.catalogue_id]
        flag = None if fact.is_there else ORPHANED
        if flag != model.catalogue_flag:
            plan.flags[model.uid] = flag
        wish = wish_of(model, fact)
        own = by_model.get(model.uid, [])
        plan.withdrawn += [one for one in own if one.state == "open" and not _says(one, wish)]
        same = next((one for one in own if _says(one, wish)), None)
        if wish is not None and same is None:
            plan.new.append((model, wish))
        elif same is not None and same.state == "withdrawn":
            plan.again.append(same)
    return plan


def wish_of(model: Adopted, fact: Fact) -> Wish | None:
    """Return what is proposed about a model, None where there is nothing to decide.

    >>> model = Adopted("mdl_a", "team_a", "a", "active", "acme/a", None, None)
    >>> wish_of(model, Fact(True)), wish_of(model, Fact(False, reason="withdrawn"))
    (None, Wish(kind='removal', details={'reason': 'withdrawn'}))
    """
    about = {"reason": fact.reason, "successor": fact.successor, "sunset_at": fact.sunset_at}
    details = {name: value for name, value in about.items() if value is not None}
    if not fact.is_there or fact.status == "retired":
        return Wish("removal", details)
    if fact.status == "deprecated":
        return None if model.state == "deprecated" else Wish("deprecation", details)
    if fact.successor is not None and model.successor_uid is None and model.state != "deprecated":
        return Wish("successor", details)
    return None


def _says(one: Proposal, wish: Wish | None) -> bool:
    return wish is not None and (one.kind, dict(one.details)) == (wish.kind, dict(wish.details))


async def _flag(change: Change, flags: Mapping[str, str | None]) -> None:
    if not flags:
        return
    before = {one.uid: one for one in await MODELS.all(change.conn, models.c.uid.in_(flags))}
    owners = {team.id: team.name for team in await TEAMS.all(change.conn)}
    columns = {uid: {"catalogue_flag": flags[uid]} for uid in before}
    await MODELS.update_all(change.conn, columns, now_ms=change.now_ms)
    for uid, row in before.items():
        after = row._replace(catalogue_flag=flags[uid], rev=row.rev + 1, updated_at=change.now_ms)
        change.record(changed(row, after, team=owners[row.team_id], verb="orphan" if flags[uid] else "change"))


async def _write(change: Change, plan: Plan) -> None:
    for one in plan.withdrawn:
        await decided.decide(change.conn, one.id, "withdrawn", now_ms=change.now_ms, by=None)
    for one in plan.again:
        await decided.decide(change.conn, one.id, "open", now_ms=change.now_ms, by=None, was="withdrawn")
    for model, wish in plan.new:
        await decided.propose(
            change.conn,
            model_uid=model.uid,
            kind=wish.kind,
            entry_id=model.catalogue_id,
            details=wish.details,
            now_ms=change.now_ms,
        )
