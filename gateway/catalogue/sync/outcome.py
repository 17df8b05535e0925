"""What a look came to, and what is told of a list that was taken."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Literal, NamedTuple, TypeAlias

from msgspec import Struct

from gateway.catalogue.store.change import Change
from gateway.errors import GatewayError


class Outcome(Struct, frozen=True):
    """One look."""

    kind: Literal["taken", "current", "held", "failed", "waiting", "elsewhere"]
    """waiting: the hub is left alone for now. elsewhere: another process looks."""
    change: Change | None = None
    error: GatewayError | None = None


class Event(Struct, frozen=True):
    """Another list is in use. A listener goes by the list, not by this alone: a kill may come in between."""

    start: int | None
    to: int
    added: int
    changed: int
    removed: tuple[str, ...]
    """Ids that are gone: what was made of them is an orphan now (CAT-10)."""


Listener: TypeAlias = Callable[[Event], Awaitable[None]]
Suppressed: TypeAlias = Callable[[], Awaitable[Iterable[str]]]
"""Returns the ids that nobody wants to see, as they are decided now."""
Pinned: TypeAlias = Callable[[], Awaitable[Iterable[tuple[str, bytes, int, str]]]]
"""Returns what is shown as it was: id, that form, when (unix milliseconds), by whom."""


class Bundle(NamedTuple):
    """The list that comes with the program (L0)."""

    serial: int
    state_sha256: str
    signed_at_ms: int | None
    lines: Callable[[], Iterable[bytes]]
