"""Who points at a team, gateway, model or endpoint: the rows that a deletion would orphan (lifecycle.md section 4)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, func, literal, select

from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import aliases, endpoints, keys, models, team_defaults, teams

Reference = Mapping[str, str]
"""`kind`, `id` and `name` of a row."""
MAX_LISTED = 100
"""References that an answer lists; their whole number is told besides."""


async def to_team(conn: AsyncConnection, team_id: str) -> tuple[list[Reference], int]:
    """Return models, aliases and keys of a team, and how many there are."""
    return await _listed(
        conn,
        _named("model", models, models.c.uid, models.c.name, models.c.team_id == team_id),
        _named("alias", aliases, aliases.c.id, aliases.c.name, aliases.c.team_id == team_id),
        _named("key", keys, keys.c.id, keys.c.name, keys.c.team_id == team_id),
    )


async def to_gateway(conn: AsyncConnection, gateway_id: str, *, is_default: bool) -> tuple[list[Reference], int]:
    """Return models and teams that are published through a gateway, by choice or because it is the default."""
    living = models.c.state != "deleted"
    chosen = models.c.gateway_id == gateway_id
    if is_default:
        undecided = select(teams.c.id).where(teams.c.default_via.is_(None))
        chosen |= models.c.via.is_(None) & models.c.team_id.in_(undecided)
    return await _listed(
        conn,
        _named("model", models, models.c.uid, models.c.name, chosen & living),
        _named("team", teams, teams.c.id, teams.c.name, teams.c.default_gateway_id == gateway_id),
    )


async def to_model(conn: AsyncConnection, uid: str) -> tuple[list[Reference], int]:
    """Return aliases of a model, and team defaults that name one of its endpoints."""
    own = select(endpoints.c.id).where(endpoints.c.model_uid == uid)
    return await _listed(
        conn,
        _named("alias", aliases, aliases.c.id, aliases.c.name, aliases.c.model_uid == uid),
        _defaults(team_defaults.c.endpoint_id.in_(own)),
    )


async def to_endpoint(conn: AsyncConnection, endpoint_id: str) -> tuple[list[Reference], int]:
    """Return team defaults that name the endpoint."""
    return await _listed(conn, _defaults(team_defaults.c.endpoint_id == endpoint_id))


async def _listed(conn: AsyncConnection, *queries: Select[*tuple[Any, ...]]) -> tuple[list[Reference], int]:
    found: list[Reference] = []
    total = 0
    for query in queries:
        total += (await conn.execute(select(func.count()).select_from(query.subquery()))).scalar_one()
        rows = await conn.execute(query.limit(MAX_LISTED - len(found)))
        found += [{"kind": row.kind, "id": row.id, "name": row.name} for row in rows]
    return found, total


def _named(
    kind: str, table: Table, key: ColumnElement[str], name: ColumnElement[str], where: ColumnElement[bool]
) -> Select[*tuple[Any, ...]]:
    return select(_word(kind), key.label("id"), name.label("name")).select_from(table).where(where).order_by(name)


def _defaults(where: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    columns: tuple[ColumnElement[str], ...] = (
        _word("team_default"),
        team_defaults.c.team_id.label("id"),
        team_defaults.c.operation.label("name"),
    )
    return select(*columns).where(where).order_by(team_defaults.c.operation)


def _word(kind: str) -> ColumnElement[str]:
    return literal(kind).label("kind")
