"""The five nouns as tables, and the sort order of their lists."""

from typing import Final

from gateway.registry.record import AliasRecord, EndpointRecord, GatewayRecord, ModelRecord, TeamRecord
from gateway.registry.store.entity import Entity
from gateway.storage import schema

TEAMS: Final = Entity(schema.teams, TeamRecord, order=("name",))
GATEWAYS: Final = Entity(schema.gateways, GatewayRecord, order=("name",))
MODELS: Final = Entity(schema.models, ModelRecord, key="uid", order=("name", "uid"))
ENDPOINTS: Final = Entity(schema.endpoints, EndpointRecord, order=("id",))
ALIASES: Final = Entity(schema.aliases, AliasRecord, order=("name", "id"))
