"""A modelport process with settings of its own, on loopback, with its data in a folder of the test."""

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conformance.management import Management
from tests.conformance.target import ModelOptions, Target
from tests.conformance.upstream import UpstreamControl
from tests.conformance.wire import Answer, Wire, request_bytes
from tests.warm.client import Command, start

HOST_NAME = "modelport.test"
"""Callers use this name, so that they count as callers from elsewhere, who need a key."""
READY_S = 30.0
KEY = re.compile(r"mp_[a-z]+_[0-9a-zA-Z]{10}_[0-9A-Za-z_-]{43}_[0-9a-f]{8}")
ADDRESS = re.compile(r"http://[^\s/]*:(\d+)(/[^\s]*)?")


@dataclass(frozen=True, slots=True)
class UpstreamProcess:
    """A scripted upstream in a process of its own."""

    port: int
    control: UpstreamControl
    pid: int


@dataclass(frozen=True, slots=True)
class Modelport:
    """A running server. `mount` begins and ends with a slash."""

    process: Command
    port: int
    mount: str
    admin_key: str
    log: Path
    directory: Path

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def management(self) -> Management:
        """The management API with the administrator's key."""
        return Management("127.0.0.1", self.port, f"{self.mount}api/v1", self.admin_key)

    def target(self, upstream: UpstreamProcess, *, key: str = "", path: str = "v1") -> Target:
        """Return the data plane as a target whose models go to the upstream."""
        models = OwnModels(self.management, upstream.port)
        base_url = f"{self.origin}{self.mount}{path}"
        host = f"{HOST_NAME}:{self.port}"
        return Target.of(base_url, key or self.admin_key, models, upstream.control, upstream.port, host)

    async def fetch(self, path: str, *, key: str = "") -> Answer:
        """Return the answer to a GET below the mount."""
        headers = {"Host": f"127.0.0.1:{self.port}", "Connection": "close"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        async with await Wire.open("127.0.0.1", self.port) as wire:
            wire.send_soon(request_bytes("GET", self.mount + path, headers, b""))
            return await wire.answer()

    def rss_bytes(self) -> int:
        """Return the process's resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found, status
        return int(found.group(1)) * 1024

    def terminate(self) -> None:
        """Tell the process to stop (SIGTERM)."""
        self.process.send_signal(signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class OwnModels:
    """Makes a fresh model for each case, so that no case sees another's breaker or usage."""

    management: Management
    upstream_port: int

    async def name(self, options: ModelOptions) -> str:
        """Publish a model with these options and return its name."""
        name = f"case-{secrets.token_hex(5)}"
        urls = options.base_urls or (f"http://{options.upstream_host}:{self.upstream_port}/v1",)
        shared: dict[str, Any] = {"upstream_model": options.upstream_model}
        if options.organization_headers is not None:
            shared["organization_headers"] = options.organization_headers
        endpoints = [{"base_url": url, **shared} for url in urls]
        await self.management.post("/models", {"name": name, "endpoints": endpoints, **options.fields})
        return name


@contextlib.contextmanager
def running_upstream(log: Path) -> Iterator[UpstreamProcess]:
    """Run a scripted upstream in a process of its own while entered."""
    command = [sys.executable, "-m", "tests.fakes.upstream"]
    with log.open("wb") as errors, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process:
        try:
            assert process.stdout
            ports = json.loads(process.stdout.readline())
            control = UpstreamControl("127.0.0.1", ports["control"])
            yield UpstreamProcess(ports["port"], control, process.pid)
        finally:
            process.kill()


@contextlib.contextmanager
def running_modelport(
    directory: Path, settings: Mapping[str, Any] | None = None, *, admin_key: str = ""
) -> Iterator[Modelport]:
    """Run a modelport with these settings (sections as in the configuration file) while entered.

    `directory` keeps configuration, database and log; a second server on the same directory gets the first one's
    `admin_key`, which is shown once only.
    """
    merged = _merged(directory, settings or {})
    config = directory / f"config-{secrets.token_hex(3)}.yaml"
    config.write_text(json.dumps(merged))  # JSON is YAML
    log = config.with_suffix(".log")
    words = ("serve", "--config", str(config))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MODELPORT_")}
    with log.open("wb") as output, Path(os.devnull).open("rb") as nothing:
        process = start(*words, folder=Path.cwd(), environment=environment, files=(nothing, output, output))
    try:
        port, shown = _wait_until_ready(process, log, merged["server"]["mount"], key_wanted=not admin_key)
        yield Modelport(process, port, merged["server"]["mount"], admin_key or shown, log, directory)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _merged(directory: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    server = {"port": 0, "mount": "/", "allowed_hosts": [HOST_NAME], **settings.get("server", {})}
    others = {name: value for name, value in settings.items() if name != "server"}
    quiet = {"health": {"interval_s": 0}}  # nobody asks the scripted upstream what no test asks for
    return {"data_dir": str(directory / "data"), "server": server, **quiet, **others}


def _wait_until_ready(process: Command, log: Path, mount: str, *, key_wanted: bool) -> tuple[int, str]:
    """Return port and admin key as soon as the server has printed them and is ready."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        text = log.read_text(errors="replace")
        assert process.poll() is None, f"the server ended with {process.returncode}:\n{text}"
        address, key = ADDRESS.search(text), KEY.search(text)
        if address and (key or not key_wanted) and _is_ready(int(address.group(1)), mount):
            return int(address.group(1)), key.group() if key else ""
        time.sleep(0.02)
    raise AssertionError(f"the server was not ready within {READY_S} s:\n{log.read_text(errors='replace')}")


def _is_ready(port: int, mount: str) -> bool:
    request = f"GET {mount}-/ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
            sock.sendall(request.encode())
            return b" 200 " in sock.recv(100)
    except OSError:
        return False
