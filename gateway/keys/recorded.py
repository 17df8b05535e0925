"""What a change of a key leaves on the record: what it may do, never its text or a hash of it (KEY-4). Pure."""

from typing import Any

from gateway.audit.event import Event
from gateway.keys.model import KeyRecord

_SHOWN = (
    "key_id",
    "env",
    "name",
    "team",
    "role",
    "models",
    "limited",
    "cidrs",
    "region",
    "expires_at",
    "revoked_at",
    "previous_valid_until",
    "created_by",
    "managed_by",
    "managed_at",
)


def key_event(
    verb: str,
    before: KeyRecord | None,
    after: KeyRecord | None,
    *,
    reason: str | None = None,
    ended: tuple[KeyRecord, ...] = (),
) -> Event:
    """Return the event of a key that was made, changed or ended; `ended` are keys that ended with it."""
    record = after or before
    assert record is not None
    return Event(
        f"key.{verb}",
        "key",
        record.id,
        record.name,
        record.team,
        rev_before=before.rev if before else None,
        rev_after=after.rev if after else None,
        before=_values(before),
        after=_values(after),
        effects=tuple({"kind": "key", "id": one.id, "name": one.name, "effect": "revoked"} for one in ended),
        reason=reason,
    )


def _values(record: KeyRecord | None) -> dict[str, Any] | None:
    return None if record is None else {name: getattr(record, name) for name in _SHOWN}
