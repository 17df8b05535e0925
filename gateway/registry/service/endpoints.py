"""What one can do with endpoints. A change of one is a change of its model, whose revision it raises."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select
from yarl import URL

from gateway.api.etag import UNGUARDED, IfMatch, format_etag
from gateway.api.idempotency import Once
from gateway.api.permissions import Permission
from gateway.api.principal import Principal
from gateway.errors import NotFound
from gateway.lifecycle.states import require_living
from gateway.registry.inputs import EndpointCreate, EndpointFields, EndpointPatch, EndpointQuery
from gateway.registry.record import EndpointRecord, ModelRecord, TeamRecord
from gateway.registry.service.change import Change, Changes, differing, referenced
from gateway.registry.service.credential import Credentials
from gateway.registry.service.lookup import find_team, get_model, owner_team
from gateway.registry.service.recorded import changed, made, removed
from gateway.registry.state import Deletion, EndpointState
from gateway.registry.store import references
from gateway.registry.store.entity import Place, Slice
from gateway.registry.store.tables import ENDPOINTS, MODELS, TEAMS
from gateway.storage.connection import AsyncConnection
from gateway.storage.ids import new_id
from gateway.storage.schema import endpoints, models


class EndpointService:
    """Endpoints: list, get, create, patch, delete."""

    def __init__(self, changes: Changes, credentials: Credentials) -> None:
        self._changes = changes
        self._credentials = credentials

    async def list(self, principal: Principal, query: EndpointQuery, *, after: Place | None) -> Slice[EndpointState]:
        """Return a page of the endpoints of models that exist for the caller; of a deleted one if it is named."""
        where: list[ColumnElement[bool]] = []
        async with self._changes.read() as conn:
            if query.model is not None:
                model, _ = await get_model(conn, principal, query.model, team=query.team, param="model")
                where.append(endpoints.c.model_uid == model.uid)
            else:
                shown = select(models.c.uid).where(models.c.state.not_in(_hidden(principal)))
                if query.team is not None or principal.team is not None:
                    shown = shown.where(models.c.team_id == (await find_team(conn, principal, query.team)).id)
                where.append(endpoints.c.model_uid.in_(shown))
            if query.enabled is not None:
                where.append(endpoints.c.enabled.is_(query.enabled))
            page = await ENDPOINTS.page(conn, where, after=after, limit=query.limit)
            return Slice(await self._states(conn, page.items), page.after)

    async def get(self, principal: Principal, endpoint_id: str) -> EndpointState:
        """Return an endpoint; raise NotFound unless its model exists for the caller."""
        async with self._changes.read() as conn:
            endpoint, model, team = await _get(conn, principal, endpoint_id)
            return await self._state(conn, endpoint, model, team)

    async def create(
        self, principal: Principal, body: EndpointCreate, *, server: str, once: Once[EndpointState] | None = None
    ) -> EndpointState:
        """Add an endpoint to a model.

        Raises:
            NotFound: no such model.
            Unprocessable, PermissionDenied: address or key are refused.
            Conflict: a file declares the model, and with it its endpoints.
        """
        url = self._credentials.check_base_url(body.base_url, server=server)
        async with self._changes.begin(once) as change:
            model, team = await get_model(change.conn, principal, body.model, team=body.team, param="model")
            change.require_owner("model", model.name, model)
            require_living(model)
            endpoint = await self.add(change, principal, model.uid, body, url, team=team.name)
            await MODELS.touch(change.conn, models.c.uid == model.uid)
            return await change.finish(await self._state(change.conn, endpoint, model, team))

    async def add(  # noqa: PLR0913 - keyword-only where it matters
        self, change: Change, principal: Principal, model_uid: str, body: EndpointFields, url: URL, *, team: str
    ) -> EndpointRecord:
        """Write an endpoint whose address was checked, inside the transaction of a larger change."""
        endpoint_id = new_id("ep")
        values = {
            "id": endpoint_id,
            "model_uid": model_uid,
            "base_url": str(url),
            "upstream_model": body.upstream_model,
            "weight": body.weight,
            "enabled": body.enabled,
            "organization_headers": body.organization_headers,
            **await self._credentials.columns(change.conn, principal, endpoint_id, body.api_key),
        }
        endpoint = await ENDPOINTS.insert(change.conn, values, now_ms=change.now_ms)
        change.record(made(endpoint, team=team))
        return endpoint

    async def patch(
        self,
        principal: Principal,
        endpoint_id: str,
        body: EndpointPatch,
        if_match: IfMatch = UNGUARDED,
        *,
        server: str,
    ) -> EndpointState:
        """Change the given fields; an address with another origin takes the key away unless a new one comes with it.

        Raises:
            NotFound, PreconditionFailed, Unprocessable, PermissionDenied, Conflict: as on creation.
        """
        given = body.given()
        url = self._credentials.check_base_url(body.base_url, server=server) if "base_url" in given else None
        async with self._changes.begin() as change:
            conn = change.conn
            endpoint, model, team = await _get(conn, principal, endpoint_id)
            change.require_owner("endpoint", endpoint.id, endpoint)
            if_match.check(format_etag(endpoint.id, endpoint.rev))
            require_living(model)
            if url is not None:
                given["base_url"] = str(url)
            moved = url is not None and url.origin() != URL(endpoint.base_url, encoded=True).origin()
            had_key = bool(endpoint.secret_id or endpoint.credential_ref)
            if "api_key" in given or (moved and had_key):
                given.pop("api_key", None)
                given |= await self._credentials.columns(conn, principal, endpoint.id, body.api_key)
            if changes := differing(given, endpoint):
                before, endpoint = endpoint, await ENDPOINTS.update(conn, endpoint.id, changes, now_ms=change.now_ms)
                change.record(changed(before, endpoint, team=team.name))
                if before.secret_id != endpoint.secret_id:
                    await self._credentials.drop(conn, before)
                await MODELS.touch(conn, models.c.uid == model.uid)
            cleared = moved and had_key and body.api_key is None
            return await self._state(conn, endpoint, model, team, key_cleared=cleared)

    async def delete(self, principal: Principal, endpoint_id: str, if_match: IfMatch = UNGUARDED) -> Deletion:
        """Remove an endpoint and its stored key.

        Raises:
            NotFound, PreconditionFailed: as usual.
            Conflict: it is the team's default endpoint of some operation, or a file declares it.
        """
        async with self._changes.begin() as change:
            conn = change.conn
            endpoint, model, team = await _get(conn, principal, endpoint_id)
            change.require_owner("endpoint", endpoint.id, endpoint)
            if_match.check(format_etag(endpoint.id, endpoint.rev))
            require_living(model)
            found = await references.to_endpoint(conn, endpoint.id)
            if found[1]:
                raise referenced("endpoint", endpoint.id, found)
            await ENDPOINTS.delete(conn, [endpoint.id])
            await self._credentials.drop(conn, endpoint)
            change.record(removed(endpoint, team=team.name))
            await MODELS.touch(conn, models.c.uid == model.uid)
            return Deletion("endpoint", endpoint.id, endpoint.base_url)

    async def _state(
        self,
        conn: AsyncConnection,
        endpoint: EndpointRecord,
        model: ModelRecord,
        team: TeamRecord,
        *,
        key_cleared: bool = False,
    ) -> EndpointState:
        secrets = await self._credentials.describe(conn, [endpoint])
        return EndpointState(endpoint, team.name, model.name, secrets[endpoint.id], key_cleared)

    async def _states(self, conn: AsyncConnection, records: Sequence[EndpointRecord]) -> Sequence[EndpointState]:
        secrets = await self._credentials.describe(conn, records)
        uids = {record.model_uid for record in records}
        owners = {model.uid: model for model in await MODELS.all(conn, models.c.uid.in_(uids))}
        names = {team.id: team.name for team in await TEAMS.all(conn)}
        return [
            EndpointState(
                record,
                team=names[owners[record.model_uid].team_id],
                model=owners[record.model_uid].name,
                secret=secrets[record.id],
            )
            for record in records
        ]


def _hidden(principal: Principal) -> tuple[str, ...]:
    return ("deleted",) if principal.may(Permission.REGISTRY_WRITE) else ("deleted", "draft")


async def _get(
    conn: AsyncConnection, principal: Principal, endpoint_id: str
) -> tuple[EndpointRecord, ModelRecord, TeamRecord]:
    endpoint = await ENDPOINTS.find(conn, endpoint_id)
    model = await MODELS.find(conn, endpoint.model_uid) if endpoint else None
    team = await owner_team(conn, principal, model.team_id) if model else None
    if endpoint is None or model is None or team is None:
        raise NotFound(f"endpoint {endpoint_id!r} not found", code="endpoint_not_found")
    return endpoint, model, team
