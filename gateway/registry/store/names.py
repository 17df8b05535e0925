"""Names of a team's models, for "did you mean"."""

from sqlalchemy import select

from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import models


async def model_names(conn: AsyncConnection, team_id: str, *, limit: int) -> list[str]:
    """Return up to `limit` names of models that are neither drafts nor leaving."""
    known = models.c.state.in_(("active", "deprecated", "disabled"))
    query = select(models.c.name).where(models.c.team_id == team_id, known).limit(limit)
    return list((await conn.execute(query)).scalars())
