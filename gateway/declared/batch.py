"""Models, endpoints and aliases of a plan: judged and changed in memory, then written table by table.

So a file of thousands of models is brought about with a dozen statements instead of ten for each. The rules are those
of the API's services; names and addresses were checked when the file was read.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, Protocol

from msgspec import Struct
from msgspec.structs import replace

from gateway.api.managed import FILE
from gateway.api.permissions import ROLES, Role
from gateway.api.principal import Principal
from gateway.configuration.finding import ConfigurationError
from gateway.declared.compare import restored
from gateway.declared.held import Held
from gateway.declared.plan import Kind, Step, refusal_of
from gateway.declared.recorded import created, declarer, deleted, leading, updated
from gateway.errors import GatewayError
from gateway.registry.address import GATEWAY
from gateway.registry.record import ModelRecord
from gateway.registry.service.change import Change, differing, referenced
from gateway.registry.service.credential import Credentials
from gateway.registry.service.lookup import name_taken
from gateway.registry.store import fallbacks, grants, references
from gateway.registry.store.batch import AnyEntity, Writes
from gateway.registry.store.entity import AT_ONCE
from gateway.registry.store.snapshot import read_defaults
from gateway.registry.store.tables import ALIASES, ENDPOINTS, GATEWAYS, MODELS, TEAMS
from gateway.storage.ids import new_id

AUTHOR = Principal(key_id=None, name="configuration file", role=Role.ADMIN, permissions=ROLES[Role.ADMIN])
"""In whose name a file's objects are made: whoever writes it runs the server."""
BATCHED: frozenset[Kind] = frozenset({"model", "endpoint", "alias", "fallbacks"})
"""Kinds that a file may hold thousands of."""


class Withdrawal(Protocol):
    """How models leave and come back, as the rest of the product does it."""

    async def leave(self, change: Change, uids: Sequence[str]) -> Mapping[str, GatewayError]:
        """Delete these models; return why not, by uid: then none is deleted."""
        ...

    async def back(self, change: Change, records: Sequence[ModelRecord]) -> None:
        """Restore models, without fallbacks of their own."""
        ...


class _Around(Struct, frozen=True):
    """What the rows point at: ids of teams and gateways by name, and the endpoints that are a team's default."""

    teams: dict[str, str]
    gateways: dict[str, str]
    defaults: frozenset[str]


class Batch:
    """The rows as they are and as they shall be. Nothing is in the database before `write`."""

    def __init__(self, change: Change, credentials: Credentials, held: Held, withdrawal: Withdrawal) -> None:
        self._change = change
        self._credentials = credentials
        self._withdrawal = withdrawal
        self._held = held
        self._uids = {key: row.uid for key, row in held.models.items()}
        self._alias_ids = {key: row.id for key, row in held.aliases.items()}
        self._models = {row.uid: row for row in (*held.left.values(), *held.models.values())}
        self._endpoints = {row.id: row for rows in held.endpoints.values() for row in rows}
        self._aliases = {row.id: row for row in held.aliases.values()}
        self._writes = Writes()
        self._leading: list[Step] = []
        self._leaving: dict[str, Step] = {}
        self._returning: dict[str, tuple[Step, ModelRecord]] = {}
        self._published: dict[str, dict[str, str]] = {}  # uids of new models by name, by team's id
        self._around: _Around | None = None

    async def write(self) -> None:
        """Write what has come together, and look around anew afterwards: others change what the rows point at."""
        self._around = None
        await self._bring_back()
        writes, self._writes = self._writes, Writes()
        await writes.carry_out(self._change.conn, now_ms=self._change.now_ms)
        published, self._published = self._published, {}
        for team_id, uids in published.items():
            await grants.link(self._change.conn, team_id, uids)
        await self._credentials.drop(self._change.conn, *(self._endpoints[key] for key in writes.gone_endpoints))
        await self._write_fallbacks()
        await self._withdraw()

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

    async def restore_model(self, step: Step) -> None:
        """Have a model that left come back, the same one: grants and usage go on."""
        self._uids.pop((step.team, step.name), None)  # a draining one has it still
        self._require_free(step)
        row = self._models[step.id]
        self._returning[step.id] = (step, row)
        self._models[step.id] = restored(row)
        self._uids[step.team, step.name] = step.id

    async def update_fallbacks(self, step: Step) -> None:
        """Have other models take over for a model; that they are there and form no ring was judged."""
        self._leading.append(step)
        self._writes.touch(self._uids[step.team, step.name])

    async def delete_model(self, step: Step) -> None:
        """Have a model leave, with the next `write`: deleted as over the API, refused while something names it."""
        del self._uids[step.team, step.name]
        self._leaving[step.id] = step

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
            await self._refuse_default(step.id)
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
        own = {"id": alias_id, "team_id": around.teams[step.team], "name": step.name, "model_uid": uid}
        self._make(ALIASES, step, alias_id, {**own, **_owned(step)})
        self._writes.touch(uid)

    async def update_alias(self, step: Step) -> None:
        """Point an alias at another model."""
        before, uid = self._aliases[step.id].model_uid, self._target(step)
        self._writes.change(ALIASES, step.id, {"model_uid": uid})
        self._change.record(updated(step, self._aliases[step.id], {"model_uid": uid}))
        self._writes.touch(before, uid)

    async def delete_alias(self, step: Step) -> None:
        """Remove an alias."""
        uid = self._aliases[step.id].model_uid
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

    async def _refuse_default(self, endpoint_id: str) -> NoReturn:
        await self.write()  # what left the file itself is not told
        raise referenced("endpoint", endpoint_id, await references.to_endpoint(self._change.conn, endpoint_id))

    async def _write_fallbacks(self) -> None:
        steps, self._leading = self._leading, []
        chains: dict[str, list[str]] = {}
        for step in steps:
            wanted: Any = step.values["fallbacks"]
            uid, before = self._uids[step.team, step.name], self._held.fallbacks.get((step.team, step.name), ())
            chains[uid] = [self._uids[step.team, name] for name in wanted]
            self._change.record(leading(step, uid, before, wanted))
        await fallbacks.replace(self._change.conn, chains)

    async def _withdraw(self) -> None:
        """Delete what is declared no longer, all of it or nothing."""
        steps, self._leaving = self._leaving, {}
        uids = list(steps)
        for start in range(0, len(uids), AT_ONCE):
            before = len(self._change.events)
            refused = await self._withdrawal.leave(self._change, uids[start : start + AT_ONCE])
            if refused:
                raise ConfigurationError([refusal_of(steps[uid], error) for uid, error in refused.items()])
            self._sign(before, steps)

    async def _bring_back(self) -> None:
        """Restore what is declared again, before anything else is written."""
        returning, self._returning = self._returning, {}
        if returning:
            before = len(self._change.events)
            await self._withdrawal.back(self._change, [row for _, row in returning.values()])
            self._sign(before, {uid: step for uid, (step, _) in returning.items()})

    def _sign(self, before: int, steps: Mapping[str, Step]) -> None:
        """Have the record name the line of the file that each of the last events comes from."""
        told = self._change.events[before:]
        self._change.events[before:] = [replace(one, who=declarer(steps[str(one.uid)])) for one in told]

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
