"""What a deletion does to each reference, and what stands against it: the table of lifecycle.md section 4. Pure.

A dry run shows the very plan that the real call carries out.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from gateway.lifecycle.references import Reference

Policy: TypeAlias = Literal["restrict", "cascade", "repoint"]
Action: TypeAlias = Literal["deleted", "removed", "moved", "cleared", "closed", "given_up", "suppressed", "kept"]
"""deleted: a row of its own goes · removed: an entry of a list goes · moved: it points at the successor · cleared: it
points at nothing · closed: not called any more, kept until the purge · given_up: nobody waits for it any more ·
suppressed: the catalogue does not offer it to the team any more."""

DECLARED: Final = "a file declares it"
IN_USE: Final = "it points at the model"
SOLE_ENTRY: Final = "it is the only model that the key may call"
LAST_PLACE: Final = "it is the last place where the other model can be served"
NO_ENDPOINT: Final = "the successor has no endpoint that is switched on"
UNFINISHED: Final = "it is not finished"


class Successor(Struct, frozen=True):
    """The model that takes over; `endpoint_id` is where it takes calls that name no model.

    `holders` are rows that point at it already: (kind, id), and `leads_to` the models that its own fallbacks reach.
    """

    uid: str
    name: str
    endpoint_id: str | None
    holders: frozenset[tuple[str, str]] = frozenset()
    leads_to: frozenset[str] = frozenset()


class Effect(Struct, frozen=True):
    """What happens to one reference."""

    reference: Reference
    action: Action


class Blocker(Struct, frozen=True):
    """A reference that keeps the model, and why."""

    reference: Reference
    why: str


class Plan(Struct, frozen=True):
    """Effects of a deletion in order; with a blocker nothing is done at all."""

    effects: tuple[Effect, ...] = ()
    blockers: tuple[Blocker, ...] = ()

    def actions(self) -> Mapping[tuple[str, Action], Sequence[Reference]]:
        """Return the references by kind and action: what is written table by table."""
        groups: dict[tuple[str, Action], list[Reference]] = {}
        for effect in self.effects:
            groups.setdefault((effect.reference.kind, effect.action), []).append(effect.reference)
        return groups


def make_plan(
    references: Iterable[Reference], policy: Policy, successor: Successor | None, *, ignore: Collection[str] = ()
) -> Plan:
    """Return what becomes of the references under the policy; `successor` stands for repoint.

    `ignore` are kinds that never block here: a file that takes its own model away has judged its own rows before.
    """
    effects, blockers = [], []
    for reference in references:
        decided = _RULES[reference.kind](reference, policy, successor)
        if reference.declared_at is not None and reference.kind in _WRITTEN and reference.kind not in ignore:
            decided = DECLARED
        if isinstance(decided, Effect):
            if decided.action != "kept":
                effects.append(decided)
        else:
            blockers.append(Blocker(reference, decided))
    return Plan(tuple(effects), tuple(blockers))


_WRITTEN: Final = frozenset({"alias", "fallback", "key", "team_default"})
"""Kinds whose row is a file's where the file declares it: nobody else changes it."""


def _alias(one: Reference, policy: Policy, successor: Successor | None) -> Effect | str:
    if policy == "restrict":
        return IN_USE
    return Effect(one, "moved" if policy == "repoint" and successor else "deleted")


def _fallback(one: Reference, policy: Policy, successor: Successor | None) -> Effect | str:
    if policy == "restrict":
        return IN_USE
    circular = successor is not None and (one.id == successor.uid or one.id in successor.leads_to)
    if policy == "repoint" and successor and not circular and ("fallback", one.id) not in successor.holders:
        return Effect(one, "moved")
    return LAST_PLACE if one.sole else Effect(one, "removed")


def _key(one: Reference, policy: Policy, successor: Successor | None) -> Effect | str:
    if policy == "repoint" and successor and ("key", one.id) not in successor.holders:
        return Effect(one, "moved")
    if policy == "restrict" and one.sole:
        return SOLE_ENTRY
    return Effect(one, "removed")


def _team_default(one: Reference, policy: Policy, successor: Successor | None) -> Effect | str:
    if policy == "restrict":
        return IN_USE
    if policy == "cascade":
        return Effect(one, "removed")
    return Effect(one, "moved") if successor and successor.endpoint_id else NO_ENDPOINT


def _stored_object(one: Reference, policy: Policy, _successor: Successor | None) -> Effect | str:
    return Effect(one, "given_up") if policy == "cascade" else UNFINISHED


def _successor(one: Reference, policy: Policy, successor: Successor | None) -> Effect | str:
    moves = policy == "repoint" and successor is not None and one.id != successor.uid
    return Effect(one, "moved" if moves else "cleared")


def _always(action: Action) -> Callable[[Reference, Policy, Successor | None], Effect | str]:
    return lambda one, _policy, _successor: Effect(one, action)


_RULES: Final[Mapping[str, Callable[[Reference, Policy, Successor | None], Effect | str]]] = {
    "alias": _alias,
    "fallback": _fallback,
    "key": _key,
    "team_default": _team_default,
    "stored_object": _stored_object,
    "successor": _successor,
    "own_fallback": _always("removed"),
    "gateway": _always("kept"),
    "endpoint": _always("closed"),
    "catalogue_entry": _always("suppressed"),
}
