"""`modelport serve` as somebody at a terminal stops it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

WORDS = " ".join(["word"] * 500)  # ten seconds of echo


def _serve(folder: Path, *flags: str) -> tuple["subprocess.Popen[str]", int]:
    command = [
        sys.executable,
        "-m",
        "gateway",
        "serve",
        "--port",
        "0",
        "--demo",
        "--data-dir",
        str(folder / "d"),
        *flags,
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder)
    assert process.stdout is not None
    found = re.search(r":(\d+)/", process.stdout.readline())
    assert found
    _read_until(process.stdout, "curl")
    return process, int(found[1])


def _read_until(stream: "IO[str] | None", words: str) -> None:
    assert stream is not None
    for line in stream:
        if words in line:
            return
    raise AssertionError(f"it ended without saying {words!r}")


def _begin_stream(caller: socket.socket) -> None:
    body = json.dumps({"model": "echo", "stream": True, "messages": [{"role": "user", "content": WORDS}]}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    caller.sendall(head.encode() + body)
    assert b"200 OK" in caller.recv(1000)


def _rest(caller: socket.socket) -> bytes:
    pieces = []
    while piece := caller.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


_INTERRUPTED = """
import sys

class Interrupting:
    def find_spec(self, name, path, target=None):
        if name == "typer":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupting())
from gateway.__main__ import main
main()
"""


def test_an_interrupt_while_it_loads_leaves_no_trace() -> None:
    """Exit 130 and silence, however early Ctrl-C comes."""
    done = subprocess.run([sys.executable, "-c", _INTERRUPTED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_without_calls_it_stops_at_once(tmp_path: Path) -> None:
    """Nothing to wait for: exit 0, no trace, within the time of a blink."""
    process, _ = _serve(tmp_path)
    with process:
        process.send_signal(signal.SIGTERM)
        _, talk = process.communicate(timeout=30)
    assert (process.returncode, "Traceback" in talk) == (0, False)


def test_a_second_signal_ends_what_the_first_let_finish(tmp_path: Path) -> None:
    """The first waits for a running stream, the second ends it so that its caller can tell (PRX-40)."""
    process, port = _serve(tmp_path)
    with process, socket.create_connection(("127.0.0.1", port), timeout=20) as caller:
        _begin_stream(caller)
        process.send_signal(signal.SIGINT)
        _read_until(process.stderr, "1 running calls may finish")
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        rest = _rest(caller)
        process.wait(20)
    assert b'"code": "shutting_down"' in rest
    assert b"[DONE]" not in rest
    assert not rest.endswith(b"0\r\n\r\n")
    assert (process.returncode, time.monotonic() - began < 8) == (0, True)


def test_told_twice_while_it_starts_it_ends(tmp_path: Path) -> None:
    """Ctrl-C, Ctrl-C: a database that keeps it waiting keeps nobody else, and there is no trace."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/nothing"
        command = [sys.executable, "-m", "gateway", "serve", "--port", "0", "--data-dir", str(tmp_path)]
        process = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, env={**os.environ, "MODELPORT_DATABASE__URL": url}
        )
        silent.settimeout(30)
        database, _ = silent.accept()
        with database:
            process.send_signal(signal.SIGINT)
            time.sleep(0.1)  # else the kernel makes one of two
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "ended before it had started" in said
