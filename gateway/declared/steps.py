"""The steps of a plan, carried out inside an open transaction: few by the API's services, many together (batch.py).

A refusal becomes a finding at the line of the step: whoever wrote the file reads it.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from msgspec.structs import replace
from sqlalchemy import Table

from gateway.api.acting import act_as
from gateway.api.managed import FILE
from gateway.configuration.finding import ConfigurationError
from gateway.declared.batch import AUTHOR, BATCHED, Batch, Withdrawal
from gateway.declared.held import Held, by_age
from gateway.declared.plan import Kind, Move, Step, refusal_of
from gateway.declared.recorded import declarer, taken
from gateway.errors import GatewayError, Unavailable
from gateway.keys import store as key_store
from gateway.keys.recorded import key_event
from gateway.registry.inputs import (
    GatewayCreate,
    GatewayPatch,
    TeamCreate,
    TeamPatch,
)
from gateway.registry.service.registry_service import Together
from gateway.registry.store.ownership import set_owner, set_places
from gateway.registry.store.tables import ENDPOINTS, MODELS, TEAMS
from gateway.storage import schema
from gateway.storage.connection import AsyncConnection

_TABLES: Final[dict[Kind, Table]] = {
    "team": schema.teams,
    "gateway": schema.gateways,
    "model": schema.models,
    "endpoint": schema.endpoints,
    "alias": schema.aliases,
    "key": schema.keys,
}


class Hands:
    """Carries steps out; after the last one, `finish` writes what is still in memory."""

    def __init__(self, together: Together, held: Held, withdrawal: Withdrawal) -> None:
        self._nouns = together
        self._batch = Batch(together.change, together.credentials, held, withdrawal)
        self._conn = together.change.conn
        self._now_ms = together.change.now_ms

    async def carry_out(self, step: Step) -> None:
        """Bring one change about, at once or with the next `finish`.

        Raises:
            ConfigurationError: it is refused; one finding at the step's line.
        """
        work: Callable[[Step], Awaitable[None]]
        if step.kind in BATCHED:
            work = getattr(self._batch, f"{step.verb}_{step.kind}")
        else:
            work = getattr(self, f"_{step.verb}_{step.kind}")
            await self._batch.write()
        try:
            with act_as(declarer(step)):
                await work(step)
        except (Unavailable, ConfigurationError):
            raise
        except GatewayError as error:
            raise ConfigurationError([refusal_of(step, error)]) from error

    async def finish(self, moves: Sequence[Move]) -> None:
        """Write what is left, and the lines where declarations stand now."""
        await self._batch.write()
        await note_moves(self._conn, moves)

    async def _own(self, step: Step, key: str) -> None:
        await set_owner(self._conn, _TABLES[step.kind], key, by=FILE, at=step.at)

    async def _create_team(self, step: Step) -> None:
        state = await self._nouns.teams.create(AUTHOR, TeamCreate(name=step.name, **_given(step)))
        await self._own(step, state.record.id)

    async def _adopt_team(self, step: Step) -> None:
        await self._own(step, step.id)
        self._nouns.change.record(taken(step))

    async def _update_team(self, step: Step) -> None:
        await self._nouns.teams.patch(AUTHOR, step.id, TeamPatch(**_given(step)))

    async def _delete_team(self, step: Step) -> None:
        await self._nouns.teams.delete(AUTHOR, step.id)

    async def _release_team(self, step: Step) -> None:
        state = await self._nouns.teams.get(AUTHOR, step.id)
        unset: Any = dict.fromkeys(state.defaults)
        blank = TeamPatch(description="", default_via=None, default_endpoints=unset)
        await self._nouns.teams.patch(AUTHOR, step.id, blank)
        await set_owner(self._conn, schema.teams, step.id, by=None, at=None)
        self._nouns.change.record(taken(step))

    async def _update_default_endpoints(self, step: Step) -> None:
        team = await TEAMS.find_where(self._conn, schema.teams.c.name == step.name)
        assert team is not None
        found: dict[Any, str | None] = {
            operation: None if model is None else await self._first_endpoint(team.id, str(model))
            for operation, model in step.values.items()
        }
        await self._nouns.teams.patch(AUTHOR, team.id, TeamPatch(default_endpoints=found))

    async def _first_endpoint(self, team_id: str, model: str) -> str | None:
        """Return the endpoint of a model that stands first in the file, of one that the API owns the oldest."""
        columns = schema.models.c
        found = await MODELS.find_where(self._conn, columns.team_id == team_id, columns.name == model)
        rows = await ENDPOINTS.all(self._conn, schema.endpoints.c.model_uid == found.uid) if found else []
        return min(rows, key=by_age).id if rows else None

    async def _create_gateway(self, step: Step) -> None:
        gateway = await self._nouns.gateways.create(AUTHOR, GatewayCreate(name=step.name, **_given(step)))
        await self._own(step, gateway.id)

    async def _update_gateway(self, step: Step) -> None:
        await self._nouns.gateways.patch(AUTHOR, step.id, GatewayPatch(**_given(step)))

    async def _delete_gateway(self, step: Step) -> None:
        await self._nouns.gateways.delete(AUTHOR, step.id)

    async def _adopt_key(self, step: Step) -> None:
        await self._own(step, step.id)
        self._nouns.change.record(taken(step))

    async def _update_key(self, step: Step) -> None:
        """Write limits; every process reads its keys anew."""
        await self._nouns.change.change_keys()
        row = await key_store.find(self._conn, step.id)
        assert row is not None
        values = _given(step)
        if "models" in values:
            values["limited"] = bool(values["models"])
        after = replace(row, rev=row.rev + 1, updated_at=self._now_ms, **values)
        await key_store.save(self._conn, after)
        self._nouns.change.record(key_event("change", row, after))

    async def _release_key(self, step: Step) -> None:
        """Leave the key with the limits that it has: the file never made it and does not end it."""
        await set_owner(self._conn, schema.keys, step.id, by=None, at=None)
        self._nouns.change.record(taken(step))


async def note_moves(conn: AsyncConnection, moves: Sequence[Move]) -> None:
    """Note the lines where declarations stand now."""
    for kind, table in _TABLES.items():
        await set_places(conn, table, {move.id: move.at for move in moves if move.kind == kind})


def _given(step: Step) -> dict[str, Any]:
    return dict(step.values)
