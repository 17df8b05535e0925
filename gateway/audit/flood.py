"""Refusals that come too often: the first is written, the others are counted for a minute (LIF-24). Pure."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from gateway.api.acting import Acting
from gateway.audit.event import Event

WINDOW_S = 60.0
_MOST = 10_000
"""Kinds of refusals that are counted apart; beyond it the oldest counts are written early."""
_Kind = tuple[str | None, ...]


class _Window(Struct):
    """What was refused since `began`, and by how many more than the one that was written."""

    event: Event
    who: Acting
    began: float
    more: int = 0


class Flood:
    """Counts refusals by who was refused what. Times are seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self._windows: dict[_Kind, _Window] = {}

    def pass_(self, event: Event, who: Acting, now: float) -> Event | None:
        """Return what is to be written now: the refusal, with what was counted before; None while it is counted."""
        kind = _kind(event, who)
        window = self._windows.get(kind)
        if window is not None and now - window.began < WINDOW_S:
            window.more += 1
            window.event, window.who = event, who
            return None
        self._windows.pop(kind, None)  # so that the order is that of the beginnings
        self._windows[kind] = _Window(event, who, now)
        return event if window is None else replace(event, repeated=window.more)

    def over(self, now: float, *, everything: bool = False) -> Iterator[tuple[Event, Acting]]:
        """Yield what was counted in windows that are over, and forget them."""
        for kind, window in list(self._windows.items()):
            if not everything and len(self._windows) <= _MOST and now - window.began < WINDOW_S:
                return
            del self._windows[kind]
            if window.more:
                yield replace(window.event, repeated=window.more), window.who


def _kind(event: Event, who: Acting) -> _Kind:
    """Denials are one for each actor and action; conflicts are about an object, so each object counts apart."""
    return who.type, who.id, event.action, event.outcome, event.uid if event.outcome == "conflict" else None
