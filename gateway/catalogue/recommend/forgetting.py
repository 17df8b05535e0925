"""What no longer counts for a team: use before the moment at which somebody had it forgotten.

The rows of usage stay, for they are the books; recommendations do not look at them any more.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, select, text

from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import keys, recommendation_forgotten, teams

# In words that both databases understand: two who forget at once must not meet in a conflict.
_FORGET: Final = text(
    "INSERT INTO recommendation_forgotten (team_id, at) VALUES (:team_id, :at) "
    "ON CONFLICT (team_id) DO UPDATE SET at = excluded.at"
)


async def forgotten_at(conn: AsyncConnection, team: str) -> int | None:
    """Return since when the team's use counts, in ms; None for ever."""
    row = recommendation_forgotten.c
    query = select(row.at).join(teams, teams.c.id == row.team_id).where(teams.c.name == team)
    at: int | None = (await conn.execute(query)).scalar_one_or_none()
    return at


async def forget(conn: AsyncConnection, team_id: str, now_ms: int) -> None:
    """Have nothing count that lies before now."""
    await conn.execute(_FORGET, {"team_id": team_id, "at": now_ms})


async def sweep(conn: AsyncConnection) -> int:
    """Delete the moments of teams that are gone and return how many."""
    row = recommendation_forgotten.c
    return (await conn.execute(delete(recommendation_forgotten).where(row.team_id.not_in(select(teams.c.id))))).rowcount


async def team_id_of(conn: AsyncConnection, team: str) -> str | None:
    """Return the id of a team, None where there is none of that name."""
    id_: str | None = (await conn.execute(select(teams.c.id).where(teams.c.name == team))).scalar_one_or_none()
    return id_


async def key_ids_of(conn: AsyncConnection, team_id: str) -> Sequence[str]:
    """Return the ids of the team's keys, revoked ones too."""
    return (await conn.execute(select(keys.c.id).where(keys.c.team_id == team_id))).scalars().all()
