"""What a start costs: CPU until the greeting, and memory right after it; beside it what its libraries alone cost."""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench import processes

_SETTLED_S = 0.5  # after the greeting: the first look for changes is over
_LIBRARIES = """
import gc
gc.disable()
from gateway.upstream import authorities
import typer, pydantic, yarl, msgspec.json, uvloop
with authorities.unread():
    import aiohttp.web
import gateway.storage.connection, gateway.storage.one_trip, gateway.observe.structured
class Model(pydantic.BaseModel): pass
"""
"""What no server on these libraries can do without, loaded as lightly as modelport loads it."""


@dataclass(frozen=True, slots=True)
class Start:
    """One start: CPU and wall seconds until the greeting, MB resident right after it."""

    cpu_s: float
    wall_s: float
    rss_mb: float


def table(rounds: int) -> Iterator[str]:
    """Yield the rows: a new installation, one that exists, and the demo, in turns; least and median of the rounds."""
    starts: dict[str, list[Start]] = {"new database": [], "existing database": [], "--demo, new database": []}
    libraries = []
    for _ in range(rounds):
        libraries.append(_libraries())
        with tempfile.TemporaryDirectory() as folder:
            starts["new database"].append(_start(Path(folder, "a")))
            starts["existing database"].append(_start(Path(folder, "a")))
            starts["--demo, new database"].append(_start(Path(folder, "b"), "--demo"))
    yield "| start | CPU s least, median | wall s least | MB idle |"
    yield "|---|---|---|---|"
    for name, found in starts.items():
        cpu = [one.cpu_s for one in found]
        yield (
            f"| {name} | {min(cpu):.2f}, {statistics.median(cpu):.2f} | {min(one.wall_s for one in found):.2f} | "
            f"{statistics.median(one.rss_mb for one in found):.1f} |"
        )
    yield f"| its libraries alone, loaded and no more | {min(libraries):.2f}, {statistics.median(libraries):.2f} | | |"


def _libraries() -> float:
    """Return the CPU seconds of a process that loads them and ends."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {"PYDANTIC_DISABLE_PLUGINS": "__all__"}
    subprocess.run([sys.executable, "-c", f"{_LIBRARIES}\nimport os; os._exit(0)"], check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _start(data_dir: Path, *flags: str) -> Start:
    began = time.perf_counter()
    with processes.serving(data_dir, *flags) as (target, _key):
        wall_s, cpu_s = time.perf_counter() - began, target.cpu_s()
        time.sleep(_SETTLED_S)
        return Start(cpu_s, wall_s, target.rss_mb())


if __name__ == "__main__":
    for line in table(5):
        print(line)
