"""The references of a model that leaves are changed here, and kept whole in `retired_references` for the way back.

First they are kept, then each kind is changed by a few statements that find its rows among the kept ones, however many
these are. Inside the transaction of the deletion, after the model's own row: from then on the database refuses new
references to it.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Select, delete, select, update

from gateway.lifecycle.plan import Action, Plan, Successor
from gateway.lifecycle.references import Reference
from gateway.lifecycle.suppression import ENTRY, suppress
from gateway.registry.service.change import Change
from gateway.registry.store import defaults
from gateway.registry.store.tables import ALIASES, MODELS, TEAMS
from gateway.storage.connection import AsyncConnection
from gateway.storage.rows import insert_rows
from gateway.storage.schema import (
    aliases,
    endpoints,
    key_models,
    keys,
    model_fallbacks,
    models,
    retired_references,
    stored_objects,
    teams,
)

NOT_KEPT: Final = frozenset({"closed", "given_up"})
"""Nothing to bring back: endpoints stay with their model, and what an upstream gave up is over."""
KEPT_COLUMNS: Final = ("model_uid", "kind", "ref_id", "name", "effect", "row")


class _Way(NamedTuple):
    """One deletion: the model, who takes over, and the transaction."""

    change: Change
    uid: str
    successor: Successor | None

    @property
    def conn(self) -> AsyncConnection:
        return self.change.conn

    @property
    def to(self) -> str | None:
        return self.successor.uid if self.successor else None


async def carry_out(change: Change, uid: str, plan: Plan, successor: Successor | None) -> None:
    """Write what the plan says; the model's state is a leaving one already."""
    way, groups = _Way(change, uid, successor), plan.actions()
    await _keep(way, plan)
    for (kind, action), found in groups.items():
        if write := _WRITES.get(kind):
            await write(way, found, action)
    if any(action == "moved" for _, action in groups) and successor is not None:
        await MODELS.touch(change.conn, models.c.uid == successor.uid)


async def _keep(way: _Way, plan: Plan) -> None:
    rows = [
        (way.uid, one.kind, one.id, one.name, action, kept_row(one, way.to if action == "moved" else None))
        for one, action in ((effect.reference, effect.action) for effect in plan.effects)
        if action not in NOT_KEPT
    ]
    await insert_rows(way.conn, retired_references, KEPT_COLUMNS, rows)


def kept_row(one: Reference, to: str | None) -> str:
    """Return a reference's row as it is kept, with what it points at from now on."""
    return _encode({"row": one.row or {}, "to": to}).decode()


_encode = msgspec.json.Encoder().encode


def _kept(way: _Way, found: Sequence[Reference], action: Action) -> Select[str]:
    """Return the query for the ids of the kept references of a kind to which this happens."""
    row = retired_references.c
    return select(row.ref_id).where(row.model_uid == way.uid, row.kind == found[0].kind, row.effect == action)


async def _aliases(way: _Way, _found: Sequence[Reference], action: Action) -> None:
    own = aliases.c.model_uid == way.uid
    if action == "moved":
        await ALIASES.update_where(way.conn, {"model_uid": way.to}, own, now_ms=way.change.now_ms)
    else:
        await ALIASES.delete_where(way.conn, own)


async def _fallbacks(way: _Way, found: Sequence[Reference], action: Action) -> None:
    owners = _kept(way, found, action)
    await MODELS.touch(way.conn, models.c.uid.in_(owners))
    rows = (model_fallbacks.c.fallback_uid == way.uid, model_fallbacks.c.model_uid.in_(owners))
    if action == "moved":
        await way.conn.execute(update(model_fallbacks).where(*rows).values(fallback_uid=way.to))
    else:
        await way.conn.execute(delete(model_fallbacks).where(*rows))


async def _own_fallbacks(way: _Way, _found: Sequence[Reference], _action: Action) -> None:
    await way.conn.execute(delete(model_fallbacks).where(model_fallbacks.c.model_uid == way.uid))


async def _keys(way: _Way, found: Sequence[Reference], action: Action) -> None:
    await way.change.change_keys(one.id for one in found)
    ids = _kept(way, found, action)
    rows = (key_models.c.model_uid == way.uid, key_models.c.key_id.in_(ids))
    if action == "moved" and way.successor is not None:
        moved = {"model_uid": way.successor.uid, "pattern": way.successor.name}
        await way.conn.execute(update(key_models).where(*rows).values(**moved))
    else:
        await way.conn.execute(delete(key_models).where(*rows))
    stamps = {"rev": keys.c.rev + 1, "updated_at": way.change.now_ms}
    await way.conn.execute(update(keys).where(keys.c.id.in_(ids)).values(**stamps))


async def _team_defaults(way: _Way, found: Sequence[Reference], action: Action) -> None:
    team_id = found[0].id
    if action == "moved" and way.successor is not None and way.successor.endpoint_id is not None:
        await defaults.move_of_model(way.conn, team_id, way.uid, way.successor.endpoint_id)
    else:
        await defaults.drop_of_model(way.conn, team_id, way.uid)
    await TEAMS.touch(way.conn, teams.c.id == team_id)


async def _stored_objects(way: _Way, _found: Sequence[Reference], _action: Action) -> None:
    own = stored_objects.c.endpoint_id.in_(select(endpoints.c.id).where(endpoints.c.model_uid == way.uid))
    await way.conn.execute(update(stored_objects).where(own).values(unfinished_until=None))


async def _entry(way: _Way, found: Sequence[Reference], _action: Action) -> None:
    await suppress(way.change, found)


async def _successors(way: _Way, found: Sequence[Reference], action: Action) -> None:
    to = {"successor_uid": way.to if action == "moved" else None}
    uids = _kept(way, found, action)
    await MODELS.update_where(way.conn, to, models.c.uid.in_(uids), now_ms=way.change.now_ms)


_WRITES: Final[dict[str, Any]] = {
    "alias": _aliases,
    "fallback": _fallbacks,
    "own_fallback": _own_fallbacks,
    "key": _keys,
    "team_default": _team_defaults,
    "stored_object": _stored_objects,
    "successor": _successors,
    ENTRY: _entry,
}
