"""Which numbers a process shows on `/metrics`. Their names are stable: dashboards and alerts stand on them.

One `Metrics` per process, made by app. Labels never hold a team's or a caller's own words except a model's name,
which is capped (series.py).
"""

import asyncio
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Literal

import msgspec
from aiohttp import web

from gateway.observe.series import Counter, Gauge, Histogram

if TYPE_CHECKING:  # loaded at the first scrape: see series.py
    from prometheus_client.core import Metric

StreamEnd = Literal["complete", "incomplete", "broken", "cancelled"]
TokenKind = Literal["input", "output", "cached", "reasoning"]
_TOKEN_KINDS: tuple[TokenKind, ...] = ("input", "output", "cached", "reasoning")

_FIRST_BYTE_S = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)
"""From an embedding to the head of a long plain answer; few, because each is a line per operation."""
_OVERHEAD_S = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25)
"""What we add: the budget is 0.5 ms of a plain call, anything above 50 ms is a stall."""
_STATUS_CLASSES = {hundred: f"{hundred}xx" for hundred in range(1, 6)}
_MODEL_CAP = 200


class FinishedCall(msgspec.Struct, gc=False):
    """What is counted of one call to the data plane. Times are seconds, None where the call did not get so far.

    A msgspec Struct: one is made per call, and a dataclass takes 1 us longer.
    """

    operation: str
    status: int
    outcome: str
    error_code: str | None = None
    first_byte_s: float | None = None
    overhead_s: float | None = None
    stream_end: StreamEnd | None = None
    model: str | None = None
    tokens: tuple[int | None, int | None, int | None, int | None] = (None, None, None, None)
    """Input, output, cached, reasoning; None where the upstream said nothing."""


class Metrics:
    """Every series of this process, and the text of them."""

    def __init__(self, *, version: str = "") -> None:
        self.requests = Counter(
            "modelport_requests", "Calls of the data plane.", ("operation", "status", "outcome"), cap=40
        )
        self.errors = Counter("modelport_errors", "Errors answered, by code.", ("code",))
        self.first_byte = Histogram(
            "modelport_time_to_first_byte_seconds",
            "From a call's arrival to the first byte of the answer.",
            ("operation",),
            buckets=_FIRST_BYTE_S,
            cap=40,
        )
        self.tokens = Counter("modelport_tokens", "Tokens as upstreams count them.", ("model", "kind"), cap=_MODEL_CAP)
        self.streams = Counter("modelport_streams", "Streams by how they ended.", ("end",))
        self.overhead = Histogram(
            "modelport_overhead_seconds",
            "Time that the gateway itself added to a call.",
            ("operation",),
            buckets=_OVERHEAD_S,
            cap=40,
        )
        self.in_flight = Gauge("modelport_requests_in_flight", "Calls running now.")
        self.log_lines_lost = Counter("modelport_log_lines_lost", "Request lines that found the queue full.")
        self.key_refusals = Counter("modelport_key_refusals", "Refused credentials by reason.", ("reason",))
        self._others: list[Counter | Histogram | Gauge] = []
        self._readings: list[tuple[Literal["gauge", "counter"], str, str, Callable[[], float]]] = []
        self._version = version

    def call_finished(self, call: FinishedCall) -> None:
        """Count one call of the data plane, whatever became of it."""
        operation = call.operation
        self.requests.add((operation, _STATUS_CLASSES.get(call.status // 100, "other"), call.outcome))
        if call.error_code is not None:
            self.errors.add((call.error_code,))
        if call.first_byte_s is not None:
            self.first_byte.observe((operation,), call.first_byte_s)
        if call.overhead_s is not None:
            self.overhead.observe((operation,), call.overhead_s)
        if call.stream_end is not None:
            self.streams.add((call.stream_end,))
        if call.model is not None:
            for kind, amount in zip(_TOKEN_KINDS, call.tokens, strict=True):
                if amount:
                    self.tokens.add((call.model, kind), amount)

    def error(self, code: str) -> None:
        """Count an error that was answered outside the data plane."""
        self.errors.add((code,))

    def add(self, series: Counter | Histogram | Gauge) -> None:
        """Show a series that somebody else keeps."""
        self._others.append(series)

    def read_at_scrape(self, name: str, documentation: str, reading: Callable[[], float]) -> None:
        """Show a gauge whose number is asked for at each scrape, on the event loop."""
        self._readings.append(("gauge", name, documentation, reading))

    def count_at_scrape(self, name: str, documentation: str, reading: Callable[[], float]) -> None:
        """Show a counter that somebody else keeps, such as the rows that a queue lost."""
        self._readings.append(("counter", name, documentation, reading))

    async def exposition(self) -> tuple[bytes, str]:
        """Return the text for a scrape and its type: copied here, written in a thread (113 ms for 300 models)."""
        text = await asyncio.to_thread(import_module, "gateway.observe.exposition")
        return await asyncio.to_thread(text.write, list(self._freeze())), text.CONTENT_TYPE

    def _freeze(self) -> "Iterable[Metric]":
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily  # see above

        for series in vars(self).values():
            if isinstance(series, Counter | Histogram | Gauge):
                yield series.freeze()
        for other in self._others:
            yield other.freeze()
        for kind, name, documentation, reading in self._readings:
            family = GaugeMetricFamily if kind == "gauge" else CounterMetricFamily
            yield family(name, documentation, value=reading())
        build = GaugeMetricFamily("modelport_build_info", "Which version runs.", labels=["version"])
        build.add_metric([self._version], 1.0)
        yield build


async def metrics_response(metrics: Metrics) -> web.Response:
    """Return the answer to a scrape."""
    text, kind = await metrics.exposition()
    return web.Response(body=text, headers={"Content-Type": kind})
