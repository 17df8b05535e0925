"""The catalogue on `/metrics`: how old it is, which list, and what became of the last look at its hub."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from gateway.catalogue.metrics import StateGauge
from gateway.catalogue.service import Opened
from gateway.observe.metrics import Metrics

if TYPE_CHECKING:
    from gateway.catalogue.sync.once import Sync

Look: TypeAlias = Callable[[], Opened | None]
"""Returns the catalogue's files, None while they are closed."""


def show_numbers(metrics: Metrics, opened: Look) -> None:
    """Show the catalogue's numbers from now on."""
    metrics.add(StateGauge(partial(_state, opened)))
    for name, text, reading in _READINGS:
        metrics.read_at_scrape(name, text, partial(_read, opened, reading))


def _state(opened: Look) -> tuple[str, str]:
    files = opened()
    if files is None or files.sync is None:
        return ("closed" if files is None else "static"), ""
    situation = files.sync.memory.situation
    return files.sync.status().state, "" if situation.failure is None else situation.failure.kind


def _read(opened: Look, reading: Callable[["Sync"], float]) -> float:
    files = opened()
    return 0.0 if files is None or files.sync is None else reading(files.sync)


_READINGS: Final[Sequence[tuple[str, str, Callable[["Sync"], float]]]] = (
    (
        "modelport_catalogue_age_seconds",
        "Seconds since the catalogue's hub was believed.",
        lambda sync: sync.status().age_s or 0,
    ),
    ("modelport_catalogue_serial", "The catalogue that is in use.", lambda sync: sync.status().serial or 0),
    (
        "modelport_catalogue_failures",
        "Looks at the hub that failed, in a row.",
        lambda sync: sync.memory.situation.failures,
    ),
    (
        "modelport_catalogue_received_bytes",
        "Bytes of the last look at the hub.",
        lambda sync: sync.memory.situation.received,
    ),
)
