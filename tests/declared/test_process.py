"""The real process, `modelport serve --config`: SIGHUP, a broken file, a second role on the same database."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.app.installation import free_port

READY_S = 60.0
CALLABLE = "models:\n  {name}:\n    endpoints: [{{base_url: http://localhost:9/v1}}]\n"


@dataclass(frozen=True, slots=True)
class Process:
    """A running server, its port, and the file in which its log is."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path

    def get(self, path: str) -> Any:
        """Return the JSON that a program on this machine reads without a key."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=10) as answer:
            return json.load(answer)

    def models(self) -> list[str]:
        """Return the names of the models."""
        return [model["name"] for model in self.get("api/v1/models")["items"]]

    def until(self, condition: Any) -> None:
        """Wait for something that another process does."""
        deadline = time.monotonic() + READY_S
        while not condition():
            assert time.monotonic() < deadline, self.log.read_text()
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)


@contextmanager
def serving(folder: Path, file: Path, name: str, *flags: str) -> Iterator[Process]:
    """Start `modelport serve` on the file and stop it afterwards."""
    port = free_port()
    command = [sys.executable, "-m", "gateway", "serve", "--config", str(file), "--port", str(port), *flags]
    command += ["--data-dir", str(folder / "data")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MODELPORT_")}
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=environment)
    running = Process(process, port, folder / f"{name}.log")
    try:
        running.until(lambda: _answers(running))
        yield running
    finally:
        process.terminate()
        process.wait(READY_S)


def _answers(running: Process) -> bool:
    try:
        return bool(running.get("-/ready")["status"] == "ready")
    except (urllib.error.URLError, ConnectionError):
        return False


def test_a_signal_has_the_file_read_and_a_broken_one_is_survived(tmp_path: Path) -> None:
    """SIGHUP reads it at once; without it the watch does; what is wrong is in the log with its line."""
    file = tmp_path / "modelport.yaml"
    file.write_text("models:\n  a: {}\n")
    with serving(tmp_path, file, "server") as server:
        assert server.models() == ["a"]
        file.write_text("models:\n  b: {}\n")
        server.process.send_signal(signal.SIGHUP)
        server.until(lambda: server.models() == ["b"])
        file.write_text("models:\n  b: {tsk: chat}\n")
        server.until(lambda: "did you mean task?" in server.log.read_text())
        assert f"{file}:2: models.b.tsk" in server.log.read_text()
        assert server.models() == ["b"]
        for _ in range(20):
            server.process.send_signal(signal.SIGHUP)
        file.write_text("models:\n  c: {}\n")
        server.until(lambda: server.models() == ["c"])


def test_a_gateway_with_the_same_file_serves_and_declares_nothing(tmp_path: Path) -> None:
    """Management is the server's: the gateway reads the same settings and sees what the server has made."""
    file = tmp_path / "modelport.yaml"
    file.write_text(CALLABLE.format(name="a"))
    with serving(tmp_path, file, "gateway", "--role", "gateway") as gateway:
        assert _ids(gateway) == []
        with serving(tmp_path, file, "server"):
            gateway.until(lambda: _ids(gateway) == ["a"])
            file.write_text(CALLABLE.format(name="b"))
            gateway.until(lambda: _ids(gateway) == ["b"])
            assert "declared by" not in gateway.log.read_text()


def test_the_command_line_names_the_line_to_edit(tmp_path: Path) -> None:
    """An edit and a removal end with 7 and say where the object is declared."""
    file = tmp_path / "modelport.yaml"
    file.write_text("models:\n  a: {}\n")
    with serving(tmp_path, file, "server") as server:
        key = re.search(r"mp_live_\S{61,}", server.log.read_text())
        assert key
        environment = {"MODELPORT_URL": f"http://127.0.0.1:{server.port}", "MODELPORT_KEY": key[0], **os.environ}
        for words in (["models", "edit", "a", "--task", "other"], ["models", "remove", "a", "--yes"]):
            command = [sys.executable, "-m", "gateway", *words]
            ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
            assert "model 'a' is declared in modelport.yaml:2; change it there" in ended.stderr
            assert (ended.returncode, ended.stdout) == (7, "")


def _ids(running: Process) -> list[str]:
    return [model["id"] for model in running.get("v1/models")["data"]]
