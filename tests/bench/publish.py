"""What a publish costs: the check in waits and milliseconds, the push beside `skopeo copy` of the very same layers.

`python -m tests.bench.publish` prints it alone; `make bench` prints it with the rest.
"""

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
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
ROUNDS = 3
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
    ours, theirs, ratios, peak = [], [], [], 0
    for number in range(ROUNDS):
        place = f"{registry.place}/bench{number}/ours:v1"
        command = [sys.executable, "-m", "gateway", "publish", str(model), place, "--plain-http", "--skip-preflight"]
        mine, held = _timed(command, {**os.environ, "XDG_CACHE_HOME": str(home)})
        _empty(registry)
        copy = ["skopeo", "copy", "-q", "--dest-tls-verify=false", f"oci:{layout}"]
        other, _ = _timed([*copy, f"docker://{registry.place}/bench{number}/theirs:v1"], dict(os.environ))
        _empty(registry)
        (home / "modelport" / "registries.json").unlink(missing_ok=True)
        ours.append(mine)
        theirs.append(other)
        ratios.append(other / mine)
        peak = max(peak, held)
    size = LAYERS * LAYER_MB
    what = f"modelport publish, MB/s ({LAYERS} layers of {LAYER_MB} MB, whole process)"
    yield f"| {what} | {size / statistics.median(ours):.0f} |"
    yield f"| skopeo copy of the same layers, MB/s | {size / statistics.median(theirs):.0f} |"
    ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} .. {max(ratios):.2f})"
    yield f"| throughput over skopeo's, median of {ROUNDS} rounds | {ratio} |"
    yield f"| memory of modelport publish, MiB resident at most | {peak / 1024**2:.0f} |"


def _timed(command: list[str], environment: dict[str, str]) -> tuple[float, int]:
    """Return how many seconds a command took, and the most bytes that it held."""
    began = time.perf_counter()
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        peak = peak_of(process)
        took = time.perf_counter() - began
    assert process.returncode == 0, command
    return took, peak


def _empty(registry: Registry) -> None:
    """Take the blobs away: the next push starts from nothing."""
    shutil.rmtree(registry.root / "docker", ignore_errors=True)


if __name__ == "__main__":
    for line in rows():
        print(line, flush=True)
