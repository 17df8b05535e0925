"""What a check of an endpoint costs: its time against a healthy server, and how long it holds up everybody else.

`python -m tests.bench.preflight` prints it alone; `make bench` prints it with the rest. A stall is the longest time in
which the event loop served nobody: by the clock, and in CPU of its thread, where other programs do not count.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.api.permissions import ROLES, Role
from gateway.api.principal import Principal
from gateway.preflight.asking import Asker
from gateway.preflight.names import close_names
from gateway.preflight.run import Wish
from gateway.preflight.service import Preflight
from gateway.registry.registry import Registry
from gateway.registry.verdict import EndpointReport
from gateway.storage.clock import SystemClock
from gateway.storage.engine import Database
from gateway.upstream.egress import Egress
from gateway.upstream.policy import EgressPolicy
from gateway.upstream.session_transport import SessionTransport
from tests.preflight.server import answering, chat, error, listing, serving

CHECKS = 60
ROUNDS = 5
NAMES = 50_000
ADMIN = Principal("key_bench", "bench", Role.ADMIN, ROLES[Role.ADMIN])


def rows() -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| preflight of an endpoint | value |"
    yield "|---|---|"
    median, worst = asyncio.run(_checks())
    yield f"| healthy loopback server, three stages, ms (median, p95 of {CHECKS}) | {median:.1f}, {worst:.1f} |"
    names = [f"org-{number % 97}/model-{number:05d}-{number % 7}b" for number in range(NAMES)]
    for what, work in (
        (f"did-you-mean over {NAMES:,} names", _compared(names)),
        (f"a check of a server that lists {NAMES:,} models, and not the wanted one", _checked(names)),
    ):
        rounds = [asyncio.run(_stalls(work)) for _ in range(ROUNDS)]
        took, stall, cpu = (statistics.median(one) for one in zip(*rounds, strict=True))
        yield f"| {what}: ms (median of {ROUNDS} rounds) | {took:.0f} |"
        yield f"| longest stall of the loop meanwhile, ms by the clock and of CPU | {stall:.1f}, {cpu:.1f} |"


async def _checks() -> tuple[float, float]:
    """Return median and p95 of a check in milliseconds; each server is a new one, so that nothing is remembered."""
    took = []
    async with _preflight() as check:
        for _ in range(CHECKS):
            async with serving(answering(models=listing("qwen3"), chat_completions=chat())) as server:
                began = time.perf_counter()
                report = await check(server.url, "qwen3")
                took.append((time.perf_counter() - began) * 1000)
            assert [one.verdict for one in report.stages] == ["pass", "pass", "pass"], report
    return statistics.median(took), sorted(took)[int(len(took) * 0.95)]


def _compared(names: list[str]) -> Callable[[], Awaitable[None]]:
    async def compare() -> None:
        assert (await close_names("model-00017-3b", names))[0].endswith("model-00017-3b")

    return compare


def _checked(names: list[str]) -> Callable[[], Awaitable[None]]:
    async def check() -> None:
        absent = error(404, "no such model", "model_not_found")
        async with serving(answering(models=listing(*names), chat_completions=absent)) as server, _preflight() as asked:
            report = await asked(server.url, "model-00017-3c")
        assert report.stages[-1].did_you_mean, report

    return check


async def _stalls(work: Callable[[], Awaitable[None]]) -> tuple[float, float, float]:
    """Return how long the work took, and the longest turn of the loop meanwhile, by clock and by CPU, in ms."""
    longest, in_cpu = 0.0, 0.0

    async def watch() -> None:
        nonlocal longest, in_cpu
        clock, cpu = time.perf_counter(), time.thread_time()
        while True:
            await asyncio.sleep(0)
            now, spent = time.perf_counter(), time.thread_time()
            longest, in_cpu = max(longest, now - clock), max(in_cpu, spent - cpu)
            clock, cpu = now, spent

    task = asyncio.get_running_loop().create_task(watch())
    began = time.perf_counter()
    await work()
    task.cancel()
    return (time.perf_counter() - began) * 1000, longest * 1000, in_cpu * 1000


@asynccontextmanager
async def _preflight() -> AsyncIterator[Callable[[str, str], Awaitable[EndpointReport]]]:
    """Give checks with the real transport and egress policy, as the composition root puts them together."""
    with tempfile.TemporaryDirectory() as folder:
        database = await Database.open(f"sqlite:///{Path(folder)}/empty.db")
        egress = Egress(EgressPolicy("dev"), connect_timeout_s=3)
        transport = SessionTransport(egress.session)
        preflight = Preflight(
            Asker(transport, via="1.1 modelport-bench"),
            egress=egress,
            registry=Registry(database),
            clock=SystemClock(),
            own=lambda: (frozenset({"localhost", "127.0.0.1"}), 1),
            allow_insecure_http=lambda: False,
        )

        async def check(url: str, model: str) -> EndpointReport:
            wish = Wish(team="default", base_url=url, model=model)
            return (await preflight.run(ADMIN, [wish], server="http://localhost:1/")).endpoints[0]

        yield check
        await transport.close()
        await database.close()


if __name__ == "__main__":
    for line in rows():
        print(line, flush=True)
