"""What a call costs in instructions, modelport beside the bare pass-through: a ratio that a busy machine blurs little.

`python -m tests.bench.instructions` prints it; needs valgrind. Instructions of the process only: what the kernel does
for it is nearly the same on both sides, so the ratio in CPU time is lower than this one. Under valgrind calls are 50
times slower but clocks are not, so modelport's batches are small and it pays for more of them: an upper bound.
"""

import json
import re
import subprocess
import tempfile
from pathlib import Path

import uvloop

from tests.bench import load, processes
from tests.bench.load import Load
from tests.bench.processes import Target

_SCENARIOS: dict[str, tuple[dict[str, object], int]] = {
    "chat 300 B": ({}, 400),
    "stream of 50 chunks": ({"stream": True}, 60),
}
"""What a body holds beside its text, and how many requests are counted after as many to warm up."""


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        under = ("valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder}/%p")
        with (
            processes.mock_upstream() as upstream,
            processes.bare(upstream, under=under) as bare,
            processes.modelport(upstream, under=under) as modelport,
        ):
            print("| instructions for each | aiohttp, bare | modelport | x bare |\n|---|---|---|---|", flush=True)
            for name, (more, count) in _SCENARIOS.items():
                costs = [_instructions(target, Path(folder), more, count) for target in (bare, modelport)]
                print(f"| {name} | {costs[0]:,} | {costs[1]:,} | {costs[1] / costs[0]:.2f} |", flush=True)


def _instructions(target: Target, folder: Path, more: dict[str, object], count: int) -> int:
    """Return the instructions for one request."""
    body = {"model": "bench", **more, "messages": [{"role": "user", "content": "x" * 210}]}
    work = Load(target.port, target.path, json.dumps(body, separators=(",", ":")).encode(), target.headers, count, 8)
    uvloop.run(load.run(work))
    before = set(folder.iterdir())
    _control(target, "--instr=on")
    result = uvloop.run(load.run(work))
    _control(target, "--instr=off")
    _control(target, "--dump")
    if result.errors:
        raise RuntimeError(f"{result.errors} of {count} requests failed")
    counted = "".join(path.read_text() for path in set(folder.iterdir()) - before)
    return sum(map(int, re.findall(r"^totals: (\d+)", counted, re.MULTILINE))) // count


def _control(target: Target, wish: str) -> None:
    subprocess.run(["callgrind_control", wish, str(target.pid)], check=True, capture_output=True)


if __name__ == "__main__":
    main()
