"""The queries behind references.py: one for each kind, with the parameters `uid` and `now_ms`.

Each is built once: putting together and compiling all nine took 9 ms, running them half a millisecond.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final, Literal, TypeAlias, get_args

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    false,
    func,
    null,
    or_,
    select,
    true,
    tuple_,
)

from gateway.storage.prepared import Prepared
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
_Query: TypeAlias = Select[*tuple[Any, ...]]
_UID: Final = bindparam("uid", type_=Text)
_NOW_MS: Final = bindparam("now_ms", type_=BigInteger)


@cache
def counting() -> Prepared:
    """Return the query for how many there are of each kind: one row, a column for each."""
    return Prepared(lambda _dialect: select(*(_number(kind).label(kind) for kind in KINDS)))


@cache
def present() -> Prepared:
    """Return the query for whether there is any of each kind: one row, a column for each."""
    return Prepared(lambda _dialect: select(*(_KINDS[kind][0]().exists().label(kind) for kind in KINDS)))


@cache
def whole(kind: Kind) -> Prepared:
    """Return the query for every reference of a kind: id, name, sole, declared_at, then its row (`columns_of`)."""
    columns = [column.label(f"row_{column.name}") for column in _KINDS[kind][1]]
    return Prepared(lambda _dialect: _KINDS[kind][0]().add_columns(*columns).order_by("name", "id"))


def columns_of(kind: Kind) -> Sequence[str]:
    """Return the names of the columns that are a reference's row."""
    return [str(column.name) for column in _KINDS[kind][1]]


@cache
def paged(kind: Kind, *, further: bool) -> Prepared:
    """Return the query for up to `limit` references of a kind; with `further` those behind `name` and `id`."""
    inner = _KINDS[kind][0]().subquery()
    query = select(inner).order_by(inner.c.name, inner.c.id).limit(bindparam("limit", type_=Integer))
    if further:
        place = tuple_(bindparam("name", type_=Text), bindparam("id", type_=Text))
        query = query.where(tuple_(inner.c.name, inner.c.id) > place)
    return Prepared(lambda _dialect: query)


def _number(kind: Kind) -> ColumnElement[int]:
    query = _KINDS[kind][0]()
    found = query.with_only_columns(query.selected_columns.id).subquery()
    return select(func.count()).select_from(found).scalar_subquery()


def _named(
    key: ColumnElement[str],
    name: ColumnElement[str],
    *,
    sole: ColumnElement[bool] | None = None,
    declared_at: ColumnElement[str] | None = None,
) -> _Query:
    nowhere = cast(null(), Text)
    return select(
        key.label("id"),
        name.label("name"),
        (false() if sole is None else sole).label("sole"),
        (nowhere if declared_at is None else declared_at).label("declared_at"),
    )


def _of_aliases() -> _Query:
    return _named(aliases.c.id, aliases.c.name, declared_at=aliases.c.managed_at).where(aliases.c.model_uid == _UID)


def _of_fallbacks() -> _Query:
    others = model_fallbacks.alias("others")
    owner = model_fallbacks.c.model_uid
    served = exists().where(endpoints.c.model_uid == owner, endpoints.c.enabled == true())
    further = exists().where(others.c.model_uid == owner, others.c.fallback_uid != _UID)
    return (
        _named(models.c.uid, models.c.name, sole=and_(~served, ~further), declared_at=models.c.managed_at)
        .join(model_fallbacks, owner == models.c.uid)
        .where(model_fallbacks.c.fallback_uid == _UID)
    )


def _of_keys() -> _Query:
    others = key_models.alias("others")
    another = or_(others.c.model_uid.is_(None), others.c.model_uid != _UID)
    further = exists().where(others.c.key_id == keys.c.id, another)
    alive = and_(keys.c.revoked_at.is_(None), or_(keys.c.expires_at.is_(None), keys.c.expires_at > _NOW_MS))
    return (
        _named(keys.c.id, keys.c.name, sole=and_(alive, ~further), declared_at=keys.c.managed_at)
        .join(key_models, key_models.c.key_id == keys.c.id)
        .where(key_models.c.model_uid == _UID)
        .distinct()
    )


def _of_team_defaults() -> _Query:
    return (
        _named(team_defaults.c.team_id, team_defaults.c.operation, declared_at=teams.c.managed_at)
        .join(endpoints, endpoints.c.id == team_defaults.c.endpoint_id)
        .join(teams, teams.c.id == team_defaults.c.team_id)
        .where(endpoints.c.model_uid == _UID)
    )


def _of_stored_objects() -> _Query:
    return (
        _named(stored_objects.c.object_id, stored_objects.c.kind)
        .join(endpoints, endpoints.c.id == stored_objects.c.endpoint_id)
        .where(endpoints.c.model_uid == _UID, stored_objects.c.unfinished_until > _NOW_MS)
    )


def _of_successors() -> _Query:
    return _named(models.c.uid, models.c.name).where(models.c.successor_uid == _UID)


def _of_own_fallbacks() -> _Query:
    return (
        _named(models.c.uid, models.c.name)
        .join(model_fallbacks, model_fallbacks.c.fallback_uid == models.c.uid)
        .where(model_fallbacks.c.model_uid == _UID)
    )


def _of_gateways() -> _Query:
    return (
        _named(gateways.c.id, gateways.c.name)
        .join(models, models.c.gateway_id == gateways.c.id)
        .where(models.c.uid == _UID)
    )


def _of_endpoints() -> _Query:
    return _named(endpoints.c.id, endpoints.c.base_url).where(endpoints.c.model_uid == _UID)


_KINDS: Final[Mapping[Kind, tuple[Callable[[], _Query], Sequence[ColumnElement[Any]]]]] = {
    "alias": (_of_aliases, tuple(aliases.c)),
    "fallback": (_of_fallbacks, tuple(model_fallbacks.c)),
    "key": (_of_keys, tuple(key_models.c)),
    "team_default": (_of_team_defaults, tuple(team_defaults.c)),
    "stored_object": (_of_stored_objects, tuple(stored_objects.c)),
    "successor": (_of_successors, (models.c.uid, models.c.successor_uid)),
    "own_fallback": (_of_own_fallbacks, tuple(model_fallbacks.c)),
    "gateway": (_of_gateways, (gateways.c.id,)),
    "endpoint": (_of_endpoints, (endpoints.c.id,)),
}
