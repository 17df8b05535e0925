"""What no longer counts for a team: use before the moment at which somebody had it forgotten.

The rows of usage stay, for they are the books; recommendations do not look at them any more.
"""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import keys, recommendation_forgotten, teams


async def forgotten_at(conn: AsyncConnection, team: str) -> int | None:
    """Return since when the team's use counts, in ms; None for ever."""
    row = recommendation_forgotten.c
    query = select(row.at).join(teams, teams.c.id == row.team_id).where(teams.c.name == team)
    at: int | None = (await conn.execute(query)).scalar_one_or_none()
    return at


async def forget(conn: AsyncConnection, team_id: str, now_ms: int) -> None:
    """Have nothing count that lies before now."""
    await conn.execute(delete(recommendation_forgotten).where(recommendation_forgotten.c.team_id == team_id))
    await conn.execute(insert(recommendation_forgotten).values(team_id=team_id, at=now_ms))


async def team_id_of(conn: AsyncConnection, team: str) -> str | None:
    """Return the id of a team, None where there is none of that name."""
    id_: str | None = (await conn.execute(select(teams.c.id).where(teams.c.name == team))).scalar_one_or_none()
    return id_


async def key_ids_of(conn: AsyncConnection, team_id: str) -> Sequence[str]:
    """Return the ids of the team's keys, revoked ones too."""
    return (await conn.execute(select(keys.c.id).where(keys.c.team_id == team_id))).scalars().all()
