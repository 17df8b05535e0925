"""The programs of the benchmark, each in its own process: the measured one pinned to core 0, the rest to core 1."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[2]
_NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log stderr crit;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 1000000; client_max_body_size 0; client_body_buffer_size 128k;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream up {{ server 127.0.0.1:{upstream}; keepalive 1024; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_request_buffering off;
    }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Target:
    """A program under measurement. `path` is where a chat completion goes."""

    name: str
    pid: int
    port: int
    path: str
    headers: dict[str, str]

    def cpu_s(self) -> float:
        """CPU seconds of the process and its children so far, kernel and user."""
        pids = [self.pid, *map(int, _children(self.pid))]
        return sum(_cpu_ns(pid) for pid in pids) / 1e9

    def rss_mb(self) -> float:
        """Resident memory now."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        return int(found[1]) / 1024 if found else 0.0


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _cpu_ns(pid: int) -> int:
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total


@contextlib.contextmanager
def mock_upstream() -> Iterator[int]:
    """Run the mock upstream; give its port."""
    with _python("tests.bench.mock", core=1) as (process, line):
        del process
        yield int(line)


@contextlib.contextmanager
def bare(upstream: int, *, under: tuple[str, ...] = ()) -> Iterator[Target]:
    """Run the bare aiohttp pass-through; `under` is a program that runs it, with its flags."""
    with _python("tests.bench.bare", f"http://127.0.0.1:{upstream}", core=0, under=under) as (process, line):
        yield Target("aiohttp, bare", process.pid, int(line), "/v1/chat/completions", {})


@contextlib.contextmanager
def nginx(upstream: int) -> Iterator[Target | None]:
    """Run nginx as a plain proxy; None where it is not installed."""
    program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if program is None:
        yield None
        return
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "nginx.conf")
        config.write_text(_NGINX.format(folder=folder, upstream=upstream, port=port))
        with _process([program, "-p", folder, "-c", str(config)], core=0) as process:
            _wait(f"http://127.0.0.1:{port}/v1/models")
            yield Target("nginx", process.pid, port, "/v1/chat/completions", {})


@contextlib.contextmanager
def modelport(upstream: int, *, under: tuple[str, ...] = ()) -> Iterator[Target]:
    """Run modelport with keys, metrics, usage and request lines on, one model `bench` registered; `under` as above."""
    environment = {"MODELPORT_SERVER__OPEN_TO_LOCALHOST": "false"}
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), environment=environment, under=under) as (target, key),
    ):
        headers = {"Authorization": f"Bearer {key}"}
        _publish(target.port, headers, upstream)
        yield replace(target, headers=headers)


@contextlib.contextmanager
def serving(
    data_dir: Path, *flags: str, environment: dict[str, str] | None = None, under: tuple[str, ...] = ()
) -> Iterator[tuple[Target, str]]:
    """Run `modelport serve`; give it and the first key, "" where there was one already."""
    arguments = ["serve", "--port", "0", "--data-dir", str(data_dir), *flags]
    with _python("gateway", *arguments, core=0, environment=environment, under=under) as (process, line):
        yield _greeted(process, line)


@contextlib.contextmanager
def clocked(upstream: int) -> Iterator[tuple[Target, Callable[[], str]]]:
    """Run modelport with a clock in its loop; give it and what asks for p50, p99 and longest lateness, ms."""
    with tempfile.TemporaryDirectory() as folder, _python("tests.bench.lag", folder, core=0) as (process, line):
        target, key = _greeted(process, line)
        headers = {"Authorization": f"Bearer {key}"}
        _publish(target.port, headers, upstream)

        def lateness() -> str:
            process.send_signal(signal.SIGUSR1)
            return _next_line(process)

        yield replace(target, headers=headers), lateness


def _greeted(process: "subprocess.Popen[str]", line: str) -> tuple[Target, str]:
    """Read the greeting to its end; its first line holds the address."""
    port = int(re.search(r":(\d+)/", line)[1])  # type: ignore[index]  # `line` is the greeting's first
    key = ""
    while not re.search(r"Try:|curl ", line):
        line = _next_line(process)
        if found := re.search(r"(mp_live_\S+)", line):
            key = found[1]
    return Target("modelport", process.pid, port, "/v1/chat/completions", {}), key


def _next_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("modelport ended before it was ready")
    return line.strip()


def _publish(port: int, headers: dict[str, str], upstream: int) -> None:
    body = b'{"name":"bench","endpoints":[{"base_url":"http://127.0.0.1:%d/v1"}]}' % upstream
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/models?preflight=skip", body, {**headers, "Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
        answer.read()


@contextlib.contextmanager
def _python(
    module: str, *arguments: str, core: int, environment: dict[str, str] | None = None, under: tuple[str, ...] = ()
) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    command = [*under, sys.executable, "-m", module, *arguments]
    with _process(command, core=core, environment=environment, read=True) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()


@contextlib.contextmanager
def _process(
    command: list[str], *, core: int, environment: dict[str, str] | None = None, read: bool = False
) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        ["taskset", "-c", str(core), *command],
        stdout=subprocess.PIPE if read else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
    )
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
        process.kill()
        process.wait()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=1).read()  # noqa: S310 - loopback
            return
        time.sleep(0.05)
