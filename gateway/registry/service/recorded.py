"""What a change of the registry leaves on the record: the row as it was and as it is. Pure.

Rows hold no secrets: a stored key is named by the id that the vault gave it, a reference stands as it was written.
"""

from collections.abc import Mapping
from typing import Any

from gateway.audit.event import Event
from gateway.registry.record import AliasRecord, EndpointRecord, GatewayRecord, ModelRecord, TeamRecord

AnyRecord = TeamRecord | GatewayRecord | ModelRecord | EndpointRecord | AliasRecord
_KINDS: Mapping[type[AnyRecord], str] = {
    TeamRecord: "team",
    GatewayRecord: "gateway",
    ModelRecord: "model",
    EndpointRecord: "endpoint",
    AliasRecord: "alias",
}
_APART = ("rev", "created_at", "updated_at")
"""Columns that change with every write and tell nothing."""


def made(record: AnyRecord, *, team: str | None, **more: object) -> Event:
    """Return the event of a new row; `more` is what else belongs to the object."""
    return _event("create", record, team, rev_after=record.rev, after=values_of(record, more))


def changed(  # noqa: PLR0913 - keyword-only where it matters
    before: AnyRecord,
    after: AnyRecord,
    *,
    team: str | None,
    verb: str = "change",
    more_before: Mapping[str, object] | None = None,
    more_after: Mapping[str, object] | None = None,
    reason: str | None = None,
) -> Event:
    """Return the event of a row that was written anew; `verb` where it is more than a change."""
    return _event(
        verb,
        after,
        team,
        rev_before=before.rev,
        rev_after=after.rev,
        before=values_of(before, more_before),
        after=values_of(after, more_after),
        reason=reason,
    )


def removed(record: AnyRecord, *, team: str | None, effects: tuple[Mapping[str, Any], ...] = ()) -> Event:
    """Return the event of a row that is gone; `effects` are the rows that went with it."""
    return _event("delete", record, team, rev_before=record.rev, before=values_of(record), effects=effects)


def effect(kind: str, key: str, name: str, what: str = "deleted") -> Mapping[str, Any]:
    """Return how a further row that was touched stands in the record."""
    return {"kind": kind, "id": key, "name": name, "effect": what}


def values_of(record: AnyRecord, more: Mapping[str, object] | None = None) -> dict[str, Any]:
    """Return what a row says, as JSON."""
    values = {name: value for name, value in record._asdict().items() if name not in _APART}
    return values | dict(more or {})


def _event(verb: str, record: AnyRecord, team: str | None, **values: Any) -> Event:
    kind = _KINDS[type(record)]
    key = record.uid if isinstance(record, ModelRecord) else record.id
    name = record.base_url if isinstance(record, EndpointRecord) else record.name
    return Event(f"{kind}.{verb}", kind, key, name, team, **values)
