"""What came from the catalogue and was deleted is not offered to its team again (LIF-5), until it is restored.

The catalogue reads these rows; here they are written, in the transaction of the deletion, and taken back in the
restore's. While another model of the team comes from the same entry, that stays on offer.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

from sqlalchemy import and_, delete, exists, insert, select

from gateway.api.acting import acting
from gateway.lifecycle.reference_queries import Kind
from gateway.lifecycle.references import Reference
from gateway.lifecycle.states import State
from gateway.registry.record import ModelRecord, TeamRecord
from gateway.registry.service.change import Change
from gateway.registry.store.entity import AT_ONCE
from gateway.storage.connection import AsyncConnection
from gateway.storage.schema import catalogue_suppressions, models

ENTRY: Final = cast("Kind", "catalogue_entry")
"""The kind of what a model came from: it does not point at the model, so it is in no list of references."""
_LEAVING: Final = (str(State.DRAINING), str(State.DELETED))


def origin_of(model: ModelRecord, team: TeamRecord) -> list[Reference]:
    """Return the entry that the model came from as something that its deletion changes; nothing without one."""
    if model.catalogue_id is None:
        return []
    row = {"entry_id": model.catalogue_id, "team": team.name, "model_uid": model.uid}
    return [Reference(ENTRY, model.catalogue_id, model.catalogue_id, row=row)]


async def suppress(change: Change, found: Sequence[Reference]) -> None:
    """Take the entries out of their teams' lists; the models' states are leaving ones already."""
    rows = {(str(one.row["entry_id"]), str(one.row["team"])): dict(one.row) for one in found if one.row}
    for start in range(0, len(rows), AT_ONCE):
        some = dict(list(rows.items())[start : start + AT_ONCE])
        there = await _there(change.conn, [entry for entry, _ in some])
        living = await _living(change.conn, [str(row["model_uid"]) for row in some.values()])
        new = [row for key, row in some.items() if key not in there and str(row["model_uid"]) not in living]
        who = acting()
        stamps = {"reason": who.reason or "", "by": who.id or who.name or who.type, "at": change.now_ms, "until": None}
        if new:
            await change.conn.execute(insert(catalogue_suppressions), [{**row, **stamps} for row in new])


async def offer_again(change: Change, model: ModelRecord) -> bool:
    """Undo what the model's deletion took out of its team's list, and return whether that was something."""
    row = catalogue_suppressions.c
    gone = await change.conn.execute(delete(catalogue_suppressions).where(row.model_uid == model.uid))
    return gone.rowcount > 0


async def _there(conn: AsyncConnection, entry_ids: Iterable[str]) -> set[tuple[str, str]]:
    row = catalogue_suppressions.c
    query = select(row.entry_id, row.team).where(row.entry_id.in_(list(entry_ids)))
    return {(found.entry_id, found.team) for found in await conn.execute(query)}


async def _living(conn: AsyncConnection, uids: Sequence[str]) -> set[Any]:
    """Return those of the models beside which the team has another one from the same entry."""
    other = models.alias()
    beside = exists().where(
        and_(
            other.c.team_id == models.c.team_id,
            other.c.catalogue_id == models.c.catalogue_id,
            other.c.uid != models.c.uid,
            other.c.state.not_in(_LEAVING),
        )
    )
    return set((await conn.execute(select(models.c.uid).where(models.c.uid.in_(uids), beside))).scalars())
