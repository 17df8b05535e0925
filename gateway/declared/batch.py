"""Models, endpoints and aliases of a plan: judged and changed in memory, then written table by table.

So a file of thousands of models is brought about with a dozen statements instead of ten for each. The rules are those
of the API's services; names and addresses were checked when the file was read.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any, NoReturn

from gateway.api.managed import FILE
from gateway.api.permissions import ROLES, Role
from gateway.api.principal import Principal
from gateway.declared.held import Held
from gateway.declared.plan import Kind, Step
from gateway.declared.recorded import created, deleted, updated
from gateway.registry.address import GATEWAY
from gateway.registry.service.change import Change, differing, referenced
from gateway.registry.service.credential import Credentials
from gateway.registry.service.lookup import name_taken
from gateway.registry.store import grants, references
from gateway.registry.store.batch import AnyEntity, Writes
from gateway.registry.store.snapshot import read_defaults
from gateway.registry.store.tables import ALIASES, ENDPOINTS, GATEWAYS, MODELS, TEAMS
from gateway.storage.ids import new_id

AUTHOR = Principal(key_id=None, name="configuration file", role=Role.ADMIN, permissions=ROLES[Role.ADMIN])
"""In whose name a file's objects are made: whoever writes it runs the server."""
BATCHED: frozenset[Kind] = frozenset({"model", "endpoint", "alias"})
"""Kinds that a file may hold thousands of."""


@dataclass(frozen=True, slots=True)
class _Around:
    """What the rows point at: ids of teams and gateways by name, and the endpoints that are a team's default."""

    teams: dict[str, str]
    gateways: dict[str, str]
    defaults: frozenset[str]


class Batch:
    """The rows as they are and as they shall be. Nothing is in the database before `write`."""

    def __init__(self, change: Change, credentials: Credentials, held: Held) -> None:
        self._change = change
        self._credentials = credentials
        self._uids = {key: row.uid for key, row in held.models.items()}
        self._alias_ids = {key: row.id for key, row in held.aliases.items()}
        self._models = {row.uid: row for row in held.models.values()}
        self._children = held.endpoints
        self._endpoints = {row.id: row for rows in held.endpoints.values() for row in rows}
        self._aliases = {row.id: row for row in held.aliases.values()}
        self._aliased = Counter(row.model_uid for row in held.aliases.values())
        self._writes = Writes()
        self._published: dict[str, dict[str, str]] = {}  # uids of new models by name, by team's id
        self._around: _Around | None = None

    async def write(self) -> None:
        """Write what has come together, and look around anew afterwards: others change what the rows point at."""
        self._around = None
        writes, self._writes = self._writes, Writes()
        await writes.carry_out(self._change.conn, now_ms=self._change.now_ms)
        published, self._published = self._published, {}
        for team_id, uids in published.items():
            await grants.link(self._change.conn, team_id, uids)
        await self._credentials.drop(self._change.conn, *(self._endpoints[key] for key in writes.gone_endpoints))

    async def create_model(self, step: Step) -> None:
        """Make a model without endpoints."""
        around = await self._look_around()
        self._require_free(step)
        uid = self._uids[step.team, step.name] = new_id("mdl")
        team_id = around.teams[step.team]
        self._published.setdefault(team_id, {})[step.name] = uid
        own = {"uid": uid, "team_id": team_id, "name": step.name}
        self._make(MODELS, step, uid, {**own, **_with_via(step, around), **_owned(step)})

    async def update_model(self, step: Step) -> None:
        """Change a model."""
        changes = differing(_with_via(step, await self._look_around()), self._models[step.id])
        self._writes.change(MODELS, step.id, changes)
        self._change.record(updated(step, self._models[step.id], changes))

    async def delete_model(self, step: Step) -> None:
        """Remove a model with its endpoints; raise Conflict while something names them."""
        around = await self._look_around()
        children = [row.id for row in self._children.get(step.id, ())]
        if self._aliased[step.id] or not around.defaults.isdisjoint(children):
            await self._refuse_referenced("model", step.name, step.id)
        del self._uids[step.team, step.name]
        self._writes.remove(MODELS, step.id)
        self._writes.gone_endpoints += children
        gone = {key: self._endpoints[key].base_url for key in children}
        self._change.record(deleted(step, self._models[step.id], gone))

    async def create_endpoint(self, step: Step) -> None:
        """Add an endpoint to its model."""
        uid, endpoint_id = self._uids[step.team, step.name], new_id("ep")
        own = {"id": endpoint_id, "model_uid": uid}
        self._make(ENDPOINTS, step, endpoint_id, {**own, **await self._with_key(step, endpoint_id), **_owned(step)})
        self._writes.touch(uid)

    async def update_endpoint(self, step: Step) -> None:
        """Change an endpoint; with an address comes its key (compare.py)."""
        row = self._endpoints[step.id]
        if changes := differing(await self._with_key(step, step.id), row):
            self._writes.change(ENDPOINTS, step.id, changes)
            self._change.record(updated(step, row, changes))
            self._writes.touch(row.model_uid)

    async def delete_endpoint(self, step: Step) -> None:
        """Remove an endpoint; raise Conflict while it is a team's default."""
        if step.id in (await self._look_around()).defaults:
            await self._refuse_referenced("endpoint", step.id, step.id)
        self._writes.remove(ENDPOINTS, step.id)
        self._writes.gone_endpoints.append(step.id)
        self._writes.touch(self._endpoints[step.id].model_uid)
        self._change.record(deleted(step, self._endpoints[step.id]))

    async def create_alias(self, step: Step) -> None:
        """Give a model another name."""
        around = await self._look_around()
        self._require_free(step)
        uid, alias_id = self._target(step), new_id("als")
        self._alias_ids[step.team, step.name] = alias_id
        self._aliased[uid] += 1
        own = {"id": alias_id, "team_id": around.teams[step.team], "name": step.name, "model_uid": uid}
        self._make(ALIASES, step, alias_id, {**own, **_owned(step)})
        self._writes.touch(uid)

    async def update_alias(self, step: Step) -> None:
        """Point an alias at another model."""
        before, uid = self._aliases[step.id].model_uid, self._target(step)
        self._aliased.subtract({before: 1})
        self._aliased[uid] += 1
        self._writes.change(ALIASES, step.id, {"model_uid": uid})
        self._change.record(updated(step, self._aliases[step.id], {"model_uid": uid}))
        self._writes.touch(before, uid)

    async def delete_alias(self, step: Step) -> None:
        """Remove an alias."""
        uid = self._aliases[step.id].model_uid
        self._aliased[uid] -= 1
        del self._alias_ids[step.team, step.name]
        self._writes.remove(ALIASES, step.id)
        self._change.record(deleted(step, self._aliases[step.id]))
        self._writes.touch(uid)

    def _make(self, entity: AnyEntity, step: Step, key: str, row: dict[str, object]) -> None:
        self._writes.make(entity, row)
        self._change.record(created(step, key, row))

    async def _look_around(self) -> _Around:
        if self._around is None:
            conn = self._change.conn
            self._around = _Around(
                teams={team.name: team.id for team in await TEAMS.all(conn)},
                gateways={gateway.name: gateway.id for gateway in await GATEWAYS.all(conn)},
                defaults=frozenset(row.endpoint_id for row in await read_defaults(conn)),
            )
        return self._around

    def _target(self, step: Step) -> str:
        return self._uids[step.team, str(step.values["model"])]

    def _require_free(self, step: Step) -> None:
        """Raise Conflict when a model or alias of the team has the name."""
        key, where = (step.team, step.name), f" in team {step.team!r}"
        if (uid := self._uids.get(key)) is not None:
            raise name_taken("model", step.name, uid, where=where)
        if (alias_id := self._alias_ids.get(key)) is not None:
            raise name_taken("alias", step.name, alias_id, where=where)

    async def _refuse_referenced(self, kind: str, name: str, key: str) -> NoReturn:
        await self.write()  # what left the file itself is not told
        conn = self._change.conn
        find = references.to_model if kind == "model" else references.to_endpoint
        raise referenced(kind, name, await find(conn, key))

    async def _with_key(self, step: Step, endpoint_id: str) -> dict[str, Any]:
        """Return the columns of an endpoint; references alone are declared, so that nothing is stored."""
        values = dict(step.values)
        if "api_key" in values:
            key: Any = values.pop("api_key")
            values |= await self._credentials.columns(self._change.conn, AUTHOR, endpoint_id, key)
        return values


def _with_via(step: Step, around: _Around) -> dict[str, object]:
    """Return the columns of a model: a named gateway is kept by its id."""
    values = dict(step.values)
    if "via" in values and (gateway := around.gateways.get(str(values["via"]))) is not None:
        return {**values, "via": GATEWAY, "gateway_id": gateway}
    return {**values, "gateway_id": None} if "via" in values else values


def _owned(step: Step) -> dict[str, object]:
    return {"managed_by": FILE, "managed_at": step.at}
