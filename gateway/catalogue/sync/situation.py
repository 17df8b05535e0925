"""What is remembered from one look to the next, in the list's own file, so that every process knows it. Pure.

Times are unix milliseconds.
"""

from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

State: TypeAlias = Literal[
    "fresh",
    "bundled",
    "syncing",
    "stale",
    "untrusted",
    "expired",
    "clock_skew",
    "outdated-client",
    "held",
    "disk-full",
    "rebuilding",
]
"""What a status shows (catalogue.md section 7)."""


class Failure(Struct, frozen=True):
    """Why the last look brought nothing, and since when that is so."""

    state: State
    kind: str
    message: str
    at_ms: int
    since_ms: int
    hint: str | None = None


class Waiting(Struct, frozen=True):
    """A list that is held."""

    serial: int
    removed: int
    limit: int
    at_ms: int


class Accepted(Struct, frozen=True):
    """A held list that somebody wants."""

    serial: int
    removed: int
    by: str
    at_ms: int


class Situation(Struct, frozen=True):
    """All of it."""

    looked_at_ms: int = 0
    """The last look, whatever came of it; of two situations the later one counts."""
    checked_at_ms: int | None = None
    """When the hub was last believed."""
    hub: str = ""
    failure: Failure | None = None
    failures: int = 0
    """In a row."""
    captive: int = 0
    """Answers of somebody in between, in a row: an alarm from the third."""
    held: Waiting | None = None
    accepted: Accepted | None = None
    not_before_ms: int = 0
    """The hub wants, or the breaker gives it, rest until then."""
    asked_to_wait: bool = False
    """It was the hub that asked for it."""
    clock_behind_ms: int = 0
    received: int = 0
    """Bytes of the last look."""


def read_situation(text: str | None) -> Situation:
    """Return what was written; nothing where that cannot be read."""
    try:
        return msgspec.json.decode(text or "", type=Situation)
    except msgspec.DecodeError:
        return Situation()


def write_situation(situation: Situation) -> str:
    """Return it as text."""
    return msgspec.json.encode(situation).decode()
