"""What one can do with models. A model and the endpoints that come with it are published together or not at all."""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.api.etag import UNGUARDED, IfMatch, format_etag
from gateway.api.idempotency import Once
from gateway.api.permissions import Permission
from gateway.api.principal import Principal
from gateway.registry.address import check_path, default_gateway, model_gateway, team_gateway, via_as_set
from gateway.registry.inputs import ModelCreate, ModelPatch, ModelQuery
from gateway.registry.names import check_model_name
from gateway.registry.record import AliasRecord, EndpointRecord, ModelRecord
from gateway.registry.service.change import Changes, differing, referenced
from gateway.registry.service.credential import Credentials
from gateway.registry.service.endpoints import EndpointService
from gateway.registry.service.lookup import find_team, gateways_by_id, get_model, require_free, via_columns
from gateway.registry.state import Deletion, ModelState
from gateway.registry.store import grants, references
from gateway.registry.store.entity import Place, Slice
from gateway.registry.store.tables import ALIASES, ENDPOINTS, MODELS, TEAMS
from gateway.storage.ids import new_id
from gateway.storage.schema import aliases, endpoints, models, teams


class ModelService:
    """Models: list, get, create, patch, delete."""

    def __init__(self, changes: Changes, credentials: Credentials, endpoints: EndpointService) -> None:
        self._changes = changes
        self._credentials = credentials
        self._endpoints = endpoints

    async def list(self, principal: Principal, query: ModelQuery, *, after: Place | None) -> Slice[ModelState]:
        """Return a page of the models that exist for the caller, by name."""
        where: list[ColumnElement[bool]] = [
            models.c[field] == value
            for field in ("name", "task", "state")
            if (value := getattr(query, field)) is not None
        ]
        async with self._changes.read() as conn:
            if query.team is not None or principal.team is not None:
                where.append(models.c.team_id == (await find_team(conn, principal, query.team)).id)
            page = await MODELS.page(conn, where, after=after, limit=query.limit)
            return Slice(await _states(conn, page.items), page.after)

    async def get(self, principal: Principal, uid: str) -> ModelState:
        """Return a model; raise NotFound unless it exists for the caller."""
        async with self._changes.read() as conn:
            return await _state(conn, (await get_model(conn, principal, uid))[0])

    async def create(
        self, principal: Principal, body: ModelCreate, *, server: str, once: Once[ModelState] | None = None
    ) -> ModelState:
        """Publish a model, with its endpoints.

        Raises:
            NotFound: no such team.
            Unprocessable, PermissionDenied: name, address, gateway or key are refused.
            Conflict: a model or alias of the team has the name.
        """
        name = check_model_name(body.name)
        urls = [self._credentials.check_base_url(one.base_url, server=server) for one in body.endpoints]
        values = body.model_dump(exclude={"team", "via", "endpoints"})
        async with self._changes.begin(once) as change:
            conn = change.conn
            team = await find_team(conn, principal, body.team)
            await require_free(conn, team, name)
            if body.path is not None:
                check_path(body.path, team.name)
            via, gateway_id = await via_columns(conn, body.via)
            own = {"uid": new_id("mdl"), "team_id": team.id, "state": "active", "via": via, "gateway_id": gateway_id}
            model = await MODELS.insert(conn, {**values, **own}, now_ms=change.now_ms)
            await grants.link(conn, team.id, {name: model.uid})
            for one, url in zip(body.endpoints, urls, strict=True):
                await self._endpoints.add(change, principal, model.uid, one, url)
            return await change.finish(await _state(conn, model))

    async def patch(
        self, principal: Principal, uid: str, body: ModelPatch, if_match: IfMatch = UNGUARDED
    ) -> ModelState:
        """Change the given fields of a model; a new name shows in its aliases and endpoints too.

        Raises:
            PermissionDenied: a new state needs the permission models.operate.
            NotFound, PreconditionFailed, Unprocessable, Conflict: as on creation.
        """
        given = body.given()
        if "state" in given:
            principal.require(Permission.MODELS_OPERATE)
        async with self._changes.begin() as change:
            conn = change.conn
            model, team = await get_model(conn, principal, uid)
            change.require_owner("model", model.name, model)
            if_match.check(format_etag(model.uid, model.rev))
            if "via" in given:
                given["via"], given["gateway_id"] = await via_columns(conn, body.via)
            if body.path is not None:
                check_path(body.path, team.name)
            changes = differing(given, model)
            if "name" in changes:
                await require_free(conn, team, check_model_name(body.name))
                await ALIASES.touch(conn, aliases.c.model_uid == model.uid)
                await ENDPOINTS.touch(conn, endpoints.c.model_uid == model.uid)
            if changes:
                model = await MODELS.update(conn, model.uid, changes, now_ms=change.now_ms)
            if "name" in changes and await grants.rename(conn, team.id, model.uid, model.name, now_ms=change.now_ms):
                await change.change_keys()
            return await _state(conn, model)

    async def delete(self, principal: Principal, uid: str, if_match: IfMatch = UNGUARDED) -> Deletion:
        """Remove a model, its endpoints and their stored keys.

        Raises:
            NotFound, PreconditionFailed: as usual.
            Conflict: aliases name it, one of its endpoints is the team's default of some operation, or a file declares
                it.
        """
        async with self._changes.begin() as change:
            conn = change.conn
            model, _ = await get_model(conn, principal, uid)
            change.require_owner("model", model.name, model)
            if_match.check(format_etag(model.uid, model.rev))
            found = await references.to_model(conn, model.uid)
            if found[1]:
                raise referenced("model", model.name, found)
            children = await ENDPOINTS.all(conn, endpoints.c.model_uid == model.uid)
            await MODELS.delete(conn, [model.uid])
            await self._credentials.drop(conn, *children)
            effects = tuple(Deletion("endpoint", child.id, child.base_url) for child in children)
            return Deletion("model", model.uid, model.name, effects)


_Child = TypeVar("_Child", EndpointRecord, AliasRecord)


async def _state(conn: AsyncConnection, record: ModelRecord) -> ModelState:
    return (await _states(conn, [record]))[0]


async def _states(conn: AsyncConnection, records: Sequence[ModelRecord]) -> Sequence[ModelState]:
    gateways = await gateways_by_id(conn)
    default = default_gateway(gateways.values())
    uids = [record.uid for record in records]
    owners = {team.id: team for team in await TEAMS.all(conn, teams.c.id.in_({record.team_id for record in records}))}
    children = _by_model(await ENDPOINTS.all(conn, endpoints.c.model_uid.in_(uids)))
    others = _by_model(await ALIASES.all(conn, aliases.c.model_uid.in_(uids)))
    return [
        ModelState(
            record=record,
            team=owners[record.team_id].name,
            via=via_as_set(record.via, gateway),
            gateway=gateway,
            endpoints=tuple(sorted(children.get(record.uid, ()), key=lambda endpoint: endpoint.created_at)),
            aliases=tuple(alias.name for alias in others.get(record.uid, ())),
        )
        for record in records
        for gateway in [model_gateway(record, gateways, team_gateway(owners[record.team_id], gateways, default))]
    ]


def _by_model(records: Sequence[_Child]) -> dict[str, list[_Child]]:
    groups: dict[str, list[_Child]] = {}
    for record in records:
        groups.setdefault(record.model_uid, []).append(record)
    return groups
