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
from collections.abc import Callable

import uvloop

from tests.bench import load, processes, snapshot
from tests.bench.load import Load, Result
from tests.bench.processes import Target

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))


def _chat(size: int, **more: object) -> bytes:
    text = "x" * max(size - 90, 1)
    body = {"model": "bench", **more, "messages": [{"role": "user", "content": text}]}
    return json.dumps(body, separators=(",", ":")).encode()


SCENARIOS: dict[str, tuple[str, Callable[[Target], Load]]] = {
    "chat 300 B": ("us/request", lambda t: Load(t.port, t.path, _chat(300), t.headers, 4000, 16)),
    "stream of 50 chunks": ("us/stream", lambda t: Load(t.port, t.path, _chat(300, stream=True), t.headers, 800, 16)),
    "body of 10 MB": ("us/request", lambda t: Load(t.port, t.path, _chat(10_000_000), t.headers, 20, 1)),
}


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
    _say("")
    for line in snapshot.rows():
        _say(line)
    _say(f"\n| ready, seconds from start to the first answer | {_ready_s():.2f} |")


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
        f"\n**{name}** ({errors} errors)\n\n| target | {unit} | x bare aiohttp | first byte p50 us |\n|---|---|---|---|"
    )
    for target in targets:
        mine = costs[target.name]
        ratio = statistics.median(one / other for one, other in zip(mine, base, strict=True))
        _say(
            f"| {target.name} | {statistics.median(mine):,.0f} | {ratio:.2f} | "
            f"{statistics.median(firsts[target.name]):,.0f} |"
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


def _ready_s() -> float:
    """Seconds from the start of the process to its greeting, which comes when it answers."""
    times = []
    with processes.mock_upstream() as upstream:
        for _ in range(3):
            started = time.perf_counter()
            with processes.modelport(upstream):
                times.append(time.perf_counter() - started)
    return min(times)


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
