"""`make bench`: modelport beside nginx and a bare aiohttp pass-through, in one run, rounds interleaved and rotated.

Every figure is CPU of the measured process (kernel and user) per unit of work; ratios are taken inside a round, then
the median over the rounds. The load generator and the upstream run on another core.
"""

import contextlib
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable

import uvloop

from tests.bench import (
    audit,
    catalogue,
    download,
    lifecycle,
    load,
    preflight,
    processes,
    publish,
    reload,
    snapshot,
    start,
)
from tests.bench.load import Load, Result
from tests.bench.processes import Target

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "11"))
"""Many short rounds rather than few long ones: what else the machine does falls on both sides of a ratio."""

STARTS = 5


def _chat(size: int, **more: object) -> bytes:
    text = "x" * max(size - 90, 1)
    body = {"model": "bench", **more, "messages": [{"role": "user", "content": text}]}
    return json.dumps(body, separators=(",", ":")).encode()


SCENARIOS: dict[str, tuple[str, Callable[[Target], Load]]] = {
    "chat 300 B": ("us/request", lambda t: Load(t.port, t.path, _chat(300), t.headers, 2000, 16)),
    "stream of 50 chunks": ("us/stream", lambda t: Load(t.port, t.path, _chat(300, stream=True), t.headers, 400, 16)),
    "body of 10 MB": ("us/request", lambda t: Load(t.port, t.path, _chat(10_000_000), t.headers, 8, 1)),
}


_TABLES: tuple[tuple[str, Callable[[], Iterable[str]]], ...] = (
    ("", snapshot.rows),
    ("streams while the registry is read", reload.rows),
    ("retiring models", lifecycle.rows),
    ("", audit.rows),
    ("checks", preflight.rows),
    ("publishing a package", publish.rows),
    ("downloading a file", download.rows),
    ("following a hub", catalogue.rows),
)
"""What else is measured: a title and what gives the lines."""


def main() -> None:
    """Run everything and print the table."""
    os.sched_setaffinity(0, {1})
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(processes.mock_upstream())
        targets = [stack.enter_context(processes.bare(upstream)), stack.enter_context(processes.modelport(upstream))]
        nginx = stack.enter_context(processes.nginx(upstream))
        if nginx is not None:
            targets.append(nginx)
        _say(f"Python {sys.version.split()[0]}, {ROUNDS} rounds, CPU of the measured process pinned to one core")
        for name, (unit, make) in SCENARIOS.items():
            _compare(name, unit, make, targets)
        _memory(next(target for target in targets if target.name == "modelport"))
        _lateness(upstream)
    for title, rows in _TABLES:
        _say(f"\n**{title}**\n" if title else "")
        for line in rows():
            _say(line)
    _say("\n**start**\n")
    for row in start.table(STARTS):
        _say(row)


def _compare(name: str, unit: str, make: Callable[[Target], Load], targets: list[Target]) -> None:
    costs: dict[str, list[float]] = {target.name: [] for target in targets}
    firsts: dict[str, list[float]] = {target.name: [] for target in targets}
    errors = 0
    for target in targets:
        uvloop.run(load.run(make(target)))  # warm up
    for number in range(ROUNDS):
        for target in targets[number % len(targets) :] + targets[: number % len(targets)]:
            work = make(target)
            before = target.cpu_s()
            result: Result = uvloop.run(load.run(work))
            costs[target.name].append((target.cpu_s() - before) / work.requests * 1e6)
            firsts[target.name].append(statistics.median(result.first_byte_s) * 1e6)
            errors += result.errors
    base = costs["aiohttp, bare"]
    _say(
        f"\n**{name}** ({errors} errors)\n\n| target | {unit} | x bare aiohttp (least .. most of the rounds) | "
        "first byte p50 us |\n|---|---|---|---|"
    )
    for target in targets:
        mine = costs[target.name]
        ratios = [one / other for one, other in zip(mine, base, strict=True)]
        _say(
            f"| {target.name} | {statistics.median(mine):,.0f} | {statistics.median(ratios):.2f} "
            f"({min(ratios):.2f} .. {max(ratios):.2f}) | {statistics.median(firsts[target.name]):,.0f} |"
        )


def _memory(target: Target) -> None:
    plain = Load(target.port, target.path, _chat(300), target.headers, 25_000, 32)
    stream = Load(target.port, target.path, _chat(300, stream=True, slow=True), target.headers, 1000, 50)
    _say("\n**memory of modelport** (MB resident)\n\n| after | MB |\n|---|---|")
    _say(f"| the rounds above | {target.rss_mb():.1f} |")
    for number in range(1, 5):
        uvloop.run(load.run(plain))
        _say(f"| {number * plain.requests:,} more requests | {target.rss_mb():.1f} |")
    uvloop.run(load.abort_streams(stream, 5000))
    time.sleep(1)
    _say(f"| 5,000 aborted streams | {target.rss_mb():.1f} |")
    many = Load(target.port, target.path, stream.body, target.headers, 1000, 1000)
    result = uvloop.run(load.run(many))
    _say(f"| 1,000 slow streams at once ({result.errors} errors) | {target.rss_mb():.1f} |")


def _lateness(upstream: int) -> None:
    """How late modelport's event loop comes to what is due, while each scenario runs."""
    _say("\n**event loop**\n\n| while | late by ms: p50, p99, longest |\n|---|---|")
    with processes.clocked(upstream) as (target, lateness):
        for name, (_unit, make) in SCENARIOS.items():
            lateness()
            uvloop.run(load.run(make(target)))
            _say(f"| {name} | {lateness().replace(' ', ', ')} |")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
