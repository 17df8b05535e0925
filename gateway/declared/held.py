"""What the database holds of the objects that a file may declare: every row, read at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import or_, select

from gateway.api.managed import FILE
from gateway.keys import store as key_store
from gateway.keys.model import KeyRecord
from gateway.registry.record import AliasRecord, EndpointRecord, GatewayRecord, ModelRecord, TeamRecord
from gateway.registry.snapshot import LEAVING_STATES
from gateway.registry.store import defaults, fallbacks
from gateway.registry.store.tables import ALIASES, ENDPOINTS, GATEWAYS, MODELS, TEAMS
from gateway.storage import schema
from gateway.storage.connection import AsyncConnection


@dataclass(frozen=True)
class Held:
    """The rows. Models and aliases by team and name, endpoints by their model's uid, default endpoints by team's id.

    `models` are those that have their name, draining ones too. `left` are a file's own that are deleted or drain, of
    several of one name the last; `fallbacks` the names of those that take over; `keeping` the ids of teams that hold
    models which can still be restored.
    """

    teams: Mapping[str, TeamRecord] = field(default_factory=dict)
    gateways: Mapping[str, GatewayRecord] = field(default_factory=dict)
    models: Mapping[tuple[str, str], ModelRecord] = field(default_factory=dict)
    endpoints: Mapping[str, tuple[EndpointRecord, ...]] = field(default_factory=dict)
    aliases: Mapping[tuple[str, str], AliasRecord] = field(default_factory=dict)
    defaults: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    keys: tuple[KeyRecord, ...] = ()
    left: Mapping[tuple[str, str], ModelRecord] = field(default_factory=dict)
    fallbacks: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    keeping: frozenset[str] = frozenset()

    @property
    def anything(self) -> bool:
        """Whether a file owns a row."""
        tables = (self.teams.values(), self.gateways.values(), self.models.values(), self.aliases.values(), self.keys)
        return any(row.managed_by is not None for rows in tables for row in rows)

    def gateway_name(self, gateway_id: str | None) -> str | None:
        """Return the name of the gateway with this id."""
        return next((one.name for one in self.gateways.values() if one.id == gateway_id), None)


async def read_held(conn: AsyncConnection) -> Held:
    """Return every row."""
    teams = await TEAMS.all(conn)
    team_names = {team.id: team.name for team in teams}
    endpoints: dict[str, list[EndpointRecord]] = {}
    wanted = or_(schema.models.c.state != "deleted", schema.models.c.managed_by == FILE)
    models = await MODELS.all(conn, wanted)
    known = {model.uid: (team_names[model.team_id], model.name) for model in models}
    own = schema.endpoints.c.model_uid.in_(select(schema.models.c.uid).where(wanted))
    for endpoint in await ENDPOINTS.all(conn, own):
        endpoints.setdefault(endpoint.model_uid, []).append(endpoint)
    leaving = [model for model in models if model.state in LEAVING_STATES and model.managed_by == FILE]
    deleted = select(schema.models.c.team_id).where(schema.models.c.state.in_(LEAVING_STATES)).distinct()
    return Held(
        teams={team.name: team for team in teams},
        gateways={gateway.name: gateway for gateway in await GATEWAYS.all(conn)},
        models={known[model.uid]: model for model in models if model.state != "deleted"},
        endpoints={uid: tuple(sorted(rows, key=by_age)) for uid, rows in endpoints.items()},
        aliases={(team_names[alias.team_id], alias.name): alias for alias in await ALIASES.all(conn)},
        defaults=await defaults.of_teams(conn, list(team_names)),
        keys=tuple(await key_store.load_all(conn)),
        left={known[model.uid]: model for model in sorted(leaving, key=lambda one: (one.deleted_at or 0, one.uid))},
        fallbacks={
            known[uid]: tuple(known[one][1] for one in legs) for uid, legs in (await fallbacks.every(conn)).items()
        },
        keeping=frozenset((await conn.execute(deleted)).scalars()),
    )


def by_age(endpoint: EndpointRecord) -> tuple[int, int, str]:
    """Return what endpoints of a model are sorted by: their making, then their line in the file."""
    line = (endpoint.managed_at or "").rpartition(":")[2]
    return endpoint.created_at, int(line) if line.isdigit() else 0, endpoint.id
