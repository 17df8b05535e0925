"""How an event is written down: one canonical JSON text with everything that lifecycle.md section 10 lists. Pure.

Members are sorted and without blanks, so that the same record is the same text everywhere. The columns beside it
repeat parts to be searched; `columns_of` is the one place that says which.
"""

import hashlib
import os
from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.api.acting import Acting
from gateway.audit.event import Event, Values
from gateway.storage.clock import rfc3339

_encode = msgspec.json.Encoder(order="deterministic").encode  # made once: a third of what msgspec.json.encode takes

COLUMNS = ("at", "actor", "action", "outcome", "team", "target", "request_id")
"""Columns that repeat what the text says."""


def record_of(  # noqa: PLR0913 - keyword-only where it matters
    event: Event, who: Acting, *, seq: int, at_ms: int, key_id: str, previous: str
) -> dict[str, Any]:
    """Return the record of an event; `key_id` names the key that seals it, `previous` is the hash of the row before."""
    before, after = _differing(event.before, event.after)
    return {
        "seq": seq,
        "event_id": _uuid7(at_ms),
        "at": rfc3339(at_ms),
        "actor": {
            "type": who.type,
            "id": who.id,
            "key_id": who.id if who.type == "key" else None,
            "name": who.name,
            "team": who.team,
            "via": who.via,
            "peer": who.peer,
        },
        "request_id": who.request_id,
        "idempotency_key": who.idempotency_key,
        "operation_id": event.operation_id or who.operation_id,
        "action": event.action,
        "outcome": event.outcome,
        "status": event.status,
        "repeated": event.repeated,
        "target": {
            "kind": event.kind,
            "uid": event.uid,
            "name": event.name,
            "team": event.team,
            "rev_before": event.rev_before,
            "rev_after": event.rev_after,
        },
        "before": before,
        "after": after,
        "before_sha256": _digest(event.before),
        "after_sha256": _digest(event.after),
        "effects": list(event.effects),
        "reason": event.reason or who.reason,
        "sealed_with": key_id,
        "prev_hash": previous,
    }


def text_of(record: Mapping[str, Any]) -> str:
    """Return the text that the hash covers.

    >>> text_of({"b": 1, "a": "é"})
    '{"a":"é","b":1}'
    """
    return _encode(record).decode()


def key_id_of(text: str) -> str | None:
    """Return which key sealed a record; None when it is none."""
    try:
        return str(msgspec.json.decode(text)["sealed_with"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return None


def columns_of(record: Mapping[str, Any], at_ms: int) -> dict[str, Any]:
    """Return the searched columns of a record."""
    target = record["target"]
    return {
        "at": at_ms,
        "actor": actor_of(record["actor"]),
        "action": record["action"],
        "outcome": record["outcome"],
        "team": target["team"],
        "target": target["uid"],
        "request_id": record["request_id"],
    }


def actor_of(actor: Mapping[str, Any]) -> str:
    """Return what a record's actor is found by: a key's id, or `local`, `file`, `system`, `cli`."""
    found: str = actor["key_id"] or actor["type"]
    return found


def _differing(before: Values | None, after: Values | None) -> tuple[Values | None, Values | None]:
    """Return the members that a change changed; of what was made or removed all that say anything."""
    if before is None or after is None:
        return _said(before), _said(after)
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: before.get(name) for name in names}, {name: after.get(name) for name in names}


def _said(values: Values | None) -> Values | None:
    return None if values is None else {name: value for name, value in values.items() if value not in (None, "", ())}


def _digest(values: Values | None) -> str | None:
    """Return the SHA-256 of the whole object, so that a later one can be compared with it."""
    return None if values is None else hashlib.sha256(_encode(values)).hexdigest()


def _uuid7(at_ms: int) -> str:
    """Return an identifier whose beginning is the time (RFC 9562 section 5.7)."""
    chance = int.from_bytes(os.urandom(10))
    bits = at_ms << 80 | 0x7 << 76 | (chance >> 62 & 0xFFF) << 64 | 0b10 << 62 | chance & (1 << 62) - 1
    text = f"{bits:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
