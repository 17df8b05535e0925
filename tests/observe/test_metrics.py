"""What `/metrics` shows."""

import time

from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families
from pytest_aiohttp.plugin import AiohttpClient

from gateway.observe.metrics import FinishedCall, Metrics, metrics_response

Samples = dict[str, float]


async def shown(metrics: Metrics) -> Samples:
    """Return every sample by its line's beginning."""
    found = {}
    for family in text_string_to_metric_families((await metrics.exposition())[0].decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


async def test_a_finished_call_is_counted_everywhere() -> None:
    """Requests, first byte, own time, tokens by kind, stream's end."""
    metrics = Metrics(version="1.2.3")
    metrics.call_finished(
        FinishedCall(
            operation="chat",
            status=200,
            outcome="complete",
            first_byte_s=0.2,
            overhead_s=0.0004,
            stream_end="complete",
            model="qwen3",
            tokens=(10, 20, 5, None),
        )
    )
    samples = await shown(metrics)
    assert samples["modelport_requests_total{operation=chat,outcome=complete,status=2xx}"] == 1
    assert samples["modelport_time_to_first_byte_seconds_bucket{le=0.25,operation=chat}"] == 1
    assert samples["modelport_time_to_first_byte_seconds_bucket{le=0.1,operation=chat}"] == 0
    assert samples["modelport_overhead_seconds_bucket{le=0.0005,operation=chat}"] == 1
    assert samples["modelport_streams_total{end=complete}"] == 1
    tokens = {kind: samples.get(f"modelport_tokens_total{{kind={kind},model=qwen3}}") for kind in ("input", "cached")}
    assert tokens == {"input": 10, "cached": 5}
    assert "modelport_tokens_total{kind=reasoning,model=qwen3}" not in samples
    assert samples["modelport_build_info{version=1.2.3}"] == 1


async def test_a_refused_call_is_an_error_by_code() -> None:
    """Errors by code; nothing is shown of what did not happen."""
    metrics = Metrics()
    metrics.call_finished(FinishedCall("chat", 503, "refused", error_code="no_upstream_available"))
    metrics.error("invalid_api_key")
    samples = await shown(metrics)
    assert samples["modelport_errors_total{code=no_upstream_available}"] == 1
    assert samples["modelport_errors_total{code=invalid_api_key}"] == 1
    assert not any("first_byte" in name or "_streams" in name for name in samples)


async def test_gauges_are_read_at_the_scrape() -> None:
    """In flight, and whatever the composition root adds."""
    metrics = Metrics()
    waiting = [1, 2, 3]
    metrics.read_at_scrape("modelport_usage_rows_waiting", "Rows that wait.", lambda: len(waiting))
    metrics.count_at_scrape("modelport_usage_rows_lost", "Rows that were lost.", lambda: 7)
    metrics.in_flight.value += 2
    assert (await shown(metrics))["modelport_usage_rows_waiting"] == 3
    waiting.clear()
    samples = await shown(metrics)
    assert (samples["modelport_usage_rows_waiting"], samples["modelport_requests_in_flight"]) == (0, 2)
    assert samples["modelport_usage_rows_lost_total"] == 7


async def test_the_process_shows_itself() -> None:
    """Memory, processor and garbage collection, for RSS slopes and stalls."""
    samples = await shown(Metrics())
    assert samples["process_resident_memory_bytes"] > 0
    assert "python_gc_collections_total{generation=0}" in samples


async def test_two_processes_in_one_program_do_not_meet() -> None:
    """An own registry: no module state, no double registration."""
    first, second = Metrics(), Metrics()
    first.error("a")
    assert "modelport_errors_total{code=a}" not in await shown(second)


async def test_a_scrape_answers_in_prometheus_text(aiohttp_client: AiohttpClient) -> None:
    """With the content type of the text format."""
    metrics = Metrics()
    app = web.Application()

    async def scrape(_: web.Request) -> web.StreamResponse:
        return await metrics_response(metrics)

    app.router.add_get("/metrics", scrape)
    answer = await (await aiohttp_client(app)).get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert "# TYPE modelport_requests_total counter" in await answer.text()


async def test_hostile_labels_are_escaped() -> None:
    """Threat 23: a model's name cannot begin another sample."""
    metrics = Metrics()
    name = 'a"} 1\nmodelport_forged 7\n\\'
    metrics.tokens.add((name, "input"), 5)
    samples = await shown(metrics)
    assert "modelport_forged" not in samples
    assert samples[f"modelport_tokens_total{{kind=input,model={name}}}"] == 5


def test_counting_takes_microseconds() -> None:
    """The hot path; the bound is far above what it takes, to hold on a busy machine."""
    metrics = Metrics()
    call = FinishedCall("chat", 200, "complete", None, 0.2, 0.0004, "complete", "qwen3", (1, 2, 3, 4))
    began = time.perf_counter()
    for _ in range(10_000):
        metrics.call_finished(call)
    assert time.perf_counter() - began < 1.0  # seconds for 10,000
