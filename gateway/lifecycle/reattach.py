"""What a deletion took from others is given back, as far as there is still a place for it (lifecycle.md section 4).

An alias comes back when its name is free, a fallback's leg and a key's entry when their owner lives, a team's default
when it has no other. What moved to a successor stays there: it serves by now, and the model that comes back may not;
a drain that is cancelled (`undo_moves`) never ended, so then moves are undone where nobody changed them since.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Table, delete, insert, select, update

from gateway.lifecycle.states import State
from gateway.lifecycle.suppression import ENTRY, offer_again
from gateway.registry.record import ModelRecord
from gateway.registry.service.change import Change
from gateway.registry.store import defaults
from gateway.registry.store.entity import AT_ONCE
from gateway.registry.store.tables import ALIASES, MODELS, TEAMS
from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import (
    aliases,
    endpoints,
    key_models,
    keys,
    model_fallbacks,
    models,
    retired_references,
    team_defaults,
    teams,
)

TAKEN: Final = "the name is taken by now"
GONE: Final = "what it belonged to is gone, or leaves too"
UNLIMITED: Final = "the key may call every model by now"
OTHER: Final = "there is another one by now"
MOVED: Final = "it stays with the successor"
_LEAVING: Final = (str(State.DRAINING), str(State.DELETED))


class Kept(NamedTuple):
    """A reference as the deletion kept it; `to` is where it moved."""

    kind: str
    ref_id: str
    name: str
    effect: str
    row: Mapping[str, Any]
    to: str | None


class Returned(NamedTuple):
    """What became of one kept reference; `why` says why it did not come back."""

    kind: str
    id: str
    name: str
    why: str | None = None


async def reattach(change: Change, model: ModelRecord, *, undo_moves: bool = False) -> tuple[Returned, ...]:
    """Give back what points at the model, whose state admits it by now, and forget what was kept."""
    kept = await _read(change.conn, model.uid)
    told: list[Returned] = []
    for kind, (give_back, undo) in _KINDS.items():
        gone = [one for one in kept if one.kind == kind and one.effect != "moved"]
        moved = [one for one in kept if one.kind == kind and one.effect == "moved"]
        if gone:
            told += await give_back(change, model, gone)
        if moved and undo_moves:
            await undo(change, model, moved)
        told += [_told(one, None if undo_moves else MOVED) for one in moved]
    await change.conn.execute(delete(retired_references).where(retired_references.c.model_uid == model.uid))
    return tuple(told)


async def _read(conn: AsyncConnection, uid: str) -> list[Kept]:
    query = select(retired_references).where(retired_references.c.model_uid == uid).order_by(retired_references.c.id)
    found = []
    for row in await conn.execute(query):
        held = json.loads(row.row)
        found.append(Kept(row.kind, row.ref_id, row.name, row.effect, held["row"], held["to"]))
    return found


def _told(one: Kept, why: str | None = None) -> Returned:
    return Returned(one.kind, one.ref_id, one.name, why)


async def _aliases(change: Change, model: ModelRecord, kept: Sequence[Kept]) -> list[Returned]:
    taken: set[str] = set()
    for some in _some([one.name for one in kept]):
        for table, living in ((aliases, ()), (models, (models.c.state != State.DELETED,))):
            same = (table.c.team_id == model.team_id, table.c.name.in_(some))
            taken |= set((await change.conn.execute(select(table.c.name).where(*same, *living))).scalars())
    free = [one.row for one in kept if one.name not in taken]
    await ALIASES.put_back(change.conn, free, now_ms=change.now_ms)
    return [_told(one, TAKEN if one.name in taken else None) for one in kept]


async def _fallbacks(change: Change, model: ModelRecord, kept: Sequence[Kept]) -> list[Returned]:
    """Give legs back to other models that still lead nowhere else at that place, and the model its own."""
    del model
    conn, uids = change.conn, {str(one.row[name]) for one in kept for name in ("model_uid", "fallback_uid")}
    living, legs = set[str](), set[tuple[str, int]]()
    pairs = set[tuple[str, str]]()
    for some in _some(sorted(uids)):
        there = models.c.uid.in_(some), models.c.state.not_in(_LEAVING)
        living |= set((await conn.execute(select(models.c.uid).where(*there))).scalars())
        for row in await conn.execute(select(model_fallbacks).where(model_fallbacks.c.model_uid.in_(some))):
            legs.add((row.model_uid, row.position))
            pairs.add((row.model_uid, row.fallback_uid))
    told, rows = [], []
    for one in kept:
        owner, leg = str(one.row["model_uid"]), str(one.row["fallback_uid"])
        why = GONE if not {owner, leg} <= living else OTHER if (owner, leg) in pairs else None
        told.append(_told(one, why))
        if why is None:
            position = int(one.row["position"])
            while (owner, position) in legs:
                position += 1
            legs.add((owner, position))
            rows.append({"model_uid": owner, "position": position, "fallback_uid": leg})
    await _insert(conn, model_fallbacks, rows)
    for some in _some([str(row["model_uid"]) for row in rows]):
        await MODELS.touch(conn, models.c.uid.in_(some))
    return told


async def _keys(change: Change, model: ModelRecord, kept: Sequence[Kept]) -> list[Returned]:
    await change.change_keys(one.ref_id for one in kept)
    limited: dict[str, bool] = {}
    entries: dict[str, dict[int, str]] = {}
    for some in _some([one.ref_id for one in kept]):
        rows = await change.conn.execute(select(keys.c.id, keys.c.limited).where(keys.c.id.in_(some)))
        limited |= {row.id: bool(row.limited) for row in rows}
        columns = (key_models.c.key_id, key_models.c.position, key_models.c.pattern)
        for row in await change.conn.execute(select(*columns).where(key_models.c.key_id.in_(some))):
            entries.setdefault(row.key_id, {})[row.position] = row.pattern
    told, back = [], []
    for one in kept:
        own = entries.setdefault(one.ref_id, {})
        why = None if limited.get(one.ref_id) else (UNLIMITED if one.ref_id in limited else GONE)
        why = OTHER if why is None and model.name in own.values() else why
        told.append(_told(one, why))
        if why is None:
            position = int(one.row["position"])
            position = position if position not in own else max(own) + 1
            own[position] = model.name
            back.append({"key_id": one.ref_id, "position": position, "pattern": model.name, "model_uid": model.uid})
    await _insert(change.conn, key_models, back)
    await _touch_keys(change, [row["key_id"] for row in back])
    return told


async def _team_defaults(change: Change, model: ModelRecord, kept: Sequence[Kept]) -> list[Returned]:
    conn = change.conn
    own = select(endpoints.c.id).where(endpoints.c.model_uid == model.uid)
    there = set((await conn.execute(own)).scalars())
    query = select(team_defaults.c.operation).where(team_defaults.c.team_id == model.team_id)
    set_by_now = set((await conn.execute(query)).scalars())
    told = []
    for one in kept:
        why = GONE if one.row["endpoint_id"] not in there else OTHER if one.name in set_by_now else None
        told.append(_told(one, why))
        if why is None:
            await defaults.put(conn, model.team_id, one.name, str(one.row["endpoint_id"]))
    await TEAMS.touch(conn, teams.c.id == model.team_id)
    return told


async def _successors(change: Change, model: ModelRecord, kept: Sequence[Kept]) -> list[Returned]:
    free: set[str] = set()
    for some in _some([one.ref_id for one in kept]):
        undecided = (models.c.uid.in_(some), models.c.successor_uid.is_(None), models.c.state.not_in(_LEAVING))
        found = set((await change.conn.execute(select(models.c.uid).where(*undecided))).scalars())
        to = {"successor_uid": model.uid}
        await MODELS.update_where(change.conn, to, models.c.uid.in_(found), now_ms=change.now_ms)
        free |= found
    return [_told(one, None if one.ref_id in free else OTHER) for one in kept]


async def _entry(change: Change, model: ModelRecord, kept: Sequence[Kept]) -> list[Returned]:
    """Have the catalogue offer it again; where somebody did that before, there is nothing to do."""
    await offer_again(change, model)
    return [_told(one) for one in kept]


async def _undo_nothing(change: Change, model: ModelRecord, moved: Sequence[Kept]) -> None:
    """An entry never moves."""


async def _undo_aliases(change: Change, model: ModelRecord, moved: Sequence[Kept]) -> None:
    for some in _some([one.ref_id for one in moved]):
        same = (aliases.c.id.in_(some), aliases.c.model_uid == moved[0].to)
        await ALIASES.update_where(change.conn, {"model_uid": model.uid}, *same, now_ms=change.now_ms)
    await MODELS.touch(change.conn, models.c.uid == moved[0].to)


async def _undo_fallbacks(change: Change, model: ModelRecord, moved: Sequence[Kept]) -> None:
    for some in _some([one.ref_id for one in moved]):
        same = (model_fallbacks.c.model_uid.in_(some), model_fallbacks.c.fallback_uid == moved[0].to)
        await change.conn.execute(update(model_fallbacks).where(*same).values(fallback_uid=model.uid))
        await MODELS.touch(change.conn, models.c.uid.in_(some))


async def _undo_keys(change: Change, model: ModelRecord, moved: Sequence[Kept]) -> None:
    await change.change_keys(one.ref_id for one in moved)
    for some in _some([one.ref_id for one in moved]):
        same = (key_models.c.key_id.in_(some), key_models.c.model_uid == moved[0].to)
        values = {"model_uid": model.uid, "pattern": model.name}
        await change.conn.execute(update(key_models).where(*same).values(**values))
        await _touch_keys(change, some)


async def _undo_team_defaults(change: Change, model: ModelRecord, moved: Sequence[Kept]) -> None:
    taker = select(endpoints.c.id).where(endpoints.c.model_uid == moved[0].to)
    still = select(team_defaults.c.operation).where(
        team_defaults.c.team_id == model.team_id, team_defaults.c.endpoint_id.in_(taker)
    )
    there = set((await change.conn.execute(still)).scalars())
    for one in moved:
        if one.name in there:
            await defaults.put(change.conn, model.team_id, one.name, str(one.row["endpoint_id"]))
    await TEAMS.touch(change.conn, teams.c.id == model.team_id)


async def _undo_successors(change: Change, model: ModelRecord, moved: Sequence[Kept]) -> None:
    for some in _some([one.ref_id for one in moved]):
        same = (models.c.uid.in_(some), models.c.successor_uid == moved[0].to)
        await MODELS.update_where(change.conn, {"successor_uid": model.uid}, *same, now_ms=change.now_ms)


async def _touch_keys(change: Change, ids: Sequence[Any]) -> None:
    for some in _some(ids):
        stamps = {"rev": keys.c.rev + 1, "updated_at": change.now_ms}
        await change.conn.execute(update(keys).where(keys.c.id.in_(some)).values(**stamps))


async def _insert(conn: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    for start in range(0, len(rows), AT_ONCE):
        await conn.execute(insert(table), rows[start : start + AT_ONCE])


def _some(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]


_KINDS: Final = {
    "alias": (_aliases, _undo_aliases),
    "fallback": (_fallbacks, _undo_fallbacks),
    "own_fallback": (_fallbacks, _undo_fallbacks),
    "key": (_keys, _undo_keys),
    "team_default": (_team_defaults, _undo_team_defaults),
    "successor": (_successors, _undo_successors),
    ENTRY: (_entry, _undo_nothing),
}
