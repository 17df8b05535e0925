"""What one can do with aliases: further names for a model of the same team, from one namespace with the models."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement

from gateway.api.etag import UNGUARDED, IfMatch, format_etag
from gateway.api.idempotency import Once
from gateway.api.principal import Principal
from gateway.errors import NotFound
from gateway.registry.inputs import AliasCreate, AliasPatch, AliasQuery
from gateway.registry.names import check_model_name
from gateway.registry.record import AliasRecord, TeamRecord
from gateway.registry.service.change import Changes, differing
from gateway.registry.service.lookup import find_team, get_model, owner_team, require_free
from gateway.registry.service.recorded import changed, made, removed
from gateway.registry.state import AliasState, Deletion
from gateway.registry.store.entity import Place, Slice
from gateway.registry.store.tables import ALIASES, MODELS, TEAMS
from gateway.storage.connection import AsyncConnection
from gateway.storage.ids import new_id
from gateway.storage.schema import aliases, models


class AliasService:
    """Aliases: list, get, create, patch, delete."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    async def list(self, principal: Principal, query: AliasQuery, *, after: Place | None) -> Slice[AliasState]:
        """Return a page of the aliases that exist for the caller, by name."""
        where: list[ColumnElement[bool]] = [aliases.c.name == query.name] if query.name is not None else []
        async with self._changes.read() as conn:
            if query.model is not None:
                model, _ = await get_model(conn, principal, query.model, team=query.team, param="model")
                where.append(aliases.c.model_uid == model.uid)
            elif query.team is not None or principal.team is not None:
                where.append(aliases.c.team_id == (await find_team(conn, principal, query.team)).id)
            page = await ALIASES.page(conn, where, after=after, limit=query.limit)
            return Slice(await _states(conn, page.items), page.after)

    async def get(self, principal: Principal, alias_id: str) -> AliasState:
        """Return an alias; raise NotFound unless it exists for the caller."""
        async with self._changes.read() as conn:
            return await _state(conn, (await _get(conn, principal, alias_id))[0])

    async def create(
        self,
        principal: Principal,
        body: AliasCreate,
        *,
        once: Once[AliasState] | None = None,
        reuse_name: bool = False,
    ) -> AliasState:
        """Give a model another name; `reuse_name` takes one that rests after a purge.

        Raises:
            NotFound: no such model.
            Unprocessable: a bad name.
            Conflict: a model or alias of the team has the name.
        """
        name = check_model_name(body.name)
        async with self._changes.begin(once) as change:
            conn = change.conn
            model, team = await get_model(conn, principal, body.model, team=body.team, param="model")
            await require_free(conn, team, name, now_ms=change.now_ms, reuse=reuse_name)
            await MODELS.touch(conn, models.c.uid == model.uid)
            values = {"id": new_id("als"), "team_id": team.id, "name": name, "model_uid": model.uid}
            alias = await ALIASES.insert(conn, values, now_ms=change.now_ms)
            change.record(made(alias, team=team.name))
            return await change.finish(await _state(conn, alias))

    async def patch(
        self, principal: Principal, alias_id: str, body: AliasPatch, if_match: IfMatch = UNGUARDED
    ) -> AliasState:
        """Rename an alias, or point it at another model of its team.

        Raises:
            NotFound, PreconditionFailed, Unprocessable, Conflict: as on creation.
        """
        given = body.given()
        async with self._changes.begin() as change:
            conn = change.conn
            alias, team = await _get(conn, principal, alias_id)
            change.require_owner("alias", alias.name, alias)
            if_match.check(format_etag(alias.id, alias.rev))
            if given.pop("model", None) is not None:
                model, _ = await get_model(conn, principal, body.model, team=team.name, param="model")
                given["model_uid"] = model.uid
            changes = differing(given, alias)
            if "name" in changes:
                await require_free(conn, team, check_model_name(body.name), now_ms=change.now_ms)
            if changes:
                uids = {alias.model_uid, str(changes.get("model_uid", alias.model_uid))}
                await MODELS.touch(conn, models.c.uid.in_(uids))
                before, alias = alias, await ALIASES.update(conn, alias.id, changes, now_ms=change.now_ms)
                change.record(changed(before, alias, team=team.name))
            return await _state(conn, alias)

    async def delete(self, principal: Principal, alias_id: str, if_match: IfMatch = UNGUARDED) -> Deletion:
        """Remove an alias and say so; raise NotFound, PreconditionFailed or Conflict as usual."""
        async with self._changes.begin() as change:
            alias, team = await _get(change.conn, principal, alias_id)
            change.require_owner("alias", alias.name, alias)
            if_match.check(format_etag(alias.id, alias.rev))
            await MODELS.touch(change.conn, models.c.uid == alias.model_uid)
            await ALIASES.delete(change.conn, [alias.id])
            change.record(removed(alias, team=team.name))
            return Deletion("alias", alias.id, alias.name)


async def _get(conn: AsyncConnection, principal: Principal, alias_id: str) -> tuple[AliasRecord, TeamRecord]:
    alias = await ALIASES.find(conn, alias_id)
    team = await owner_team(conn, principal, alias.team_id) if alias else None
    if alias is None or team is None:
        raise NotFound(f"alias {alias_id!r} not found", code="alias_not_found")
    return alias, team


async def _state(conn: AsyncConnection, record: AliasRecord) -> AliasState:
    return (await _states(conn, [record]))[0]


async def _states(conn: AsyncConnection, records: Sequence[AliasRecord]) -> Sequence[AliasState]:
    names = {team.id: team.name for team in await TEAMS.all(conn)}
    uids = {record.model_uid for record in records}
    targets = {model.uid: model.name for model in await MODELS.all(conn, models.c.uid.in_(uids))}
    return [AliasState(record, names[record.team_id], targets[record.model_uid]) for record in records]
