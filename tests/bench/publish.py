"""What a publish costs: the check in waits and milliseconds, the push beside `skopeo copy` of the very same layers.

`python -m tests.bench.publish` prints it alone; `make bench` prints it with the rest.
"""

import asyncio
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.publish.client import RegistryClient
from gateway.publish.destination import Destination
from gateway.publish.memory import Memory
from gateway.publish.package import list_files
from gateway.publish.preflight import Level, Preflight
from gateway.publish.providers import provider_of
from gateway.publish.reference import parse
from gateway.publish.service import Access, Publisher, Wish
from gateway.upstream.egress import Egress, EgressPolicy
from tests.programs import find
from tests.publish.publishing import peak_of
from tests.publish.registries import Registry, running

CHECKS = 60
ROUNDS = 5
LAYERS, LAYER_MB = 4, 128
_MB = 1_000_000


def rows() -> Iterator[str]:
    """Yield the lines of the table."""
    if find("docker-registry") is None or find("skopeo") is None:
        yield "publish: not measured (apt-get install docker-registry skopeo)"
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = folder / "model"
        model.mkdir()
        for number in range(LAYERS):
            (model / f"model-{number}.safetensors").write_bytes(os.urandom(LAYER_MB * _MB))
        with running(folder / "registry") as registry:
            yield "| publish | value |"
            yield "|---|---|"
            yield f"| offline check, ms (median of {CHECKS}) | {asyncio.run(_offline(model)):.2f} |"
            waits, median, worst = asyncio.run(_checks(registry, folder))
            yield f"| session-level check: waits for an answer | {waits} |"
            yield f"| session-level check, ms (median, p95 of {CHECKS}) | {median:.1f}, {worst:.1f} |"
            yield from _pushes(registry, model, folder)


async def _offline(model: Path) -> float:
    """Return the milliseconds that words and directory take."""
    egress = Egress(EgressPolicy())
    took = []
    for _ in range(CHECKS):
        began = time.perf_counter()
        list_files(model)
        await _preflight(egress, "registry.example.com/team/model:v1", Memory(model), Level.OFFLINE).run()
        took.append(time.perf_counter() - began)
    await egress.close()
    return statistics.median(took) * 1000


async def _checks(registry: Registry, folder: Path) -> tuple[int, float, float]:
    egress = Egress(EgressPolicy())
    took, waits = [], 0
    for number in range(CHECKS):
        place = f"{registry.place}/team/check-{number}:v1"
        began = time.perf_counter()
        report = await _preflight(egress, place, Memory(folder), Level.SESSION).run()
        took.append((time.perf_counter() - began) * 1000)
        assert report.error is None
        waits = max(waits, report.round_trips)
    await egress.close()
    return waits, statistics.median(took), sorted(took)[int(len(took) * 0.95)]


def _preflight(egress: Egress, place: str, memory: Memory, level: Level) -> Preflight:
    reference = parse(place)
    client = RegistryClient(egress, place=reference.registry, plain_http=True)
    return Preflight(Destination(client, reference, provider_of(reference)), memory, level=level)


def _pushes(registry: Registry, model: Path, folder: Path) -> Iterator[str]:
    """Yield the push beside skopeo's, both as processes, in turns; the layers are packaged already."""
    home = folder / "cache"
    wish = Wish(directory=model, reference=parse(f"{registry.place}/team/layout:v1"))
    publisher = Publisher(wish, Access(policy=EgressPolicy(), plain_http=True), home=home / "modelport")
    asyncio.run(publisher._packaged(publisher._sources()))
    layout = shutil.copytree(publisher._layout.path, folder / "layout", copy_function=os.link)
    rounds = []
    for number in range(ROUNDS):
        place = f"{registry.place}/bench{number}/ours:v1"
        command = [sys.executable, "-m", "gateway", "publish", str(model), place, "--plain-http", "--skip-preflight"]
        copy = ["skopeo", "copy", "-q", "--dest-tls-verify=false", f"oci:{layout}"]
        mine = _timed(command, {**os.environ, "XDG_CACHE_HOME": str(home)})
        _empty(registry)
        other = _timed([*copy, f"docker://{registry.place}/bench{number}/theirs:v1"], dict(os.environ))
        _empty(registry)
        (home / "modelport" / "registries.json").unlink(missing_ok=True)
        rounds.append((mine, other))
    size = LAYERS * LAYER_MB
    for name, which in (("modelport publish", 0), ("skopeo copy of the same layers", 1)):
        took = statistics.median(one[which].took_s for one in rounds)
        cpu = statistics.median(one[which].cpu_s for one in rounds)
        yield f"| {name}, {LAYERS} layers of {LAYER_MB} MB: MB/s of the whole process | {size / took:.0f} |"
        yield f"| {name}: CPU seconds (user and kernel) | {cpu:.2f} |"
    ratios = [other.took_s / mine.took_s for mine, other in rounds]
    ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} .. {max(ratios):.2f})"
    yield f"| throughput over skopeo's, median of {ROUNDS} rounds in turns | {ratio} |"
    peak = max(mine.peak for mine, _ in rounds)
    yield f"| memory of modelport publish, MiB resident at most | {peak / 1024**2:.0f} |"


@dataclass(frozen=True, slots=True)
class _Cost:
    took_s: float
    cpu_s: float
    peak: int  # bytes resident


def _timed(command: list[str], environment: dict[str, str]) -> _Cost:
    """Return what a command cost."""
    before, began = _children_cpu_s(), time.perf_counter()
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        peak = peak_of(process)
        took = time.perf_counter() - began
    assert process.returncode == 0, command
    return _Cost(took, _children_cpu_s() - before, peak)


def _children_cpu_s() -> float:
    """Return the CPU of the processes that have ended: the registry, which runs on, is none of them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _empty(registry: Registry) -> None:
    """Take the blobs away: the next push starts from nothing."""
    shutil.rmtree(registry.root / "docker", ignore_errors=True)


if __name__ == "__main__":
    for line in rows():
        print(line, flush=True)
