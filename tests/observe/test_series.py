"""Counters and histograms by hand: right numbers, bounded labels."""

from prometheus_client.core import Metric

from gateway.observe.series import OTHER, Counter, Gauge, Histogram


def samples(metric: Metric) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return a metric's samples by name and label values."""
    return {(sample.name, tuple(sample.labels.values())): sample.value for sample in metric.samples}


def test_a_counter_counts_by_labels() -> None:
    """Every combination by itself; amounts add up."""
    counter = Counter("calls", "Calls.", ("operation", "status"))
    counter.add(("chat", "2xx"))
    counter.add(("chat", "2xx"), 2)
    counter.add(("chat", "5xx"))
    assert samples(counter.freeze()) == {("calls_total", ("chat", "2xx")): 3, ("calls_total", ("chat", "5xx")): 1}


def test_a_counter_without_labels_begins_at_zero() -> None:
    """A rate over something that never happened is 0, not absent."""
    assert samples(Counter("lost", "Lost.").freeze()) == {("lost_total", ()): 0}


def test_labels_are_bounded() -> None:
    """CMP-1: whatever callers send, a process has at most cap values of each label, and `other`."""
    counter = Counter("tokens", "Tokens.", ("model", "kind"), cap=3)
    for number in range(1000):
        counter.add((f"model {number}", "input" if number % 2 else "output"))
    values = samples(counter.freeze())
    assert len({labels[0] for _, labels in values}) == 4
    assert sum(values.values()) == 1000
    assert values["tokens_total", (OTHER, "input")] + values["tokens_total", (OTHER, "output")] == 997


def test_known_labels_go_on_beside_other() -> None:
    """Reaching the cap does not take away what was there."""
    counter = Counter("errors", "Errors.", ("code",), cap=1)
    for code in ("a", "b", "a", "c", "a"):
        counter.add((code,))
    assert (counter.value(("a",)), counter.value((OTHER,))) == (3, 2)


def test_a_histogram_has_cumulative_buckets_with_inclusive_bounds() -> None:
    """As Prometheus wants them."""
    histogram = Histogram("wait", "Wait.", ("operation",), buckets=(0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 1.0, 7.0):
        histogram.observe(("chat",), value)
    values = samples(histogram.freeze())
    assert [values["wait_bucket", ("chat", bound)] for bound in ("0.1", "1.0", "+Inf")] == [2, 4, 5]
    assert (values["wait_count", ("chat",)], histogram.count(("chat",))) == (5, 5)
    assert round(values["wait_sum", ("chat",)], 6) == 8.65


def test_a_histogram_is_bounded_too() -> None:
    """Ten buckets each: an unbounded label costs ten times as much here."""
    histogram = Histogram("wait", "Wait.", ("operation",), buckets=(1.0,), cap=2)
    for number in range(100):
        histogram.observe((f"operation {number}",), 0.5)
    assert (histogram.count((OTHER,)), len(histogram.freeze().samples)) == (98, 3 * 4)


def test_a_frozen_metric_does_not_move() -> None:
    """The text is written in a thread while counting goes on."""
    counter, gauge = Counter("calls", "Calls."), Gauge("running", "Running.")
    frozen = [counter.freeze(), gauge.freeze()]
    counter.add()
    gauge.value += 1
    assert [list(samples(one).values()) for one in frozen] == [[0], [0]]
