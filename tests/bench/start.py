"""What a start costs: CPU until the greeting, and memory right after it."""

import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench import processes

_SETTLED_S = 0.5  # after the greeting: the first look for changes is over


@dataclass(frozen=True, slots=True)
class Start:
    """One start: CPU and wall seconds until the greeting, MB resident right after it."""

    cpu_s: float
    wall_s: float
    rss_mb: float


def table(rounds: int) -> Iterator[str]:
    """Yield the rows: a new installation, one that exists, and the demo, in turns; least and median of the rounds."""
    starts: dict[str, list[Start]] = {"new database": [], "existing database": [], "--demo, new database": []}
    for _ in range(rounds):
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


def _start(data_dir: Path, *flags: str) -> Start:
    began = time.perf_counter()
    with processes.serving(data_dir, *flags) as (target, _key):
        wall_s, cpu_s = time.perf_counter() - began, target.cpu_s()
        time.sleep(_SETTLED_S)
        return Start(cpu_s, wall_s, target.rss_mb())


if __name__ == "__main__":
    for line in table(5):
        print(line)
