"""Which endpoint made a stored response, file or batch: later requests about it name no model and must go there.

Used by the data plane. `remember` never waits: the newest objects are found in memory by the very next request, all of
them reach the database in batches and survive a restart. Ids hang on the team's id, so that a later team of the same
name sees nothing of an earlier one.
"""

from collections import OrderedDict
from collections.abc import Collection
from typing import Protocol

from gateway.registry.registry import Registry
from gateway.registry.store.objects import StoredObject, delete_object, find_object, put_objects
from gateway.storage.clock import Clock
from gateway.storage.engine import Database

MAX_REMEMBERED = 10_000  # objects in memory, some 3 MB; older ones are read from the database


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

    async def find(self, team_id: str, object_id: str) -> str | None:
        """Return the endpoint's id."""
        async with self._database.read() as conn:
            return await find_object(conn, team_id, object_id)

    async def delete(self, team_id: str, object_id: str) -> None:
        """Remove a row."""
        async with self._database.write() as conn:
            await delete_object(conn, team_id, object_id)


class StoredObjects:
    """Remembers, finds and forgets objects by team and id."""

    def __init__(self, store: ObjectStore, rows: Rows, registry: Registry, clock: Clock) -> None:
        self._store = store
        self._rows = rows
        self._registry = registry
        self._clock = clock
        self._newest: OrderedDict[tuple[str, str], str | None] = OrderedDict()

    def remember(self, team: str, object_id: str, kind: str, endpoint_id: str) -> None:
        """Note that the endpoint made the object; at once in memory, a moment later in the database."""
        team_id = self._team_id(team)
        if team_id is None:
            return
        self._keep(team_id, object_id, endpoint_id)
        self._rows.put(StoredObject(team_id, object_id, kind, endpoint_id, self._clock.now_ms()))

    async def find(self, team: str, object_id: str) -> str | None:
        """Return the id of the endpoint that made the object; the endpoint may be gone by now."""
        team_id = self._team_id(team)
        if team_id is None:
            return None
        key = (team_id, object_id)
        if key in self._newest:
            self._newest.move_to_end(key)
            return self._newest[key]
        found = await self._store.find(team_id, object_id)
        if found is not None:
            self._keep(team_id, object_id, found)
        return found

    async def forget(self, team: str, object_id: str) -> None:
        """Drop an object that was deleted upstream."""
        team_id = self._team_id(team)
        if team_id is not None:
            self._keep(team_id, object_id, None)
            await self._store.delete(team_id, object_id)

    def _keep(self, team_id: str, object_id: str, endpoint_id: str | None) -> None:
        self._newest[team_id, object_id] = endpoint_id
        self._newest.move_to_end((team_id, object_id))
        if len(self._newest) > MAX_REMEMBERED:
            self._newest.popitem(last=False)

    def _team_id(self, team: str) -> str | None:
        route = self._registry.snapshot.team(team)
        return route.id if route else None
