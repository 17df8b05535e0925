"""What a configuration file no longer declares leaves like everything else, and comes back when it is declared again.

Inside the transaction of the whole file, in the name of its lines. References block as with `restrict`; entries of keys
that the file itself limits stay words, for the file says them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from gateway.api.managed import FILE
from gateway.errors import GatewayError
from gateway.lifecycle.impact import Watch
from gateway.lifecycle.restore import bring_back, gone_columns
from gateway.lifecycle.retire import DRAIN
from gateway.lifecycle.rules import Operations, Rules
from gateway.lifecycle.states import Event, State, follow
from gateway.lifecycle.together import Gone, Terms, judge_together, leave_together
from gateway.registry.record import ModelRecord
from gateway.registry.service.change import Change
from gateway.registry.service.recorded import changed
from gateway.registry.store import fallbacks, grants
from gateway.registry.store.entity import AT_ONCE
from gateway.registry.store.tables import MODELS, TEAMS
from gateway.storage.schema import models, retired_references


class Withdrawal:
    """Deletes and restores declared models."""

    def __init__(self, *, watch: Watch, rules: Callable[[], Rules], operations: Operations) -> None:
        self._watch = watch
        self._rules = rules
        self._operations = operations

    async def leave(self, change: Change, uids: Sequence[str]) -> Mapping[str, GatewayError]:
        """Delete these models, calls under way within the usual grace; return why not, by uid: then none is deleted."""
        rules, conn = self._rules(), change.conn
        await grants.hold(conn)
        await grants.unlink_declared(conn, uids)
        records = await MODELS.all(conn, models.c.uid.in_(uids))
        terms = Terms(by=FILE)
        running = await self._watch.survey(conn, now_ms=change.now_ms)
        judged = await judge_together(conn, records, terms, running, now_ms=change.now_ms)
        if judged.refused:
            for error in judged.refused.values():
                if error.code == "model_referenced":
                    error.hint = "change or delete these first"  # a file has no other way
            return judged.refused
        for gone in await leave_together(change, judged, rules.grace_s, purge_days=rules.purge_days):
            if gone.drains:
                await self._drain(change, gone, rules.grace_s)
        return {}

    async def back(self, change: Change, records: Sequence[ModelRecord]) -> None:
        """Restore models with their uids, endpoints and the grants that hung on them, without fallbacks of their own.

        Those that nothing pointed at are written together.
        """
        conn, uids = change.conn, [record.uid for record in records]
        await grants.hold(conn)
        kept = set[str]()
        for start in range(0, len(uids), AT_ONCE):
            own = retired_references.c.model_uid.in_(uids[start : start + AT_ONCE])
            kept |= set((await conn.execute(select(retired_references.c.model_uid).where(own).distinct())).scalars())
        for record in records:
            if record.uid in kept:
                await bring_back(change, record, _columns(record), "undelete")
        await self._back_together(change, [record for record in records if record.uid not in kept])
        await fallbacks.replace(conn, dict.fromkeys(kept, ()))

    async def _back_together(self, change: Change, records: Sequence[ModelRecord]) -> None:
        teams = {team.id: team.name for team in await TEAMS.all(change.conn)}
        columns = {record.uid: {**_columns(record), **gone_columns(record)} for record in records}
        await MODELS.update_all(change.conn, columns, now_ms=change.now_ms)
        names: dict[str, dict[str, str]] = {}
        for record in records:
            names.setdefault(record.team_id, {})[record.name] = record.uid
            after = record._replace(rev=record.rev + 1, **columns[record.uid])
            change.record(changed(record, after, team=teams[record.team_id], verb="undelete"))
        for team_id, uids in names.items():
            await grants.link(change.conn, team_id, uids)

    async def _drain(self, change: Change, gone: Gone, grace_s: float) -> None:
        await self._operations.create(
            change.conn,
            DRAIN,
            target=gone.model.uid,
            target_name=gone.model.name,
            team=gone.case.team.name,
            parameters={"grace_s": grace_s},
            due_at=change.now_ms + int(grace_s * 1000),
            total=1,
        )


def _columns(record: ModelRecord) -> dict[str, Any]:
    return follow(record, Event.CANCEL if record.state == State.DRAINING else Event.REVIVE)
