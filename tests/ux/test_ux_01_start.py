"""UX-1, UX-2, UX-15, UX-20: the first start."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.cli.program import Shell
from tests.ux.start import cpu_of, started

_MODELPORT = [sys.executable, "-m", "gateway"]
MAX_LINES = 8
MAX_HELP_CPU_S = 0.4
MAX_READY_S = 3.0  # CPU beside other load in a slow hour; what it is alone stands in tests/bench/RESULTS.md
MAX_IDLE_MB = 90
MAX_WHEEL_BYTES = 5_000_000


def test_ux_01_one_command_gives_addresses_that_answer(tmp_path: Path) -> None:
    """In an empty folder, without configuration: on this machine alone, with the next command."""
    with started(tmp_path) as server:
        addresses = re.findall(r"http://\S+", server.greeting.partition("Try:")[0])
        assert len(addresses) == 4
        assert {address.split("/")[2].split(":")[0] for address in addresses} == {"localhost"}
        statuses = {}
        for address in addresses:
            below = "models" if "/access/" in address else "/models" if address.endswith("/api/v1") else ""
            path = f"{address}{below}" if address.rstrip("/") != server.url.rstrip("/") else f"{address}v1/models"
            with urlopen(path) as answer:  # noqa: S310 - loopback
                statuses[address] = answer.status
        assert set(statuses.values()) == {200}
        assert "Try: modelport models add" in server.greeting


def test_ux_01_the_printed_next_command_works(tmp_path: Path) -> None:
    """Pasted as it stands, it is answered."""
    with started(tmp_path, "--demo") as server:
        line = server.greeting.strip().splitlines()[-1]
        answer = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True, timeout=30)
    assert "[DONE]" in answer.stdout


def test_ux_02_init_and_a_port_that_is_free(shell: Shell) -> None:
    """A commented file whose first line leads editors to its schema; port 0 says which one it was."""
    assert shell.run("init").code == 0
    first = (shell.folder / "modelport.yaml").read_text().splitlines()[0]
    schema = first.partition("$schema=")[2]
    assert json.loads((shell.folder / schema).read_text())["properties"]
    with started(shell.folder) as server:
        port = int(server.url.rstrip("/").rpartition(":")[2])
        socket.create_connection(("127.0.0.1", port)).close()
        assert "config     modelport.yaml" in server.greeting


def test_ux_02_a_taken_port_names_the_port_its_owner_and_the_way_out(shell: Shell) -> None:
    """All three in the error."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = shell.run("serve", "--port", str(port))
    assert ended.code == 2
    assert f":{port}" in ended.err
    assert f"ss -ltnp 'sport = :{port}'" in ended.err
    assert "--port" in ended.err


def test_ux_15_the_first_start_says_at_most_eight_lines(tmp_path: Path) -> None:
    """Greeting and log together, with the key of the first start among them."""
    with started(tmp_path, "--demo") as server:
        log = (tmp_path / "log").read_text()
    lines = [*server.greeting.strip().splitlines(), *log.splitlines()]
    assert len(lines) <= MAX_LINES, lines
    assert "mp_live_" in server.greeting


MISTAKES = (
    ("models", "add"),
    ("models", "lst"),
    ("models", "show", "no-such-model"),
    ("models", "list", "--server", "localhost:3000"),
    ("models", "list", "--server", "http://127.0.0.1:9"),
    ("models", "list", "--key-file", "nowhere"),
    ("models", "list", "-o", "xml"),
    ("resolve", "ftp://host/"),
    ("serve", "--port", "99999"),
    ("serve", "--config", "nowhere.yaml"),
    ("db", "status"),
    ("config", "check", "nowhere.yaml"),
    ("context", "use", "nobody"),
    ("keys", "create", "--local"),
)


@pytest.mark.parametrize("words", MISTAKES, ids=" ".join)
def test_ux_15_a_mistake_is_answered_without_a_trace(shell: Shell, words: tuple[str, ...]) -> None:
    """A sentence on stderr, nothing on stdout, no exit 0 and none that means a fault of ours."""
    ended = shell.having(MODELPORT_URL="http://127.0.0.1:9").run(*words)
    assert ended.code not in {0, 1}
    assert "Traceback" not in ended.err
    assert ended.err.strip() or ended.out.strip()


@pytest.mark.parametrize(
    "words", [("models", "list", "--server", "http://127.0.0.1:9"), ("serve", "--port", "99999")], ids=" ".join
)
def test_ux_15_debug_shows_the_trace(shell: Shell, words: tuple[str, ...]) -> None:
    """For whoever has to mend it."""
    plain, traced = shell.run(*words), shell.run(*words, "--debug")
    assert ("Traceback" in plain.err, "Traceback" in traced.err) == (False, True)
    assert plain.code == traced.code


def test_ux_15_logs_are_json_off_a_terminal(tmp_path: Path) -> None:
    """Each line is an object."""
    with started(tmp_path, "--demo", MODELPORT_LOG__REQUESTS="true") as server:
        urlopen(f"{server.url}v1/models").close()  # noqa: S310 - loopback
        body = b'{"model": "echo", "messages": [{"role": "user", "content": "hi"}]}'
        with socket.create_connection(("127.0.0.1", int(server.url.rstrip("/").rpartition(":")[2]))) as caller:
            head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
            caller.sendall(head.encode() + body)
            assert b"200" in caller.recv(100)
        deadline = time.monotonic() + 20
        while not (tmp_path / "log").read_text() and time.monotonic() < deadline:
            time.sleep(0.05)  # the line is written a moment after the answer
    lines = (tmp_path / "log").read_text().splitlines()
    assert lines
    assert all(isinstance(json.loads(line), dict) for line in lines)


def test_ux_20_help_takes_less_than_its_budget() -> None:
    """CPU seconds, the least of some runs: what else runs on the machine counts for nothing."""
    for words in (["--help"], ["models", "add", "--help"]):
        assert min(cpu_of([*_MODELPORT, *words]) for _ in range(5)) < MAX_HELP_CPU_S


def test_ux_20_a_server_is_small_and_quick(tmp_path: Path) -> None:
    """CPU until ready on a new database, least of three starts, and memory when nobody calls."""
    taken = []
    for number in range(3):
        (folder := tmp_path / str(number)).mkdir()
        with started(folder) as server:
            urlopen(f"{server.url}v1/models").close()  # noqa: S310 - loopback
            assert server.resident_mb < MAX_IDLE_MB
            taken.append(server.cpu_s)
    assert min(taken) < MAX_READY_S


def test_ux_20_the_wheel_is_small(tmp_path: Path) -> None:
    """Built as `make dist` builds it."""
    root = Path(__file__).parents[2]
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "build", "--quiet", "--wheel", "--out-dir", str(tmp_path), "--offline", str(root)]
    built = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "UV_OFFLINE": "1"})
    if built.returncode:  # the build backend is not in uv's cache: without isolation it is ours
        done = subprocess.run([*command, "--no-build-isolation"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.stat().st_size < MAX_WHEEL_BYTES
