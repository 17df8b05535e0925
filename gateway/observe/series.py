"""Counters and histograms whose hot path is a dict look-up and an addition; prometheus-client only writes them out.

Written by hand because the library's cached children cost 1-3 us each (a lock and a mutex-protected float) and a
call touches half a dozen. All writing happens on the event loop, so no lock is needed; `freeze` copies the numbers
there, and the text is made of the copy in a thread.

Label values are bounded: beyond `cap` distinct values of one label a new one is counted as `other`, so that neither
a caller nor a registry of thousands of models can grow the process or the scrape.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:  # 20 ms of a start otherwise; Metrics.exposition loads it in a thread before it asks for copies
    from prometheus_client.core import Metric

OTHER = "other"
DEFAULT_CAP = 100
"""Distinct values of one label. Three labels of realistic use stay in the hundreds of lines."""

Labels = tuple[str, ...]


class _Bounds(Struct):
    """Which label values are let through."""

    cap: int
    seen: tuple[set[str], ...]

    def admit(self, labels: Labels) -> Labels:
        """Return the labels with every value beyond the cap replaced."""
        return tuple(self._admit_one(known, value) for known, value in zip(self.seen, labels, strict=True))

    def _admit_one(self, known: set[str], value: str) -> str:
        if value in known:
            return value
        if len(known) >= self.cap:
            return OTHER
        known.add(value)
        return value


class Counter:
    """A number that only grows, per combination of labels."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str] = (), *, cap: int = DEFAULT_CAP) -> None:
        self.name = name
        self._documentation = documentation
        self._names = tuple(labels)
        self._values: dict[Labels, float] = {}
        self._bounds = _Bounds(cap, tuple(set() for _ in self._names))
        if not self._names:
            self._values[()] = 0.0

    def add(self, labels: Labels = (), amount: float = 1.0) -> None:
        """Add to the number of these label values, given in the order of the label names."""
        try:
            self._values[labels] += amount
        except KeyError:
            admitted = self._bounds.admit(labels)
            self._values[admitted] = self._values.get(admitted, 0.0) + amount

    def value(self, labels: Labels = ()) -> float:
        """Return the number so far."""
        return self._values.get(labels, 0.0)

    def freeze(self) -> "Metric":
        """Return a copy for writing out."""
        from prometheus_client.core import CounterMetricFamily  # see above

        family = CounterMetricFamily(self.name, self._documentation, labels=self._names)
        for labels, value in self._values.items():
            family.add_metric(labels, value)
        return family


class _Spread(Struct):
    """How often each bucket was met, with the overflow last, and the sum of the values."""

    counts: list[int]
    total: float = field(default=0.0)


class Histogram:
    """How values spread over a few buckets, per combination of labels. Bounds are upper and inclusive."""

    def __init__(
        self,
        name: str,
        documentation: str,
        labels: Sequence[str] = (),
        *,
        buckets: Sequence[float],
        cap: int = DEFAULT_CAP,
    ) -> None:
        self.name = name
        self._documentation = documentation
        self._names = tuple(labels)
        self._buckets = tuple(buckets)
        self._spreads: dict[Labels, _Spread] = {}
        self._bounds = _Bounds(cap, tuple(set() for _ in self._names))

    def observe(self, labels: Labels, value: float) -> None:
        """Count one value."""
        spread = self._spreads.get(labels)
        if spread is None:
            admitted = self._bounds.admit(labels)
            spread = self._spreads.setdefault(admitted, _Spread([0] * (len(self._buckets) + 1)))
        spread.counts[bisect_left(self._buckets, value)] += 1
        spread.total += value

    def count(self, labels: Labels = ()) -> int:
        """Return how many values were counted."""
        spread = self._spreads.get(labels)
        return sum(spread.counts) if spread else 0

    def freeze(self) -> "Metric":
        """Return a copy for writing out, with cumulative buckets."""
        from prometheus_client.core import HistogramMetricFamily  # see above

        family = HistogramMetricFamily(self.name, self._documentation, labels=self._names)
        for labels, spread in self._spreads.items():
            running, rows = 0, []
            for bound, count in zip((*map(str, self._buckets), "+Inf"), spread.counts, strict=True):
                running += count
                rows.append((bound, float(running)))
            family.add_metric(labels, rows, sum_value=spread.total)
        return family


class Gauge:
    """A number that goes up and down."""

    def __init__(self, name: str, documentation: str) -> None:
        self.name = name
        self._documentation = documentation
        self.value = 0.0

    def freeze(self) -> "Metric":
        """Return a copy for writing out."""
        from prometheus_client.core import GaugeMetricFamily  # see above

        return GaugeMetricFamily(self.name, self._documentation, value=self.value)
