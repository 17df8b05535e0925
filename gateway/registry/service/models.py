"""What one can do with models. A model and the endpoints that come with it are published together or not at all.

How one leaves is `gateway/lifecycle`; switching off and on is a patch here, by the same table of states.
"""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement

from gateway.api.etag import UNGUARDED, IfMatch, format_etag
from gateway.api.idempotency import Once
from gateway.api.permissions import Permission
from gateway.api.principal import Principal
from gateway.errors import NotFound
from gateway.lifecycle.states import follow, require_living, towards
from gateway.registry.address import check_path, default_gateway, model_gateway, team_gateway, via_as_set
from gateway.registry.inputs import ModelCreate, ModelPatch, ModelQuery
from gateway.registry.names import check_model_name
from gateway.registry.record import AliasRecord, EndpointRecord, ModelRecord
from gateway.registry.service.change import Changes, differing
from gateway.registry.service.credential import Credentials
from gateway.registry.service.endpoints import EndpointService
from gateway.registry.service.fallbacks import set_fallbacks
from gateway.registry.service.lookup import (
    find_team,
    gateways_by_id,
    get_model,
    require_free,
    require_not_purged,
    via_columns,
)
from gateway.registry.service.recorded import changed, made
from gateway.registry.state import ModelState
from gateway.registry.store import fallbacks, grants
from gateway.registry.store.entity import Place, Slice
from gateway.registry.store.tables import ALIASES, ENDPOINTS, MODELS, TEAMS
from gateway.storage.connection import AsyncConnection
from gateway.storage.ids import new_id
from gateway.storage.schema import aliases, endpoints, models, teams


class ModelService:
    """Models: list, get, create, patch."""

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
        where += _shown(principal, query)
        async with self._changes.read() as conn:
            if query.team is not None or principal.team is not None:
                where.append(models.c.team_id == (await find_team(conn, principal, query.team)).id)
            page = await MODELS.page(conn, where, after=after, limit=query.limit)
            return Slice(await _states(conn, page.items), page.after)

    async def get(self, principal: Principal, uid: str, *, within: str | None = None) -> ModelState:
        """Return a model by its uid, also a deleted one, or by its name `within` a team.

        Raises:
            NotFound: it does not exist for the caller.
            Gone: it was purged.
        """
        async with self._changes.read() as conn:
            try:
                found, _ = await get_model(conn, principal, uid, team=within)
            except NotFound:
                await require_not_purged(conn, principal, uid)
                raise
            return await state_of(conn, found)

    async def create(
        self,
        principal: Principal,
        body: ModelCreate,
        *,
        server: str,
        once: Once[ModelState] | None = None,
        reuse_name: bool = False,
    ) -> ModelState:
        """Publish a model, with its endpoints; `reuse_name` takes a name that rests after a purge.

        Raises:
            NotFound: no such team.
            Unprocessable, PermissionDenied: name, address, gateway or key are refused.
            Conflict: a model or alias of the team has the name.
        """
        name = check_model_name(body.name)
        urls = [self._credentials.check_base_url(one.base_url, server=server) for one in body.endpoints]
        values = body.model_dump(exclude={"team", "via", "endpoints", "fallbacks"})
        async with self._changes.begin(once) as change:
            conn = change.conn
            team = await find_team(conn, principal, body.team)
            await require_free(conn, team, name, now_ms=change.now_ms, reuse=reuse_name)
            if body.path is not None:
                check_path(body.path, team.name)
            via, gateway_id = await via_columns(conn, body.via)
            own = {"uid": new_id("mdl"), "team_id": team.id, "state": "active", "via": via, "gateway_id": gateway_id}
            model = await MODELS.insert(conn, {**values, **own}, now_ms=change.now_ms)
            await grants.link(conn, team.id, {name: model.uid})
            more = await set_fallbacks(change, principal, model, team, body.fallbacks)
            change.record(made(model, team=team.name, **more.get("more_after", {})))
            for one, url in zip(body.endpoints, urls, strict=True):
                await self._endpoints.add(change, principal, model.uid, one, url, team=team.name)
            return await change.finish(await state_of(conn, model))

    async def patch(
        self,
        principal: Principal,
        uid: str,
        body: ModelPatch,
        if_match: IfMatch = UNGUARDED,
        *,
        within: str | None = None,
    ) -> ModelState:
        """Change the given fields of a model; a new name shows in its aliases and endpoints too.

        It is given by its uid, or by its name `within` a team.

        Raises:
            PermissionDenied: a new state needs the permission models.operate.
            NotFound, PreconditionFailed, Unprocessable, Conflict: as on creation; the state does not lead there.
        """
        given = body.given()
        if (wanted := given.pop("state", None)) is not None:
            principal.require(Permission.MODELS_OPERATE)
        async with self._changes.begin() as change:
            conn = change.conn
            model, team = await get_model(conn, principal, uid, team=within)
            change.require_owner("model", model.name, model)
            if_match.check(format_etag(model.uid, model.rev))
            require_living(model)
            event = towards(model, str(wanted)) if wanted is not None else None
            if event is not None:
                given |= follow(model, event)
            if "via" in given:
                given["via"], given["gateway_id"] = await via_columns(conn, body.via)
            if body.path is not None:
                check_path(body.path, team.name)
            if "catalogue_id" in given:
                given["catalogue_flag"] = None
            more = await set_fallbacks(change, principal, model, team, given.pop("fallbacks", None))
            changes = differing(given, model)
            if "name" in changes:
                await require_free(conn, team, check_model_name(body.name), now_ms=change.now_ms)
                await ALIASES.touch(conn, aliases.c.model_uid == model.uid)
                await ENDPOINTS.touch(conn, endpoints.c.model_uid == model.uid)
                await MODELS.touch(conn, models.c.successor_uid == model.uid)
                await fallbacks.touch_owners(conn, model.uid)
            if changes or more:
                before, model = model, await MODELS.update(conn, model.uid, changes, now_ms=change.now_ms)
                change.record(changed(before, model, team=team.name, verb=str(event or "change"), **more))
            if "name" in changes and await grants.rename(conn, team.id, model.uid, model.name, now_ms=change.now_ms):
                await change.change_keys()
            return await state_of(conn, model)


def _shown(principal: Principal, query: ModelQuery) -> list[ColumnElement[bool]]:
    """Return what a list leaves out: drafts and deleted models unless they are asked for."""
    hidden = []
    if not principal.may(Permission.REGISTRY_WRITE) or query.state != "draft":
        hidden.append("draft")
    if not query.show_deleted and query.state != "deleted":
        hidden.append("deleted")
    return [models.c.state.not_in(hidden)] if hidden else []


_Child = TypeVar("_Child", EndpointRecord, AliasRecord)


async def state_of(conn: AsyncConnection, record: ModelRecord) -> ModelState:
    """Return the model with what belongs to it."""
    return (await _states(conn, [record]))[0]


async def _states(conn: AsyncConnection, records: Sequence[ModelRecord]) -> Sequence[ModelState]:
    gateways = await gateways_by_id(conn)
    default = default_gateway(gateways.values())
    uids = [record.uid for record in records]
    owners = {team.id: team for team in await TEAMS.all(conn, teams.c.id.in_({record.team_id for record in records}))}
    children = _by_model(await ENDPOINTS.all(conn, endpoints.c.model_uid.in_(uids)))
    others = _by_model(await ALIASES.all(conn, aliases.c.model_uid.in_(uids)))
    taking_over = await fallbacks.names_of(conn, uids)
    heirs = {record.successor_uid for record in records if record.successor_uid is not None}
    successors = {one.uid: one.name for one in await MODELS.all(conn, models.c.uid.in_(heirs))} if heirs else {}
    return [
        ModelState(
            record=record,
            team=owners[record.team_id].name,
            via=via_as_set(record.via, gateway),
            gateway=gateway,
            endpoints=tuple(sorted(children.get(record.uid, ()), key=lambda endpoint: endpoint.created_at)),
            aliases=tuple(alias.name for alias in others.get(record.uid, ())),
            successor=successors.get(record.successor_uid or ""),
            fallbacks=taking_over.get(record.uid, ()),
        )
        for record in records
        for gateway in [model_gateway(record, gateways, team_gateway(owners[record.team_id], gateways, default))]
    ]


def _by_model(records: Sequence[_Child]) -> dict[str, list[_Child]]:
    groups: dict[str, list[_Child]] = {}
    for record in records:
        groups.setdefault(record.model_uid, []).append(record)
    return groups
