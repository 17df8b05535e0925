"""Who points at many models, read at once: the same answer as references.py gives for each of them (a test compares).

A few statements for hundreds of models. What points from one of them at another goes with both and counts as nothing
that stands against them; a key whose entries all leave together loses its last one.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Text, and_, cast, exists, false, null, or_, select, true

from gateway.lifecycle.references import KINDS, Kind, Reference
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

_Query = Select[*tuple[Any, ...]]


async def read_many(conn: AsyncConnection, uids: Collection[str], *, now_ms: int) -> dict[str, list[Reference]]:
    """Return the references of each model, with their rows, in order of the kinds and their names."""
    found: dict[str, list[Reference]] = {uid: [] for uid in uids}
    for kind in KINDS:
        make, columns = _KINDS[kind]
        query = make(uids, now_ms).add_columns(*(column.label(f"row_{column.name}") for column in columns))
        names = [column.name for column in columns]
        for uid, id_, name, sole, declared_at, *row in await conn.execute(query.order_by("name", "id")):
            held = dict(zip(names, row, strict=True))
            found[uid].append(Reference(kind, id_, name, bool(sole), declared_at, held))
    return found


def _named(
    uid: ColumnElement[str],
    key: ColumnElement[str],
    name: ColumnElement[str],
    *,
    sole: ColumnElement[bool] | None = None,
    declared_at: ColumnElement[str] | None = None,
) -> _Query:
    return select(
        uid.label("target"),
        key.label("id"),
        name.label("name"),
        (false() if sole is None else sole).label("sole"),
        (cast(null(), Text) if declared_at is None else declared_at).label("declared_at"),
    )


def _of_aliases(uids: Collection[str], _now_ms: int) -> _Query:
    own = aliases.c
    return _named(own.model_uid, own.id, own.name, declared_at=own.managed_at).where(own.model_uid.in_(uids))


def _of_fallbacks(uids: Collection[str], _now_ms: int) -> _Query:
    others, row = model_fallbacks.alias("others"), model_fallbacks.c
    served = exists().where(endpoints.c.model_uid == row.model_uid, endpoints.c.enabled == true())
    further = exists().where(others.c.model_uid == row.model_uid, others.c.fallback_uid.not_in(uids))
    sole = and_(~served, ~further)
    return (
        _named(row.fallback_uid, models.c.uid, models.c.name, sole=sole, declared_at=models.c.managed_at)
        .join(model_fallbacks, row.model_uid == models.c.uid)
        .where(row.fallback_uid.in_(uids), row.model_uid.not_in(uids))
    )


def _of_keys(uids: Collection[str], now_ms: int) -> _Query:
    others, row = key_models.alias("others"), key_models.c
    another = or_(others.c.model_uid.is_(None), others.c.model_uid.not_in(uids))
    further = exists().where(others.c.key_id == keys.c.id, another)
    alive = and_(keys.c.revoked_at.is_(None), or_(keys.c.expires_at.is_(None), keys.c.expires_at > now_ms))
    sole = and_(alive, ~further)
    return (
        _named(row.model_uid, keys.c.id, keys.c.name, sole=sole, declared_at=keys.c.managed_at)
        .join(key_models, row.key_id == keys.c.id)
        .where(row.model_uid.in_(uids))
    )


def _of_team_defaults(uids: Collection[str], _now_ms: int) -> _Query:
    row = team_defaults.c
    return (
        _named(endpoints.c.model_uid, row.team_id, row.operation, declared_at=teams.c.managed_at)
        .join(endpoints, endpoints.c.id == row.endpoint_id)
        .join(teams, teams.c.id == row.team_id)
        .where(endpoints.c.model_uid.in_(uids))
    )


def _of_stored_objects(uids: Collection[str], now_ms: int) -> _Query:
    row = stored_objects.c
    return (
        _named(endpoints.c.model_uid, row.object_id, row.kind)
        .join(endpoints, endpoints.c.id == row.endpoint_id)
        .where(endpoints.c.model_uid.in_(uids), row.unfinished_until > now_ms)
    )


def _of_successors(uids: Collection[str], _now_ms: int) -> _Query:
    return _named(models.c.successor_uid, models.c.uid, models.c.name).where(models.c.successor_uid.in_(uids))


def _of_own_fallbacks(uids: Collection[str], _now_ms: int) -> _Query:
    row = model_fallbacks.c
    return (
        _named(row.model_uid, models.c.uid, models.c.name)
        .join(model_fallbacks, row.fallback_uid == models.c.uid)
        .where(row.model_uid.in_(uids))
    )


def _of_gateways(uids: Collection[str], _now_ms: int) -> _Query:
    return (
        _named(models.c.uid, gateways.c.id, gateways.c.name)
        .join(models, models.c.gateway_id == gateways.c.id)
        .where(models.c.uid.in_(uids))
    )


def _of_endpoints(uids: Collection[str], _now_ms: int) -> _Query:
    own = endpoints.c
    return _named(own.model_uid, own.id, own.base_url).where(own.model_uid.in_(uids))


_KINDS: Final[Mapping[Kind, tuple[Callable[[Collection[str], int], _Query], Sequence[ColumnElement[Any]]]]] = {
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
