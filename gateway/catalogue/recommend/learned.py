"""What is known of a team when it asks: its ids, its use, and whether that counts."""

from collections import OrderedDict
from typing import Final, NamedTuple

from gateway.catalogue.recommend.forgetting import forgotten_at, team_id_of
from gateway.catalogue.recommend.use import Use, read_models, read_use
from gateway.errors import NotFound
from gateway.storage.clock import Clock
from gateway.storage.engine import Database

KEPT_MS: Final = 60_000
"""The rows of usage are summed up once a minute for a team, however often it asks."""
_MOST: Final = 256


class Learned(NamedTuple):
    """One team. `use` holds its models' names alone where nothing is to be learned."""

    team: str
    team_id: str
    use: Use
    learning: bool
    at_ms: int


class Memory:
    """Reads what is known of teams, and keeps it for a minute."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._kept: OrderedDict[tuple[str, bool], Learned] = OrderedDict()

    async def of(self, team: str, *, learning: bool) -> Learned:
        """Return what is known of a team.

        Raises:
            NotFound: there is none of that name.
        """
        now_ms, key = self._clock.now_ms(), (team, learning)
        kept = self._kept.get(key)
        if kept is None or not 0 <= now_ms - kept.at_ms < KEPT_MS:
            kept = self._kept[key] = await self._read(team, now_ms, learning=learning)
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return kept

    def drop(self, team: str) -> None:
        """Forget what is kept of a team."""
        for learning in (True, False):
            self._kept.pop((team, learning), None)

    async def _read(self, team: str, now_ms: int, *, learning: bool) -> Learned:
        async with self._database.read() as conn:
            team_id = await team_id_of(conn, team)
            if team_id is None:
                raise NotFound(f"team {team!r} not found", code="team_not_found")
            if learning:
                use = await read_use(conn, team, now_ms, forgotten_at=await forgotten_at(conn, team))
            else:
                use = Use(models=await read_models(conn, team))
        return Learned(team, team_id, use, learning, now_ms)
