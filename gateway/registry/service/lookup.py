"""Finding what a caller named, and only what exists for that caller: another team's object is a 404 (ACL-3)."""

from collections.abc import Collection

from gateway.api.permissions import Permission
from gateway.api.principal import Principal
from gateway.errors import Conflict, Gone, NotFound, Unprocessable
from gateway.registry.address import GATEWAY, SERVER
from gateway.registry.names import MAX_READ, UID_PREFIX, model_not_found, nearest, unnamed_team
from gateway.registry.record import GatewayRecord, ModelRecord, TeamRecord
from gateway.registry.store.names import model_names
from gateway.registry.store.retired import find_quarantine, find_tombstone
from gateway.registry.store.tables import ALIASES, GATEWAYS, MODELS, TEAMS
from gateway.storage.clock import rfc3339
from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import aliases, gateways, models, teams


def choose_team(principal: Principal, wanted: str | None, known: Collection[str]) -> str:
    """Return the name of the team that a call is about: the wanted one, the key's own, `default`, or the only one.

    Raises:
        NotFound: the team does not exist for this caller.
        Unprocessable: nothing says which of several teams is meant.
    """
    choice = wanted or principal.team or unnamed_team(known)
    principal.require_team(choice)
    if choice not in known:
        suggestions = nearest(choice, known) if principal.team is None else []
        raise NotFound(f"team {choice!r} not found", code="team_not_found", param="team", did_you_mean=suggestions)
    return choice


async def find_team(conn: AsyncConnection, principal: Principal, wanted: str | None) -> TeamRecord:
    """Return the team that a call is about; raises like `choose_team`."""
    known = {team.name: team for team in await TEAMS.all(conn)}
    return known[choose_team(principal, wanted, known)]


async def get_team(conn: AsyncConnection, principal: Principal, team_id: str) -> TeamRecord:
    """Return the team with this id; raise NotFound unless it exists for this caller."""
    found = await TEAMS.find(conn, team_id)
    if found is None or not principal.sees_team(found.name):
        raise NotFound(f"team {team_id!r} not found", code="team_not_found")
    return found


async def owner_team(conn: AsyncConnection, principal: Principal, team_id: str) -> TeamRecord | None:
    """Return the team that owns an object, None when the caller must not know of it."""
    found = await TEAMS.find(conn, team_id)
    return found if found and principal.sees_team(found.name) else None


async def get_model(
    conn: AsyncConnection, principal: Principal, named: str, *, team: str | None = None, param: str | None = None
) -> tuple[ModelRecord, TeamRecord]:
    """Return the model with this uid, or with this name in the team; a deleted one is found by its uid alone.

    Raises:
        NotFound: it does not exist for the caller.
    """
    if named.startswith(UID_PREFIX):
        found = await MODELS.find(conn, named)
        owner = await owner_team(conn, principal, found.team_id) if found else None
        if found and owner and team in {None, owner.name} and _exists(principal, found):
            return found, owner
        raise NotFound(f"model {named!r} not found", code="model_not_found", param=param)
    owner = await find_team(conn, principal, team)
    own = (models.c.team_id == owner.id, models.c.name == named, models.c.state != "deleted")
    found = await MODELS.find_where(conn, *own)
    if found is None or not _exists(principal, found):
        names = await model_names(conn, owner.id, limit=MAX_READ)
        raise model_not_found(named, filter(principal.may_call, names), team=owner.name)
    return found, owner


async def require_not_purged(conn: AsyncConnection, principal: Principal, uid: str) -> None:
    """Raise Gone, with what stays of it, when a model of this uid was purged and the caller may know of it."""
    found = await find_tombstone(conn, uid) if uid.startswith(UID_PREFIX) else None
    if found is None or await owner_team(conn, principal, found.team_id) is None:
        return
    raise Gone(
        f"model {found.name!r} was purged on {_day(found.purged_at)}",
        hint="usage and the record of changes still know it by this uid",
        tombstone={
            "uid": found.uid,
            "name": found.name,
            "team": found.team,
            "reason": found.reason,
            "create_time": rfc3339(found.created_at),
            "delete_time": rfc3339(found.deleted_at),
            "purge_time": rfc3339(found.purged_at),
            "name_free_time": rfc3339(found.name_free_at),
            "audit_hash": found.audit_hash,
        },
    )


async def via_columns(conn: AsyncConnection, via: str | None, *, param: str = "via") -> tuple[str | None, str | None]:
    """Return how `via` is stored: what kind it is, and the id of a named gateway.

    Raises:
        Unprocessable: no such gateway.
    """
    if via is None or via == SERVER:
        return via, None
    found = await GATEWAYS.find_where(conn, gateways.c.name == via)
    if found is None:
        names = [gateway.name for gateway in await GATEWAYS.all(conn)]
        suggestions = nearest(via, names)
        raise Unprocessable(
            f"gateway {via!r} not found" + _question(suggestions),
            code="gateway_not_found",
            param=param,
            hint=f"choose {', '.join([*names[:10], 'server'])}, or null for the default",
            did_you_mean=suggestions,
        )
    return GATEWAY, found.id


async def gateways_by_id(conn: AsyncConnection) -> dict[str, GatewayRecord]:
    """Return every gateway."""
    return {gateway.id: gateway for gateway in await GATEWAYS.all(conn)}


async def require_free(conn: AsyncConnection, team: TeamRecord, name: str, *, now_ms: int, reuse: bool = False) -> None:
    """Raise Conflict when a model or alias of the team has the name: callers could not tell them apart.

    So it is while the name of a purged model rests, unless it is to be used again all the same: whoever still calls
    it must not reach something else without having heard of the end.
    """
    own = (models.c.team_id == team.id, models.c.name == name, models.c.state != "deleted")
    model = await MODELS.find_where(conn, *own)
    alias = await ALIASES.find_where(conn, aliases.c.team_id == team.id, aliases.c.name == name)
    if model is None and alias is None:
        until = None if reuse else await find_quarantine(conn, team.id, name, now_ms=now_ms)
        if until is not None:
            raise _resting(name, until)
        return
    kind, key = ("model", model.uid) if model else ("alias", alias.id if alias else "")
    raise name_taken(kind, name, key, where=f" in team {team.name!r}")


async def require_free_team(conn: AsyncConnection, name: str) -> None:
    """Raise Conflict when a team has the name."""
    if found := await TEAMS.find_where(conn, teams.c.name == name):
        raise name_taken("team", name, found.id)


async def require_free_gateway(conn: AsyncConnection, name: str) -> None:
    """Raise Conflict when a gateway has the name."""
    if found := await GATEWAYS.find_where(conn, gateways.c.name == name):
        raise name_taken("gateway", name, found.id)


def name_taken(kind: str, name: str, key: str, *, where: str = "") -> Conflict:
    """Return the refusal of a name that exists."""
    return Conflict(
        f"{'an' if kind == 'alias' else 'a'} {kind} with the name {name!r} exists{where}",
        code="name_taken",
        param="name",
        hint="choose another name, or change what is there",
        existing={"kind": kind, "id": key},
    )


def _exists(principal: Principal, model: ModelRecord) -> bool:
    """A draft exists for those alone who may make one."""
    return model.state != "draft" or principal.may(Permission.REGISTRY_WRITE)


def _resting(name: str, until_ms: int) -> Conflict:
    return Conflict(
        f"the name {name!r} belonged to a model that was purged, and rests until {_day(until_ms)}",
        code="name_quarantined",
        param="name",
        hint="choose another name, or take this one all the same: ?reuse_name=true",
        name_free_time=rfc3339(until_ms),
    )


def _day(at_ms: int) -> str:
    return rfc3339(at_ms)[:10]


def _question(suggestions: list[str]) -> str:
    return f"; did you mean {suggestions[0]!r}?" if suggestions else ""
