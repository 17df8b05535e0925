"""The tables `operations` and `operation_items`, in the transactions of service and runner."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, insert, or_, select, tuple_, update

from gateway.operations.record import Item, OperationRecord
from gateway.operations.states import State
from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import operation_items, operations

_BY = "by"
"""The member of `parameters` that says who began it."""
_JSON = ("parameters", "cursor", "result", "error")
_COLUMNS = [column.name for column in operations.columns]
_UNFINISHED = operations.c.finished_at.is_(None)
_SWEPT_AT_ONCE = 200
_LOOKED_AT = 500
"""Operations that one look takes in: a process carries out far fewer at a time."""


async def add(conn: AsyncConnection, values: Mapping[str, Any], by: Mapping[str, Any]) -> OperationRecord:
    """Write a new operation, begun by somebody, and return it."""
    values = {**values, "parameters": {**values["parameters"], _BY: by}}
    row = await conn.execute(insert(operations).values(**_written(values)).returning(*operations.c))
    return _record(row.one())


async def find(conn: AsyncConnection, operation_id: str) -> OperationRecord | None:
    """Return the operation with this id."""
    row = (await conn.execute(select(operations).where(operations.c.id == operation_id))).first()
    return None if row is None else _record(row)


async def running_on(conn: AsyncConnection, target: str) -> OperationRecord | None:
    """Return the operation that has the target now, if one has."""
    row = (await conn.execute(select(operations).where(operations.c.target == target, _UNFINISHED))).first()
    return None if row is None else _record(row)


async def due_times(conn: AsyncConnection, kind: str, targets: Collection[str]) -> dict[str, int]:
    """Return `due_at` of the unfinished operations of the kind, by target."""
    query = select(operations.c.target, operations.c.due_at).where(
        operations.c.kind == kind, operations.c.target.in_(targets), operations.c.due_at.is_not(None), _UNFINISHED
    )
    return {row.target: row.due_at for row in await conn.execute(query)}


async def page(
    conn: AsyncConnection, where: Sequence[ColumnElement[bool]], *, after: tuple[int, str] | None, limit: int
) -> list[OperationRecord]:
    """Return up to `limit` operations that match, the newest first, from behind `after` on."""
    order = (operations.c.created_at, operations.c.id)
    query = select(operations).where(*where).order_by(*(one.desc() for one in order)).limit(limit)
    if after is not None:
        query = query.where(tuple_(*order) < after)
    return [_record(row) for row in await conn.execute(query)]


async def free(conn: AsyncConnection, kinds: Collection[str], *, now_ms: int) -> list[str]:
    """Return the ids of operations of these kinds that nobody has, the oldest first."""
    op = operations.c
    query = select(op.id).where(
        _UNFINISHED, op.kind.in_(kinds), or_(op.lease_until.is_(None), op.lease_until <= now_ms)
    )
    return list((await conn.execute(query.order_by(op.created_at, op.id).limit(_LOOKED_AT))).scalars())


async def held_by(conn: AsyncConnection, worker: str) -> dict[str, bool]:
    """Return the ids of the operations that the worker has, with the wish to cancel each."""
    op = operations.c
    rows = await conn.execute(select(op.id, op.cancel_requested).where(_UNFINISHED, op.lease_owner == worker))
    return {row.id: bool(row.cancel_requested) for row in rows}


async def take(
    conn: AsyncConnection, operation_id: str, worker: str, *, now_ms: int, lease_ms: int
) -> OperationRecord | None:
    """Give the worker the operation's lease and return it; None when another one was faster."""
    op = operations.c
    free = or_(op.lease_until.is_(None), op.lease_until <= now_ms)
    change = update(operations).where(op.id == operation_id, _UNFINISHED, free)
    row = await conn.execute(
        change.values(
            state="running", lease_owner=worker, lease_until=now_ms + lease_ms, rev=op.rev + 1, updated_at=now_ms
        ).returning(*operations.c)
    )
    found = row.first()
    return None if found is None else _record(found)


async def renew(conn: AsyncConnection, worker: str, operation_ids: Collection[str], *, until_ms: int) -> None:
    """Prolong the worker's leases; no revision of its own, nobody sees it."""
    mine = (operations.c.id.in_(operation_ids), operations.c.lease_owner == worker, _UNFINISHED)
    await conn.execute(update(operations).where(*mine).values(lease_until=until_ms))


async def change(
    conn: AsyncConnection, operation_id: str, values: Mapping[str, Any], *, now_ms: int, owner: str | None = None
) -> OperationRecord | None:
    """Write the values, one revision on, and return the operation; None when it is over, or not the owner's."""
    where = [operations.c.id == operation_id, _UNFINISHED]
    if owner is not None:
        where.append(operations.c.lease_owner == owner)
    written = {**_written(values), "rev": operations.c.rev + 1, "updated_at": now_ms}
    found = (await conn.execute(update(operations).where(*where).values(**written).returning(*operations.c))).first()
    return None if found is None else _record(found)


async def amend(
    conn: AsyncConnection, record: OperationRecord, parameters: Mapping[str, Any], *, now_ms: int
) -> OperationRecord | None:
    """Write other parameters, one revision on; None when it is over. Who began it stays."""
    return await change(conn, record.id, {"parameters": {**parameters, _BY: dict(record.by)}}, now_ms=now_ms)


async def end(  # noqa: PLR0913 - two of them keyword-only
    conn: AsyncConnection, operation_id: str, state: State, values: Mapping[str, Any], *, now_ms: int, owner: str
) -> OperationRecord | None:
    """Write how the owner's operation ended, and return it; None when it is not the owner's any more."""
    last = {**values, "state": state, "finished_at": now_ms, "lease_owner": None, "lease_until": None}
    return await change(conn, operation_id, last, now_ms=now_ms, owner=owner)


async def add_items(conn: AsyncConnection, operation_id: str, items: Sequence[Item]) -> None:
    """Note what became of some items."""
    rows = [
        {
            "operation_id": operation_id,
            "position": one.position,
            "item": one.item,
            "outcome": one.outcome,
            "detail": json.dumps(dict(one.detail)),
        }
        for one in items
    ]
    if rows:
        await conn.execute(insert(operation_items), rows)


async def items(conn: AsyncConnection, operation_id: str, *, after: int, limit: int) -> list[Item]:
    """Return up to `limit` items in order, from behind the position `after` on."""
    one = operation_items.c
    query = select(one.position, one.item, one.outcome, one.detail).where(
        one.operation_id == operation_id, one.position > after
    )
    rows = await conn.execute(query.order_by(one.position).limit(limit))
    return [Item(row.position, row.item, row.outcome, json.loads(row.detail)) for row in rows]


async def count_unfinished(conn: AsyncConnection) -> int:
    """Return how many operations are not over."""
    return int((await conn.execute(select(func.count()).select_from(operations).where(_UNFINISHED))).scalar_one())


async def forget(conn: AsyncConnection, before_ms: int) -> int:
    """Delete some of the operations that ended before, with their items, and return how many these were."""
    old = select(operations.c.id).where(operations.c.finished_at < before_ms).limit(_SWEPT_AT_ONCE)
    return (await conn.execute(delete(operations).where(operations.c.id.in_(old)))).rowcount


def _written(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: json.dumps(value) if name in _JSON and value is not None else value for name, value in values.items()}


def _record(row: Row[Any]) -> OperationRecord:
    values: dict[str, Any] = dict(zip(_COLUMNS, row, strict=True))
    for name in _JSON:
        values[name] = None if values[name] is None else json.loads(values[name])
    values["cursor"] = values["cursor"] or {}
    values["cancel_requested"] = bool(values["cancel_requested"])
    by = values["parameters"].pop(_BY, {"type": "system"})
    return OperationRecord(**values, by=by)
