"""Which endpoint made a stored response, file or batch, and for which team (docs/decisions/0004).

Later requests about an object name no model and must go to its endpoint. An object belongs to the team that made it:
for every other team it does not exist, also where both teams' endpoints lead to the same upstream account.

Used by the data plane. `remember` and `forget` never wait: the newest objects are found in memory by the very next
request, all of them reach the database in batches and survive a restart. Ids hang on the team's id, so that a later
team of the same name sees nothing of an earlier one.
"""

import re
from collections import OrderedDict
from collections.abc import Collection, Sequence
from typing import Protocol

from gateway.errors import NotFound
from gateway.registry.registry import Registry
from gateway.registry.store.objects import FINISHED, GONE, Maker, StoredObject, find_makers, forget_objects, put_objects
from gateway.registry.store.retired import find_owner
from gateway.storage.clock import Clock
from gateway.storage.engine import Database

MAX_REMEMBERED = 10_000  # objects in memory, some 3 MB; older ones are read from the database
_ID = re.compile(r"[!-~]{1,512}")  # what a path can hold; an upstream may say anything, and a database takes no NUL
SWEPT_AT_ONCE = 1000  # rows of one transaction: some 10 ms in which no other writer gets in on SQLite
_ASKED_AT_ONCE = 500  # ids in one query; SQLite takes 32,766 values


class Rows(Protocol):
    """A batching writer."""

    def put(self, row: StoredObject, /) -> bool:
        """Take a row for the next batch; False when it had to be dropped."""
        ...


class ObjectStore:
    """The table, as the batching writer and `StoredObjects` use it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, objects: Collection[StoredObject]) -> None:
        """Write a batch."""
        async with self._database.write() as conn:
            await put_objects(conn, objects)

    async def makers(self, object_ids: Sequence[str]) -> list[Maker]:
        """Return who made these objects."""
        async with self._database.read() as conn:
            found = []
            for start in range(0, len(object_ids), _ASKED_AT_ONCE):
                found += await find_makers(conn, object_ids[start : start + _ASKED_AT_ONCE])
            return found

    async def deleted_model(self, endpoint_id: str) -> str | None:
        """Return the uid of the deleted model to which the endpoint belongs."""
        async with self._database.read() as conn:
            return await find_owner(conn, endpoint_id)

    async def sweep(self, before_ms: int) -> int:
        """Delete what was made before that moment, some rows at a time; return how many there were."""
        deleted = 0
        while True:
            async with self._database.write() as conn:
                gone = await forget_objects(conn, before_ms, limit=SWEPT_AT_ONCE)
            deleted += gone
            if gone < SWEPT_AT_ONCE:
                return deleted


class StoredObjects:
    """Remembers, finds and forgets objects by team and id."""

    def __init__(self, store: ObjectStore, rows: Rows, registry: Registry, clock: Clock) -> None:
        self._store = store
        self._rows = rows
        self._registry = registry
        self._clock = clock
        self._newest: OrderedDict[tuple[str, str], str] = OrderedDict()

    def remember(
        self, team: str, object_id: str, kind: str, endpoint_id: str, *, unfinished_s: float | None = None
    ) -> None:
        """Note that the endpoint made the object; at once in memory, a moment later in the database.

        `unfinished_s` says for how long it may be worked on, 0 that it is over; None leaves what was noted.
        """
        team_id = self._team_id(team)
        if team_id is None or not _ID.fullmatch(object_id):
            return
        self._keep(team_id, object_id, endpoint_id)
        now_ms = self._clock.now_ms()
        until = None if unfinished_s is None else now_ms + round(unfinished_s * 1000) if unfinished_s > 0 else FINISHED
        self._rows.put(StoredObject(team_id, object_id, kind, endpoint_id, now_ms, until))

    async def find(self, team: str, object_id: str) -> str | None:
        """Return the id of the endpoint that made the object; the endpoint may be gone by now. None: nobody knows.

        Raises:
            NotFound: another team made it (ACL-3).
        """
        team_id = self._team_id(team)
        if team_id is None:
            return None
        key = (team_id, object_id)
        if key in self._newest:
            self._newest.move_to_end(key)
            if self._newest[key] != GONE:
                return self._newest[key]
        makers = await self._makers([object_id])
        if team_id in makers.get(object_id, {}):
            self._keep(team_id, object_id, makers[object_id][team_id])
            return makers[object_id][team_id]
        if object_id in makers:
            raise not_found(object_id)
        return None

    async def deleted_model(self, endpoint_id: str) -> str | None:
        """Return the uid of the deleted model to which the endpoint belongs, None when there is none."""
        return await self._store.deleted_model(endpoint_id)

    async def foreign(self, team: str, object_ids: Collection[str]) -> frozenset[str]:
        """Return those ids that other teams made, and this one did not."""
        team_id = self._team_id(team)
        unknown = [one for one in object_ids if team_id is None or self._newest.get((team_id, one), GONE) == GONE]
        makers = await self._makers(unknown) if unknown else {}
        return frozenset(one for one, by_team in makers.items() if team_id not in by_team)

    def forget(self, team: str, object_id: str) -> None:
        """Drop an object that was deleted upstream; at once in memory, a moment later in the database."""
        team_id = self._team_id(team)
        if team_id is not None and _ID.fullmatch(object_id):
            self._keep(team_id, object_id, GONE)
            self._rows.put(StoredObject(team_id, object_id, GONE, GONE, self._clock.now_ms()))

    async def _makers(self, object_ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return team and endpoint ids of the makers of each object that somebody made; memory knows best."""
        found: dict[str, dict[str, str]] = {}
        object_ids = [one for one in object_ids if _ID.fullmatch(one)]
        for maker in await self._store.makers(object_ids) if object_ids else ():
            found.setdefault(maker.object_id, {})[maker.team_id] = maker.endpoint_id
        team_ids = [team.id for team in self._registry.snapshot.teams.values()]
        for object_id in object_ids:
            by_team = found.pop(object_id, {})
            newer = {one: self._newest[one, object_id] for one in team_ids if (one, object_id) in self._newest}
            if living := {one: endpoint for one, endpoint in (by_team | newer).items() if endpoint != GONE}:
                found[object_id] = living
        return found

    def _keep(self, team_id: str, object_id: str, endpoint_id: str) -> None:
        self._newest[team_id, object_id] = endpoint_id
        self._newest.move_to_end((team_id, object_id))
        if len(self._newest) > MAX_REMEMBERED:
            self._newest.popitem(last=False)

    def _team_id(self, team: str) -> str | None:
        route = self._registry.snapshot.team(team)
        return route.id if route else None


def not_found(object_id: str) -> NotFound:
    """Return the 404 for an object that does not exist for the caller's team."""
    return NotFound(
        f"{object_id!r} not found",
        hint="stored objects belong to the team whose key made them",
        headers={"x-should-retry": "false"},
    )
