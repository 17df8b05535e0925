"""Carries out the plans of many deletions together: what relink.py does for one model, in as few statements for all.

Rows are named by their own keys, which the references bring along. What is kept for the way back is the same.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Table, UpdateBase, bindparam, delete, update

from gateway.lifecycle.plan import Action, Plan, Successor
from gateway.lifecycle.references import Reference
from gateway.lifecycle.relink import KEPT_COLUMNS, NOT_KEPT, kept_row
from gateway.lifecycle.suppression import ENTRY, suppress
from gateway.registry.service.change import Change
from gateway.registry.store.entity import AT_ONCE
from gateway.registry.store.tables import ALIASES, MODELS, TEAMS
from gateway.storage.connection import AsyncConnection
from gateway.storage.rows import insert_rows
from gateway.storage.schema import (
    aliases,
    key_models,
    keys,
    model_fallbacks,
    models,
    retired_references,
    stored_objects,
    team_defaults,
    teams,
)

Row = dict[str, Any]


class _Way(NamedTuple):
    """One bulk deletion: the transaction, and who takes over."""

    change: Change
    successor: Successor | None

    @property
    def conn(self) -> AsyncConnection:
        return self.change.conn

    def target(self, action: Action) -> str | None:
        """Return what a reference points at afterwards."""
        return self.successor.uid if action == "moved" and self.successor else None


async def carry_out_many(change: Change, plans: Mapping[str, Plan], successor: Successor | None) -> None:
    """Write what the plans say, by the uids of their models, whose states are leaving ones already."""
    way, kept = _Way(change, successor), list[tuple[str, ...]]()
    groups: dict[tuple[str, Action], list[Reference]] = {}
    for uid, plan in plans.items():
        for effect in plan.effects:
            groups.setdefault((effect.reference.kind, effect.action), []).append(effect.reference)
            if effect.action not in NOT_KEPT:
                kept.append(_kept(uid, effect.reference, effect.action, way.target(effect.action)))
    await insert_rows(change.conn, retired_references, KEPT_COLUMNS, kept)
    for (kind, action), found in groups.items():
        if write := _WRITES.get(kind):
            await write(way, found, action)
    if successor is not None and any(action == "moved" for _, action in groups):
        await MODELS.touch(change.conn, models.c.uid == successor.uid)


def _kept(uid: str, one: Reference, action: Action, to: str | None) -> tuple[str, ...]:
    return uid, one.kind, one.id, one.name, action, kept_row(one, to)


async def _aliases(way: _Way, found: Sequence[Reference], action: Action) -> None:
    for ids in _some([one.id for one in found]):
        await ALIASES.touch(way.conn, aliases.c.id.in_(ids))
    to = way.target(action)
    await _write(way.conn, aliases, found, {"model_uid": to, "updated_at": way.change.now_ms} if to else None)


async def _fallbacks(way: _Way, found: Sequence[Reference], action: Action) -> None:
    for owners in _some(list({one.id for one in found})):
        await MODELS.touch(way.conn, models.c.uid.in_(owners))
    to = way.target(action)
    await _write(way.conn, model_fallbacks, found, {"fallback_uid": to} if to else None)


async def _own_fallbacks(way: _Way, found: Sequence[Reference], _action: Action) -> None:
    await _write(way.conn, model_fallbacks, found, None)


async def _keys(way: _Way, found: Sequence[Reference], action: Action) -> None:
    await way.change.change_keys(one.id for one in found)
    moved = None
    if action == "moved" and way.successor is not None:
        moved = {"model_uid": way.successor.uid, "pattern": way.successor.name}
    await _write(way.conn, key_models, found, moved)
    stamps = {"rev": keys.c.rev + 1, "updated_at": way.change.now_ms}
    for ids in _some(list({one.id for one in found})):
        await way.conn.execute(update(keys).where(keys.c.id.in_(ids)).values(**stamps))


async def _team_defaults(way: _Way, found: Sequence[Reference], action: Action) -> None:
    await TEAMS.touch(way.conn, teams.c.id.in_({one.id for one in found}))
    moved = action == "moved" and way.successor is not None
    endpoint_id = way.successor.endpoint_id if way.successor else None
    await _write(way.conn, team_defaults, found, {"endpoint_id": endpoint_id} if moved else None)


async def _stored_objects(way: _Way, found: Sequence[Reference], _action: Action) -> None:
    await _write(way.conn, stored_objects, found, {"unfinished_until": None})


async def _entries(way: _Way, found: Sequence[Reference], _action: Action) -> None:
    await suppress(way.change, found)


async def _successors(way: _Way, found: Sequence[Reference], action: Action) -> None:
    """Raise revisions alone: with a new time, a bulk deletion would take the model for one that somebody changed."""
    for uids in _some([one.id for one in found]):
        await MODELS.touch(way.conn, models.c.uid.in_(uids))
    await _write(way.conn, models, found, {"successor_uid": way.target(action)})


_WRITES: Final[Mapping[str, Callable[[_Way, Sequence[Reference], Action], Awaitable[None]]]] = {
    "alias": _aliases,
    "fallback": _fallbacks,
    "own_fallback": _own_fallbacks,
    "key": _keys,
    "team_default": _team_defaults,
    "stored_object": _stored_objects,
    "successor": _successors,
    ENTRY: _entries,
}


async def _write(
    conn: AsyncConnection, table: Table, found: Sequence[Reference], values: Mapping[str, object] | None
) -> None:
    """Delete the rows that the references are, or write the same values into all of them."""
    columns = list(table.primary_key.columns)
    where = [column == bindparam(f"key_{column.name}") for column in columns]
    rows = [{f"key_{column.name}": (one.row or {})[column.name] for column in columns} for one in found]
    statement = delete(table).where(*where) if values is None else update(table).where(*where).values(**values)
    await _many(conn, statement, rows)


async def _many(conn: AsyncConnection, statement: UpdateBase, rows: Sequence[Row]) -> None:
    for part in _some(rows):
        await conn.execute(statement, part)


def _some(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), AT_ONCE):
        yield items[start : start + AT_ONCE]
