"""What a download costs beside `curl` of the same file from the same nginx, alone and with a check; and kills.

`python -m tests.bench.download` prints it alone; `make bench` prints it with the rest.
"""

import asyncio
import contextlib
import hashlib
import os
import random
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

from gateway.downloads.parts import PART
from tests.app.installation import free_port
from tests.downloads.server import FileServer, serving
from tests.programs import find
from tests.publish.publishing import peak_of

SIZE_MIB = int(os.environ.get("BENCH_DOWNLOAD_MIB", "512"))
ROUNDS = int(os.environ.get("BENCH_DOWNLOAD_ROUNDS", "5"))
KILLS, KILLED_MIB = 8, 128
MINE, CURL, CHECKED = "modelport download", "curl", "curl, tee, sha256sum"
NOWHERE = "http://169.254.169.254/f.bin"
"""Refused by the egress policy once everything has loaded: what is left is the start."""
_MIB = 1024 * 1024
_NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log stderr crit;
events {{ worker_connections 64; }}
http {{
  access_log off; sendfile on; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; root {folder}/www; }}
}}
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command cost: seconds, CPU seconds, and bytes resident at most."""

    took_s: float
    cpu_s: float
    peak: int


def rows() -> Iterator[str]:
    """Yield the lines of the table."""
    nginx, curl = find("nginx") or shutil.which("nginx", path="/usr/sbin"), find("curl")
    yield f"| download, {SIZE_MIB} MiB, checked, {ROUNDS} rounds in turns | value |"
    yield "|---|---|"
    if nginx is None or curl is None:
        yield "| not measured (apt-get install nginx curl) | |"
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield from _beside(Path(folder), str(nginx), str(curl))
    yield from asyncio.run(_killed())


def _beside(folder: Path, nginx: str, curl: str) -> Iterator[str]:
    file = folder / "www" / "f.bin"
    file.parent.mkdir()
    folder.chmod(0o755)  # nginx' worker is somebody else
    sha256 = _write(file)
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(folder=folder, port=port))
    url = f"http://127.0.0.1:{port}/f.bin"
    with _running([nginx, "-p", str(folder), "-c", str(config)], url):
        out = folder / "out"
        commands = {
            MINE: [sys.executable, "-m", "gateway", "download", url, "--sha256", sha256, "--to", str(out)],
            CURL: [curl, "-s", "-o", str(out / "curl.bin"), url],
            CHECKED: ["sh", "-c", f"{curl} -s {url} | tee {out}/curl.bin | sha256sum"],
        }
        rounds = [{name: _timed(command, out) for name, command in commands.items()} for _ in range(ROUNDS)]
        refused = [sys.executable, "-m", "gateway", "download", NOWHERE, "--sha256", sha256, "--to", str(out)]
        starts = [_timed(refused, out, code=4) for _ in range(2 * ROUNDS)]
    for name in commands:
        took = statistics.median(one[name].took_s for one in rounds)
        cpu = statistics.median(one[name].cpu_s for one in rounds)
        yield f"| {name}: MiB/s of the whole process, CPU seconds | {SIZE_MIB / took:.0f}, {cpu:.2f} |"
    for name in (CURL, CHECKED):
        ratios = [one[name].took_s / one[MINE].took_s for one in rounds]
        middle = statistics.median(ratios)
        yield f"| speed over that of {name} | {middle:.2f} ({min(ratios):.2f} .. {max(ratios):.2f}) |"
    begun = [one.cpu_s for one in starts]
    yield f"| CPU seconds of the start alone, least / median | {min(begun):.2f} / {statistics.median(begun):.2f} |"
    yield f"| memory, MiB resident at most | {max(one[MINE].peak for one in rounds) / _MIB:.0f} |"


def _write(path: Path) -> str:
    """Write a file of random bytes and return its SHA-256."""
    seen = hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(SIZE_MIB):
            block = os.urandom(_MIB)
            seen.update(block)
            file.write(block)
    return seen.hexdigest()


def _timed(command: list[str], out: Path, *, code: int = 0) -> Cost:
    """Return what a command cost that begins with an empty folder and a disk that has nothing to do."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    os.sync()
    before, began = _children_cpu_s(), time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        peak = peak_of(process)
        took = time.perf_counter() - began
    assert process.returncode == code, command
    return Cost(took, _children_cpu_s() - before, peak)


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextlib.contextmanager
def _running(command: list[str], url: str) -> Iterator[None]:
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 10
            while subprocess.run(["curl", "-sfI", url], capture_output=True, check=False).returncode:
                assert time.monotonic() < deadline, "nginx does not answer"
                time.sleep(0.05)
            yield
        finally:
            process.terminate()


async def _killed() -> list[str]:
    """Kill a download at random moments until it is there, and count what was sent twice."""
    chance = random.Random(6)
    async with serving(KILLED_MIB * _MIB) as server:
        with tempfile.TemporaryDirectory() as folder:
            kills = 0
            while kills < KILLS and not await _once(server, folder, chance.uniform(0.3, 1.2)):
                kills += 1
            assert await _once(server, folder, 600)
            right = hashlib.sha256(Path(folder, "f.gguf").read_bytes()).hexdigest() == server.sha256  # noqa: ASYNC240 - nothing else runs
        twice = (server.sent - len(server.content)) / PART
    return [
        f"| kill -9 at {kills} random moments of {KILLED_MIB} MiB: the file is right | {'yes' if right else 'NO'} |",
        f"| parts sent twice, all kills together (four are under way at each) | {twice:.1f} |",
    ]


async def _once(server: FileServer, folder: str, seconds: float) -> bool:
    """Run a download for so long; whether it came to its end."""
    words = ["-m", "gateway", "download", server.url, "--sha256", server.sha256, "--to", folder]
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=asyncio.subprocess.DEVNULL)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), seconds)
    if process.returncode is None:
        process.kill()
        await process.wait()
    return process.returncode == 0


def main() -> None:
    """Print the table."""
    for line in rows():
        print(line)


if __name__ == "__main__":
    main()
