"""What one can do with gateways. They belong to the whole installation, so a key bound to a team changes none."""

from gateway.api.etag import UNGUARDED, IfMatch, format_etag
from gateway.api.idempotency import Once
from gateway.api.principal import Principal
from gateway.errors import NotFound, PermissionDenied
from gateway.registry.address import check_url
from gateway.registry.inputs import GatewayCreate, GatewayPatch, GatewayQuery
from gateway.registry.names import check_gateway_name
from gateway.registry.record import GatewayRecord
from gateway.registry.service.change import Change, Changes, differing, referenced
from gateway.registry.service.lookup import require_free_gateway
from gateway.registry.service.recorded import changed, made, removed
from gateway.registry.state import Deletion
from gateway.registry.store import references
from gateway.registry.store.entity import Place, Slice
from gateway.registry.store.tables import GATEWAYS, MODELS, TEAMS
from gateway.storage.connection import AsyncConnection
from gateway.storage.ids import new_id
from gateway.storage.schema import gateways, models, teams


class GatewayService:
    """Gateways: list, get, create, patch, delete."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    async def list(self, query: GatewayQuery, *, after: Place | None) -> Slice[GatewayRecord]:
        """Return a page of the gateways, by name."""
        where = [gateways.c.name == query.name] if query.name is not None else []
        async with self._changes.read() as conn:
            return await GATEWAYS.page(conn, where, after=after, limit=query.limit)

    async def get(self, gateway_id: str) -> GatewayRecord:
        """Return a gateway; raise NotFound when there is none."""
        async with self._changes.read() as conn:
            return await _get(conn, gateway_id)

    async def create(
        self, principal: Principal, body: GatewayCreate, *, once: Once[GatewayRecord] | None = None
    ) -> GatewayRecord:
        """Make a gateway.

        Raises:
            PermissionDenied: the key is bound to a team.
            Unprocessable: bad name, or a URL that no client could call.
            Conflict: the name is taken, or the flag would be taken from a gateway that a file declares.
        """
        _require_unbound(principal)
        url = str(check_url(body.url, param="url"))
        async with self._changes.begin(once) as change:
            conn = change.conn
            await require_free_gateway(conn, check_gateway_name(body.name))
            values = {"id": new_id("gw"), **body.model_dump(), "url": url}
            if body.is_default:
                await _take_default(change)
            gateway = await GATEWAYS.insert(conn, values, now_ms=change.now_ms)
            change.record(made(gateway, team=None))
            return await change.finish(gateway)

    async def patch(
        self, principal: Principal, gateway_id: str, body: GatewayPatch, if_match: IfMatch = UNGUARDED
    ) -> GatewayRecord:
        """Change the given fields of a gateway; what it publishes changes with it, from the next read on.

        Raises:
            NotFound, PreconditionFailed, PermissionDenied, Unprocessable, Conflict: as on creation.
        """
        _require_unbound(principal)
        given = body.given()
        if "url" in given:
            given["url"] = str(check_url(body.url, param="url"))
        async with self._changes.begin() as change:
            conn = change.conn
            gateway = await _get(conn, gateway_id)
            change.require_owner("gateway", gateway.name, gateway)
            if_match.check(format_etag(gateway.id, gateway.rev))
            changes = differing(given, gateway)
            if "name" in changes:
                await require_free_gateway(conn, check_gateway_name(body.name))
            if changes.get("is_default"):
                await _take_default(change)
            if changes.keys() & {"name", "url", "is_default"}:
                await _touch_published(conn, gateway.id)
            if changes:
                before, gateway = gateway, await GATEWAYS.update(conn, gateway.id, changes, now_ms=change.now_ms)
                change.record(changed(before, gateway, team=None))
            return gateway

    async def delete(self, principal: Principal, gateway_id: str, if_match: IfMatch = UNGUARDED) -> Deletion:
        """Remove a gateway that nothing is published through.

        Raises:
            NotFound, PreconditionFailed, PermissionDenied: as usual.
            Conflict: models or teams are published through it, by choice or because it is the default; or a file
                declares it.
        """
        _require_unbound(principal)
        async with self._changes.begin() as change:
            gateway = await _get(change.conn, gateway_id)
            change.require_owner("gateway", gateway.name, gateway)
            if_match.check(format_etag(gateway.id, gateway.rev))
            found = await references.to_gateway(change.conn, gateway.id, is_default=gateway.is_default)
            if found[1]:
                raise referenced("gateway", gateway.name, found)
            await _touch_published(change.conn, gateway.id)
            # A model that is restored one day is published as its team then is.
            deleted = (models.c.gateway_id == gateway.id, models.c.state == "deleted")
            bare = {"via": None, "gateway_id": None}
            await MODELS.update_where(change.conn, bare, *deleted, now_ms=change.now_ms)
            await GATEWAYS.delete(change.conn, [gateway.id])
            change.record(removed(gateway, team=None))
            return Deletion("gateway", gateway.id, gateway.name)


def _require_unbound(principal: Principal) -> None:
    if principal.team is not None:
        raise PermissionDenied(
            f"this key is bound to the team {principal.team!r}; gateways belong to the whole installation",
            hint="use an administrator's key that is bound to no team",
        )


async def _get(conn: AsyncConnection, gateway_id: str) -> GatewayRecord:
    found = await GATEWAYS.find(conn, gateway_id)
    if found is None:
        raise NotFound(f"gateway {gateway_id!r} not found", code="gateway_not_found")
    return found


async def _take_default(change: Change) -> None:
    """Take the flag from the gateway that has it: there is one default at most."""
    conn = change.conn
    for gateway in await GATEWAYS.all(conn, gateways.c.is_default):
        change.require_owner("gateway", gateway.name, gateway)
        after = await GATEWAYS.update(conn, gateway.id, {"is_default": False}, now_ms=gateway.updated_at)
        change.record(changed(gateway, after, team=None))
    await _touch_published(conn, "")


async def _touch_published(conn: AsyncConnection, gateway_id: str) -> None:
    """Raise the revision of every model and team whose published address may have changed: clients ask with ETags."""
    await MODELS.touch(conn, models.c.via.is_(None) | (models.c.gateway_id == gateway_id))
    await TEAMS.touch(conn, teams.c.default_via.is_(None) | (teams.c.default_gateway_id == gateway_id))
