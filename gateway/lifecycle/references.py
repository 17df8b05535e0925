"""Who points at a model: one query for each kind, read whole for a deletion or in pages for a list.

SQL alone; what follows from it is plan.py. Each row says besides kind, id and name whether a file declares it and
whether it is `sole`: a key's only entry, or the last place that a fallback's owner could be served from.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias, get_args

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    tuple_,
)

from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import (
    aliases,
    endpoints,
    gateways,
    key_models,
    keys,
    model_fallbacks,
    models,
    stored_objects,
    team_defaults,
    teams,
)

Kind: TypeAlias = Literal[
    "alias", "fallback", "key", "team_default", "stored_object", "successor", "own_fallback", "gateway", "endpoint"
]
"""`fallback` is another model's that leads here, `own_fallback` leads away; a `successor` names this one."""
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
_ABOUT: Final = 4
"""Columns of every query: id, name, sole, declared_at."""
Place: TypeAlias = tuple[str, str, str]
"""Where a page ended: kind, name, id."""


class Reference(NamedTuple):
    """Something that points at the model; `row` is its row of the table that holds the pointer."""

    kind: Kind
    id: str
    name: str
    sole: bool = False
    declared_at: str | None = None
    row: Mapping[str, Any] | None = None


async def read_all(conn: AsyncConnection, uid: str, *, now_ms: int) -> list[Reference]:
    """Return every reference with its row, in order of the kinds and their names."""
    found: list[Reference] = []
    for kind in KINDS:
        query = _QUERIES[kind](uid, now_ms)
        columns = [column.label(f"row_{column.name}") for column in _ROWS[kind]]
        names = [str(column.name) for column in _ROWS[kind]]
        rows = await conn.execute(query.add_columns(*columns).order_by("name", "id"))
        found += [_reference(kind, row[:_ABOUT], dict(zip(names, row[_ABOUT:], strict=True))) for row in rows]
    return found


async def count(conn: AsyncConnection, uid: str, *, now_ms: int) -> dict[str, int]:
    """Return how many references there are of each kind that has any."""
    counts = {}
    for kind in KINDS:
        query = select(func.count()).select_from(_QUERIES[kind](uid, now_ms).subquery())
        if number := (await conn.execute(query)).scalar_one():
            counts[str(kind)] = number
    return counts


async def page(  # noqa: PLR0913 - three are keyword-only
    conn: AsyncConnection, uid: str, kinds: Sequence[Kind], *, after: Place | None, limit: int, now_ms: int
) -> tuple[list[Reference], Place | None]:
    """Return up to `limit` references of these kinds from behind `after` on, and the place to go on from."""
    found: list[Reference] = []
    for kind in kinds:
        if after is not None and KINDS.index(kind) < KINDS.index(_kind(after[0])):
            continue
        inner = _QUERIES[kind](uid, now_ms).subquery()
        query = select(inner).order_by(inner.c.name, inner.c.id).limit(limit + 1 - len(found))
        if after is not None and after[0] == kind:
            query = query.where(tuple_(inner.c.name, inner.c.id) > tuple_(literal(after[1]), literal(after[2])))
        found += [_reference(kind, row, None) for row in await conn.execute(query)]
        if len(found) > limit:
            last = found[limit - 1]
            return found[:limit], (last.kind, last.name, last.id)
    return found, None


def _kind(text: str) -> Kind:
    return next((kind for kind in KINDS if kind == text), KINDS[0])


def _reference(kind: Kind, about: Sequence[Any], held: Mapping[str, Any] | None) -> Reference:
    key, name, sole, declared_at = about
    return Reference(kind, key, name, bool(sole), declared_at, held)


def _named(
    key: ColumnElement[str],
    name: ColumnElement[str],
    *,
    sole: ColumnElement[bool] | None = None,
    declared_at: ColumnElement[str] | None = None,
) -> Select[*tuple[Any, ...]]:
    nowhere = cast(null(), Text)
    return select(
        key.label("id"),
        name.label("name"),
        (false() if sole is None else sole).label("sole"),
        (nowhere if declared_at is None else declared_at).label("declared_at"),
    )


def _of_aliases(uid: str, _now_ms: int) -> Select[*tuple[Any, ...]]:
    return _named(aliases.c.id, aliases.c.name, declared_at=aliases.c.managed_at).where(aliases.c.model_uid == uid)


def _of_fallbacks(uid: str, _now_ms: int) -> Select[*tuple[Any, ...]]:
    others = model_fallbacks.alias("others")
    owner = model_fallbacks.c.model_uid
    served = exists().where(endpoints.c.model_uid == owner, endpoints.c.enabled == true())
    further = exists().where(others.c.model_uid == owner, others.c.fallback_uid != uid)
    return (
        _named(models.c.uid, models.c.name, sole=and_(~served, ~further), declared_at=models.c.managed_at)
        .join(model_fallbacks, owner == models.c.uid)
        .where(model_fallbacks.c.fallback_uid == uid)
    )


def _of_keys(uid: str, now_ms: int) -> Select[*tuple[Any, ...]]:
    others = key_models.alias("others")
    another = or_(others.c.model_uid.is_(None), others.c.model_uid != uid)
    further = exists().where(others.c.key_id == keys.c.id, another)
    alive = and_(keys.c.revoked_at.is_(None), or_(keys.c.expires_at.is_(None), keys.c.expires_at > now_ms))
    return (
        _named(keys.c.id, keys.c.name, sole=and_(alive, ~further), declared_at=keys.c.managed_at)
        .join(key_models, key_models.c.key_id == keys.c.id)
        .where(key_models.c.model_uid == uid)
        .distinct()
    )


def _of_team_defaults(uid: str, _now_ms: int) -> Select[*tuple[Any, ...]]:
    return (
        _named(team_defaults.c.team_id, team_defaults.c.operation, declared_at=teams.c.managed_at)
        .join(endpoints, endpoints.c.id == team_defaults.c.endpoint_id)
        .join(teams, teams.c.id == team_defaults.c.team_id)
        .where(endpoints.c.model_uid == uid)
    )


def _of_stored_objects(uid: str, now_ms: int) -> Select[*tuple[Any, ...]]:
    return (
        _named(stored_objects.c.object_id, stored_objects.c.kind)
        .join(endpoints, endpoints.c.id == stored_objects.c.endpoint_id)
        .where(endpoints.c.model_uid == uid, stored_objects.c.unfinished_until > now_ms)
    )


def _of_successors(uid: str, _now_ms: int) -> Select[*tuple[Any, ...]]:
    return _named(models.c.uid, models.c.name).where(models.c.successor_uid == uid)


def _of_own_fallbacks(uid: str, _now_ms: int) -> Select[*tuple[Any, ...]]:
    return (
        _named(models.c.uid, models.c.name)
        .join(model_fallbacks, model_fallbacks.c.fallback_uid == models.c.uid)
        .where(model_fallbacks.c.model_uid == uid)
    )


def _of_gateways(uid: str, _now_ms: int) -> Select[*tuple[Any, ...]]:
    return (
        _named(gateways.c.id, gateways.c.name)
        .join(models, models.c.gateway_id == gateways.c.id)
        .where(models.c.uid == uid)
    )


def _of_endpoints(uid: str, _now_ms: int) -> Select[*tuple[Any, ...]]:
    return _named(endpoints.c.id, endpoints.c.base_url).where(endpoints.c.model_uid == uid)


_QUERIES: Final = {
    "alias": _of_aliases,
    "fallback": _of_fallbacks,
    "key": _of_keys,
    "team_default": _of_team_defaults,
    "stored_object": _of_stored_objects,
    "successor": _of_successors,
    "own_fallback": _of_own_fallbacks,
    "gateway": _of_gateways,
    "endpoint": _of_endpoints,
}
_ROWS: Final[Mapping[str, Sequence[ColumnElement[Any]]]] = {
    "alias": tuple(aliases.c),
    "fallback": tuple(model_fallbacks.c),
    "key": tuple(key_models.c),
    "team_default": tuple(team_defaults.c),
    "stored_object": tuple(stored_objects.c),
    "successor": (models.c.uid, models.c.successor_uid),
    "own_fallback": tuple(model_fallbacks.c),
    "gateway": (gateways.c.id,),
    "endpoint": (endpoints.c.id,),
}
