"""Real model servers on loopback: one that generates from random weights, one independent scripted one."""

import contextlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.environments import ROOT

READY_S = 60.0
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "NO_PROXY": "*"}
CONTEXT_TOKENS = 512  # this server fails at the end of its context: every client names a limit well below
AIMOCK_NAME = "Ada"
AIMOCK_TEXT = "Good morning from a scripted server, in more than one piece."


@contextlib.contextmanager
def llama(directory: Path, python: Path) -> Iterator[str]:
    """Run llama-cpp-python's server on a tiny model of its own making; gives its base_url."""
    model = directory / "tiny.gguf"
    subprocess.run([str(python), "-m", "tests.journeys.tiny_gguf", str(model)], check=True, cwd=ROOT)
    port = _free_port()
    command = [str(python), "-m", "llama_cpp.server", "--model", str(model), "--model_alias", "tiny"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--n_ctx", str(CONTEXT_TOKENS), "--n_threads", "1"]
    with _running([*command, "--embedding", "True"], directory / "llama.log", port):
        yield f"http://127.0.0.1:{port}/v1"


@contextlib.contextmanager
def aimock(directory: Path, node_modules: Path) -> Iterator[str]:
    """Run aimock with two answers, a text and a filled-in form; gives its base_url."""
    fixtures = directory / "fixtures"
    fixtures.mkdir()
    scripted = {"hello": AIMOCK_TEXT, "who are you": json.dumps({"name": AIMOCK_NAME})}
    answers = [{"match": {"userMessage": asked}, "response": {"content": said}} for asked, said in scripted.items()]
    (fixtures / "answers.json").write_text(json.dumps({"fixtures": answers}))
    port = _free_port()
    program = node_modules / ".bin" / "llmock"
    with _running([str(program), "-p", str(port), "-l", "5", "-f", str(fixtures)], directory / "aimock.log", port):
        yield f"http://127.0.0.1:{port}/v1"


@contextlib.contextmanager
def _running(command: list[str], log: Path, port: int) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=os.environ | OFFLINE)
    try:
        _wait_until_open(process, port, log)
        yield
    finally:
        process.kill()
        process.wait()


def _wait_until_open(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(errors="replace")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on {port} after {READY_S} s:\n{log.read_text(errors='replace')}")


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
