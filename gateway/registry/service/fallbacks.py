"""Which models may take over for which: the same team, no ring, at most eight. Used by models.py and declared objects.

A fallback's own fallbacks count too, so a ring would lead back to the model that could not answer.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from gateway.api.principal import Principal
from gateway.errors import Conflict, Unprocessable
from gateway.registry.record import ModelRecord, TeamRecord
from gateway.registry.service.change import Change
from gateway.registry.service.lookup import get_model
from gateway.registry.snapshot import LEAVING_STATES
from gateway.registry.store import fallbacks as store
from gateway.registry.store.tables import MODELS
from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import models

PARAM: Final = "fallbacks"


async def set_fallbacks(
    change: Change, principal: Principal, model: ModelRecord, team: TeamRecord, wanted: object
) -> dict[str, Any]:
    """Have these models, by name or uid, take over for the model; None changes nothing.

    Return what goes on the record beside the model's row; nothing when the list is what it was.

    Raises:
        NotFound: the team has no such model.
        Conflict: one of them is leaving.
        Unprocessable: the model itself, the same one twice, or one that falls back to this model.
    """
    if wanted is None:
        return {}
    assert isinstance(wanted, tuple), "the shape was checked"
    conn = change.conn
    before = (await store.of_models(conn, [model.uid])).get(model.uid, ())
    after = await _find(conn, principal, model, team, wanted)
    if after == before:
        return {}
    await store.replace(conn, {model.uid: after})
    return {"more_before": {PARAM: before}, "more_after": {PARAM: after}}


def find_ring(start: str, chains: Mapping[str, Collection[str]]) -> tuple[str, ...] | None:
    """Return the models of a ring through `start`, which stands at both ends; None when there is none.

    >>> find_ring("a", {"a": ["b", "c"], "c": ["d"], "d": ["a"]})
    ('a', 'c', 'd', 'a')
    """
    paths: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    while paths:
        path = paths.pop()
        for uid in chains.get(path[-1], ()):
            if uid == start:
                return (*path, uid)
            if uid not in seen:
                seen.add(uid)
                paths.append((*path, uid))
    return None


def told_ring(names: Sequence[str]) -> str:
    """Return the sentence about a ring of names.

    >>> told_ring(["a", "a"]), told_ring(["a", "b", "a"])
    ("model 'a' cannot take over for itself", "'a' would fall back to itself: 'a', 'b', 'a'")
    """
    if len(names) == 2:  # noqa: PLR2004 - both ends alone
        return f"model {names[0]!r} cannot take over for itself"
    return f"{names[0]!r} would fall back to itself: {', '.join(map(repr, names))}"


async def _find(
    conn: AsyncConnection, principal: Principal, model: ModelRecord, team: TeamRecord, named: Sequence[str]
) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for name in named:
        one, _ = await get_model(conn, principal, name, team=team.name, param=PARAM)
        if one.state in LEAVING_STATES:
            raise Conflict(
                f"model {one.name!r} is {one.state} and takes over for nobody",
                code="state_conflict",
                param=PARAM,
                hint="restore it first, or name another model",
            )
        if one.uid in found:
            raise _refused(f"model {one.name!r} is named twice", "name each model once")
        found[one.uid] = one.name
    if (ring := await _ring(conn, model.uid, tuple(found))) is not None:
        names = {one.uid: one.name for one in await MODELS.all(conn, models.c.uid.in_(ring))}
        raise _refused(told_ring([names[uid] for uid in ring]), "leave one of them out")
    return tuple(found)


async def _ring(conn: AsyncConnection, uid: str, named: Sequence[str]) -> tuple[str, ...] | None:
    chains: dict[str, Collection[str]] = {uid: named}
    edge: Collection[str] = named
    while edge:
        further = await store.of_models(conn, [one for one in edge if one not in chains])
        chains |= {one: further.get(one, ()) for one in edge if one not in chains}
        edge = {one for legs in further.values() for one in legs} - chains.keys()
    return find_ring(uid, chains)


def _refused(message: str, hint: str) -> Unprocessable:
    return Unprocessable(message, code="bad_fallback", param=PARAM, hint=hint)
