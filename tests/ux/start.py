"""A server that a person starts, on a pipe or a terminal, and what it said."""

import os
import re
import resource
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Started:
    """The process, its greeting, and the CPU seconds that it had taken when it was ready."""

    process: "subprocess.Popen[str]"
    greeting: str
    cpu_s: float

    @property
    def url(self) -> str:
        """The address that it printed."""
        found = re.search(r"https?://\S+/(?=\s)", self.greeting)
        assert found, self.greeting
        return found[0]

    @property
    def resident_mb(self) -> float:
        """What it holds in memory now."""
        text = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        found = re.search(r"VmRSS:\s+(\d+) kB", text)
        assert found, text
        return int(found[1]) / 1024


@contextmanager
def started(folder: Path, *flags: str, **variables: str) -> Iterator[Started]:
    """Run `modelport serve --port 0` until the end of the block; the log goes to `folder`/log."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", **variables}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "serve", "--port", "0", *flags],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        yield Started(process, _greeting(process, folder / "log"), _cpu_s(process.pid))
    finally:
        process.terminate()
        process.communicate(timeout=_LIMIT_S)


def cpu_of(command: list[str], **options: str | Path) -> float:
    """Return the CPU seconds that a command takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, **options)  # type: ignore[call-overload]  # cwd alone
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _greeting(process: "subprocess.Popen[str]", log: Path) -> str:
    assert process.stdout is not None
    said, deadline = "", time.monotonic() + _LIMIT_S
    while time.monotonic() < deadline and process.poll() is None:
        if select.select([process.stdout], [], [], 0.1)[0]:
            said += os.read(process.stdout.fileno(), 65536).decode()
            if "Try: " in said or "curl" in said:
                return said
    raise AssertionError(f"no greeting; log:\n{log.read_text(encoding='utf-8')}")


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
