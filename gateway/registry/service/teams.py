"""What one can do with teams. A key that is bound to a team sees that one alone and changes none."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement

from gateway.api.etag import UNGUARDED, IfMatch, format_etag
from gateway.api.idempotency import Once
from gateway.api.principal import Principal
from gateway.errors import PermissionDenied, Unprocessable
from gateway.registry.address import default_gateway, team_gateway, via_as_set
from gateway.registry.inputs import DefaultFor, TeamCreate, TeamPatch, TeamQuery
from gateway.registry.names import DEFAULT_TEAM, check_team_name
from gateway.registry.record import TeamRecord
from gateway.registry.service.change import Changes, differing, referenced
from gateway.registry.service.lookup import gateways_by_id, get_team, require_free_team, via_columns
from gateway.registry.service.recorded import changed, made, removed
from gateway.registry.snapshot import LEAVING_STATES
from gateway.registry.state import Deletion, TeamState
from gateway.registry.store import defaults, references
from gateway.registry.store.entity import Place, Slice
from gateway.registry.store.tables import ENDPOINTS, MODELS, TEAMS
from gateway.storage.connection import AsyncConnection
from gateway.storage.ids import new_id
from gateway.storage.schema import models, teams


class TeamService:
    """Teams: list, get, create, patch, delete."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    async def list(self, principal: Principal, query: TeamQuery, *, after: Place | None) -> Slice[TeamState]:
        """Return a page of the teams that exist for the caller, by name."""
        where: list[ColumnElement[bool]] = []
        if query.name is not None:
            where.append(teams.c.name == query.name)
        if principal.team is not None:
            where.append(teams.c.name == principal.team)
        async with self._changes.read() as conn:
            page = await TEAMS.page(conn, where, after=after, limit=query.limit)
            return Slice(await _states(conn, page.items), page.after)

    async def get(self, principal: Principal, team_id: str) -> TeamState:
        """Return a team; raise NotFound unless it exists for the caller."""
        async with self._changes.read() as conn:
            return await _state(conn, await get_team(conn, principal, team_id))

    async def create(self, principal: Principal, body: TeamCreate, *, once: Once[TeamState] | None = None) -> TeamState:
        """Make a team.

        Raises:
            PermissionDenied: the key is bound to a team.
            Unprocessable: bad name, unknown gateway.
            Conflict: the name is taken.
        """
        _require_unbound(principal)
        async with self._changes.begin(once) as change:
            await require_free_team(change.conn, check_team_name(body.name))
            via, gateway_id = await via_columns(change.conn, body.default_via, param="default_via")
            values = {
                "id": new_id("team"),
                "name": body.name,
                "description": body.description,
                "default_via": via,
                "default_gateway_id": gateway_id,
            }
            team = await TEAMS.insert(change.conn, values, now_ms=change.now_ms)
            change.record(made(team, team=team.name))
            return await change.finish(await _state(change.conn, team))

    async def patch(
        self, principal: Principal, team_id: str, body: TeamPatch, if_match: IfMatch = UNGUARDED
    ) -> TeamState:
        """Change the given fields of a team.

        Raises:
            NotFound, PreconditionFailed, Unprocessable: as usual; a default endpoint must be one of the team's own.
            Conflict: a file declares the team.
        """
        given = body.given()
        async with self._changes.begin() as change:
            conn = change.conn
            team = await get_team(conn, principal, team_id)
            change.require_owner("team", team.name, team)
            if_match.check(format_etag(team.id, team.rev))
            if "default_via" in given:
                via, gateway_id = await via_columns(conn, body.default_via, param="default_via")
                given |= {"default_via": via, "default_gateway_id": gateway_id}
            reset = given.pop("default_endpoints", None)
            if changes := differing(given, team):
                await MODELS.touch(conn, models.c.team_id == team.id, models.c.via.is_(None))
            pointed = await defaults.of_teams(conn, [team.id]) if reset else {}
            if reset:
                await _set_defaults(conn, team, body.default_endpoints)
            if changes or reset:
                before, team = team, await TEAMS.update(conn, team.id, changes, now_ms=change.now_ms)
                points = await defaults.of_teams(conn, [team.id]) if reset else {}
                change.record(
                    changed(
                        before,
                        team,
                        team=team.name,
                        more_before={"default_endpoints": pointed.get(team.id, {})},
                        more_after={"default_endpoints": points.get(team.id, {})},
                    )
                )
            return await _state(conn, team)

    async def delete(self, principal: Principal, team_id: str, if_match: IfMatch = UNGUARDED) -> Deletion:
        """Remove an empty team.

        Raises:
            NotFound, PreconditionFailed: as usual.
            Conflict: it still has models, aliases or keys, or a file declares it.
        """
        async with self._changes.begin() as change:
            team = await get_team(change.conn, principal, team_id)
            _require_unbound(principal)
            change.require_owner("team", team.name, team)
            if_match.check(format_etag(team.id, team.rev))
            found = await references.to_team(change.conn, team.id)
            if found[1]:
                raise referenced("team", team.name, found)
            await TEAMS.delete(change.conn, [team.id])
            change.record(removed(team, team=team.name))
            return Deletion("team", team.id, team.name)

    async def ensure_default(self) -> None:
        """Make the team `default` in an installation that has no team yet."""
        async with self._changes.read() as conn:
            if await TEAMS.all(conn):
                return
        async with self._changes.begin() as change:
            if not await TEAMS.all(change.conn):
                values = {"id": new_id("team"), "name": DEFAULT_TEAM}
                change.record(made(await TEAMS.insert(change.conn, values, now_ms=change.now_ms), team=DEFAULT_TEAM))


def _require_unbound(principal: Principal) -> None:
    if principal.team is not None:
        raise PermissionDenied(
            f"this key is bound to the team {principal.team!r} and makes or removes no teams",
            hint="use an administrator's key that is bound to no team",
        )


async def _set_defaults(conn: AsyncConnection, team: TeamRecord, wanted: Mapping[DefaultFor, str | None]) -> None:
    for operation, endpoint_id in wanted.items():
        if endpoint_id is not None:
            endpoint = await ENDPOINTS.find(conn, endpoint_id)
            owner = await MODELS.find(conn, endpoint.model_uid) if endpoint else None
            if owner is None or owner.team_id != team.id or owner.state in LEAVING_STATES:
                raise Unprocessable(
                    f"endpoint {endpoint_id!r} not found in team {team.name!r}",
                    code="endpoint_not_found",
                    param=f"default_endpoints.{operation}",
                    hint=f"GET /api/v1/endpoints?team={team.name} lists them",
                )
        await defaults.put(conn, team.id, operation, endpoint_id)


async def _state(conn: AsyncConnection, record: TeamRecord) -> TeamState:
    return (await _states(conn, [record]))[0]


async def _states(conn: AsyncConnection, records: Sequence[TeamRecord]) -> list[TeamState]:
    gateways = await gateways_by_id(conn)
    default = default_gateway(gateways.values())
    endpoints = await defaults.of_teams(conn, [record.id for record in records])
    return [
        TeamState(
            record=record,
            via=via_as_set(record.default_via, gateway),
            gateway=gateway,
            defaults=endpoints.get(record.id, {}),
        )
        for record in records
        for gateway in [team_gateway(record, gateways, default)]
    ]
