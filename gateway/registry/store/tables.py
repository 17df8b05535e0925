"""The five nouns as tables, and the sort order of their lists."""

from collections.abc import Collection
from typing import Final

from gateway.registry.record import AliasRecord, EndpointRecord, GatewayRecord, ModelRecord, TeamRecord
from gateway.registry.store.changes import note_where
from gateway.registry.store.entity import AT_ONCE, Entity
from gateway.storage import schema
from gateway.storage.connection import AsyncConnection


class _Models(Entity[ModelRecord]):
    """Models: those that name another one as their successor change when that goes, by the foreign key alone."""

    async def delete(self, conn: AsyncConnection, keys: Collection[str]) -> None:
        """Remove the rows, however many."""
        ordered = list(keys)
        for start in range(0, len(ordered), AT_ONCE):
            named = self.table.c.successor_uid.in_(ordered[start : start + AT_ONCE])
            await note_where(conn, self.table.name, self.key, named)
        await super().delete(conn, keys)


TEAMS: Final = Entity(schema.teams, TeamRecord, order=("name",))
GATEWAYS: Final = Entity(schema.gateways, GatewayRecord, order=("name",))
MODELS: Final = _Models(schema.models, ModelRecord, key="uid", order=("name", "uid"))
ENDPOINTS: Final = Entity(schema.endpoints, EndpointRecord, order=("id",))
ALIASES: Final = Entity(schema.aliases, AliasRecord, order=("name", "id"))
