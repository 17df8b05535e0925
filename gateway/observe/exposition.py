"""Prometheus' text form of numbers that were copied, with those that the library reads of the process itself."""

from collections.abc import Iterable

from prometheus_client import GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

CONTENT_TYPE = CONTENT_TYPE_LATEST

_PROCESS = CollectorRegistry(auto_describe=False)
for _kind in (ProcessCollector, PlatformCollector, GCCollector):
    _kind(registry=_PROCESS)


class _Frozen(Collector):
    """Numbers that were copied before."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def write(frozen: list[Metric]) -> bytes:
    """Return the text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Frozen(frozen))
    return generate_latest(registry) + generate_latest(_PROCESS)
