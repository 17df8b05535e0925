"""Default endpoints of teams, by operation."""

from collections.abc import Collection

from sqlalchemy import ScalarSelect, delete, insert, select, update

from gateway.registry.store.changes import note
from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import endpoints, team_defaults, teams


async def of_teams(conn: AsyncConnection, team_ids: Collection[str]) -> dict[str, dict[str, str]]:
    """Return the endpoint's id by operation by team."""
    query = select(team_defaults).where(team_defaults.c.team_id.in_(team_ids)).order_by(team_defaults.c.operation)
    found: dict[str, dict[str, str]] = {}
    for team_id, operation, endpoint_id in await conn.execute(query):
        found.setdefault(team_id, {})[operation] = endpoint_id
    return found


async def put(conn: AsyncConnection, team_id: str, operation: str, endpoint_id: str | None) -> None:
    """Set the endpoint of one operation; None takes the entry away."""
    await note(conn, teams.name, team_id)
    own = (team_defaults.c.team_id == team_id) & (team_defaults.c.operation == operation)
    await conn.execute(delete(team_defaults).where(own))
    if endpoint_id is not None:
        values = {"team_id": team_id, "operation": operation, "endpoint_id": endpoint_id}
        await conn.execute(insert(team_defaults).values(values))


async def drop_of_model(conn: AsyncConnection, team_id: str, uid: str) -> None:
    """Take away every entry of the team that names an endpoint of the model."""
    await note(conn, teams.name, team_id)
    await conn.execute(delete(team_defaults).where(team_defaults.c.endpoint_id.in_(_own(uid))))


async def move_of_model(conn: AsyncConnection, team_id: str, uid: str, endpoint_id: str) -> None:
    """Have every entry of the team that names an endpoint of the model name this endpoint."""
    await note(conn, teams.name, team_id)
    moved = update(team_defaults).where(team_defaults.c.endpoint_id.in_(_own(uid)))
    await conn.execute(moved.values(endpoint_id=endpoint_id))


def _own(uid: str) -> ScalarSelect[str]:
    return select(endpoints.c.id).where(endpoints.c.model_uid == uid).scalar_subquery()
