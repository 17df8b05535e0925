"""What trial calls cost, booked apart: as `preflight`, to no team and no key (preflight.md section 10).

One row of usage and one line of the log for each call that was sent.
"""

import logging
from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct
from yarl import URL

from gateway.preflight.asking import Failed, Told
from gateway.registry.registry import Registry
from gateway.storage.clock import Clock
from gateway.usage.model import PREFLIGHT, Source, UsageRecord

_NOT_SENT: Final = frozenset(
    {"dns", "refused", "connect_timeout", "no_route", "egress_denied", "certificate", "tls", "use_http"}
)
_REFUSED, _BROKEN, _TOO_LATE = 400, 502, 504
_OPERATIONS: Final = {
    "chat": "chat.completions",
    "images": "images.generations",
    "audio": "audio.speech",
}
"""By task, as the data plane calls the operation."""
_NUMBERS: Final = (
    ("prompt_tokens",), ("completion_tokens",),
    ("prompt_tokens_details", "cached_tokens"), ("completion_tokens_details", "reasoning_tokens"),
)  # fmt: skip
logger = logging.getLogger("modelport.preflight")


class Attempt(Struct, frozen=True):
    """A trial call that ended: where it went and what came of it; its body in bytes."""

    target: URL
    task: str
    told: Told | Failed
    took_ms: float
    sent: int


class Books:
    """Books attempts. `put` takes rows of usage."""

    def __init__(self, put: Callable[[UsageRecord], object], registry: Registry, clock: Clock) -> None:
        self._put = put
        self._registry = registry
        self._clock = clock

    def add(self, attempt: Attempt, *, who: str, model: str, endpoint: str | None) -> None:
        """Book a call for who asked for the check; `model` is the upstream's name, `endpoint` one that is there."""
        told = attempt.told
        if isinstance(told, Failed) and told.code in _NOT_SENT:
            return
        route = self._registry.snapshot.endpoint(endpoint) if endpoint is not None else None
        source, tokens = _counted(told)
        row = UsageRecord(
            at=self._clock.now_ms(),
            team="",
            key_id=PREFLIGHT,
            model_uid="" if route is None else route[0].uid,
            model=model if route is None else route[0].name,
            endpoint_id=endpoint,
            operation=_OPERATIONS.get(attempt.task, attempt.task),
            status=_status(told),
            outcome=PREFLIGHT,
            source=source,
            input_tokens=tokens[0],
            output_tokens=tokens[1],
            cached_tokens=tokens[2],
            reasoning_tokens=tokens[3],
            duration_ms=attempt.took_ms,
            ttfb_ms=told.first_ms if isinstance(told, Told) else None,
            bytes_in=attempt.sent,
            bytes_out=len(told.body) if isinstance(told, Told) else 0,
            request_id=PREFLIGHT,
        )
        self._put(row)
        spent = f"{(row.input_tokens or 0) + (row.output_tokens or 0)} tokens" if source == "exact" else source
        logger.info("a trial call for %s of %r at %s: %s, %s", who, model, attempt.target, row.status, spent)


def _status(told: Told | Failed) -> int:
    if isinstance(told, Told):
        return told.status
    return _TOO_LATE if told.code == "silent" else _BROKEN


def _counted(told: Told | Failed) -> tuple[Source, tuple[int | None, ...]]:
    """Return the tokens and how sure they are: a refusal costs nothing, an answer without numbers is unknown."""
    usage = told.data.get("usage") if isinstance(told, Told) and isinstance(told.data, dict) else None
    if isinstance(usage, dict) and isinstance(usage.get("prompt_tokens"), int):
        return "exact", tuple(_number(usage, path) for path in _NUMBERS)
    if isinstance(told, Told) and told.status >= _REFUSED:
        return "estimated", (0, 0, 0, 0)
    return "unknown", (None,) * len(_NUMBERS)


def _number(usage: Any, path: tuple[str, ...]) -> int | None:
    for name in path:
        usage = usage.get(name) if isinstance(usage, dict) else None
    return usage if isinstance(usage, int) and usage >= 0 else None
