"""Who signs what, and for how long (catalogue.md section 2)."""

from datetime import UTC, datetime, timedelta
from typing import Final

CATALOG: Final = "catalog"
"""Signs the list: its index, the snapshot, the newest deltas, rules and chunk lists."""
HISTORY: Final = "history"
"""Signs older deltas, with the same key: who follows the hub needs only the newest, and fetches no names of others."""
PUBLISHER: Final = "publisher"
"""Signs the entries of one namespace, with a key that is the publisher's own (see `namespace`)."""

LIFETIMES: Final = {
    "root": timedelta(days=365),
    "targets": timedelta(days=90),
    CATALOG: timedelta(days=30),
    HISTORY: timedelta(days=30),
    PUBLISHER: timedelta(days=30),
    "snapshot": timedelta(days=7),
    "timestamp": timedelta(hours=48),  # the time for which an old list may be passed off as the newest
}
ROTATABLE: Final = ("root", "targets", CATALOG, "snapshot", "timestamp")
ROOT_THRESHOLD: Final = 2

# TUF matches part by part: a star is one part of a path.
CATALOG_PATHS: Final = (
    "catalog/*",
    "catalog/delta/*",
    "recommend.json",
    "stats/*",
    *(f"artifacts/{'/'.join('*' * depth)}" for depth in range(1, 7)),
)
HISTORY_PATHS: Final = ("catalog/delta/*",)


def key_of(role: str) -> str:
    """Return the name of the key that signs a role's metadata; the root has several."""
    return CATALOG if role == HISTORY else role


def moment_of(at_ms: int) -> datetime:
    """Return a time as TUF takes it: to the second, in UTC."""
    return datetime.fromtimestamp(at_ms // 1000, UTC)


def expiry_of(role: str, at_ms: int) -> datetime:
    """Return until when what is signed now is valid."""
    return moment_of(at_ms) + LIFETIMES[role]


def is_due(role: str, expires: datetime, at_ms: int) -> bool:
    """Return whether less than half of its life is left, so that it is signed anew in passing."""
    return expires - moment_of(at_ms) < LIFETIMES[role] / 2
