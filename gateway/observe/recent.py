"""The last troubles of this process, kept in memory for whoever looks for the cause: `GET /api/v1/errors`.

Bounded, and gone with the process. What stands here stood in the log: neutral, masked, no prompt and no key.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from threading import Lock
from typing import Any, NamedTuple

from structlog.typing import EventDict, WrappedLogger

from gateway.observe.access_log import RequestLine, plain_text
from gateway.observe.masking import mask

CAPACITY = 100
"""Events: what a person reads, some 100 kB with traces."""
_LONGEST = 4096
"""Characters of one value: a trace's end tells more than its beginning."""
_LEVELS = frozenset({"warning", "error", "critical"})
_SERVER_ERROR = 500
_LINE = ("method", "path", "status", "error_code", "model", "operation", "endpoint_id", "attempts", "request_id")


class Trouble(NamedTuple):
    """One event: a warning or error of the log, or a call that ended with 5xx."""

    at: str
    level: str
    event: str
    details: Mapping[str, Any]


class RecentTroubles:
    """The ring. Written by the log's processors and by the thread that writes request lines."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._kept: deque[Trouble] = deque(maxlen=capacity)
        self._lock = Lock()

    def keep(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Be a processor of structlog: keep the event when it is a warning or worse, and pass it on."""
        del logger, method
        level = str(event.get("level"))
        if level in _LEVELS:
            values = {
                name: _short(value) for name, value in event.items() if name not in {"event", "level", "timestamp"}
            }
            self._add(Trouble(str(event.get("timestamp", "")), level, mask(str(event.get("event", ""))), values))
        return event

    def keep_calls(self, lines: Iterable[RequestLine]) -> None:
        """Keep the calls that ended with 5xx."""
        for line in lines:
            if line.status >= _SERVER_ERROR:
                at = datetime.fromtimestamp(line.at_ms / 1000, UTC).isoformat(timespec="milliseconds")
                values = {name: value for name in _LINE if (value := getattr(line, name)) is not None}
                shown = {name: plain_text(value) if isinstance(value, str) else value for name, value in values.items()}
                self._add(Trouble(at.replace("+00:00", "Z"), "error", "request", shown))

    def newest_first(self) -> list[Trouble]:
        """Return what is kept."""
        with self._lock:
            return list(reversed(self._kept))

    def _add(self, trouble: Trouble) -> None:
        with self._lock:
            self._kept.append(trouble)


def _short(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = mask(str(value))
    return text if len(text) <= _LONGEST else f"…{text[-_LONGEST:]}"
