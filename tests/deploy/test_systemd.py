"""The unit files: systemd's own check, and the service started as systemd would start it."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deploy.files import DEPLOY
from tests.programs import require

UNITS = DEPLOY / "systemd"
SERVICE = (UNITS / "modelport.service").read_text()
PROGRAM = Path(sys.executable).with_name("modelport")
MAX_EXPOSURE = 2.0  # of 10, by `systemd-analyze security`
# As systemd does it: the socket is descriptor 3, the process knows that it is meant, no memory becomes code later.
_LAUNCH = """
import ctypes, os, sys
if (got := int(sys.argv[1])) != 3:
    os.dup2(got, 3)
os.set_inheritable(3, True)
ctypes.CDLL(None).prctl(65, 1, 0, 0, 0)  # PR_SET_MDWE: MemoryDenyWriteExecute=yes
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""


def test_systemd_finds_nothing_to_say(tmp_path: Path) -> None:
    """`systemd-analyze verify`; only the program is where this test has it."""
    units = [tmp_path / name for name in ("modelport.service", "modelport.socket")]
    for unit in units:
        text = (UNITS / unit.name).read_text()
        unit.write_text(text.replace("/opt/modelport/bin/modelport", str(PROGRAM)))
    done = _analyze("verify", "--man=no", *map(str, units))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_service_is_shut_in() -> None:
    """What an attacker who got in could still reach, as systemd counts it."""
    done = _analyze("security", "--offline=true", "--no-pager", str(UNITS / "modelport.service"))
    found = re.search(r"Overall exposure level for modelport.service: ([\d.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found[1]) <= MAX_EXPOSURE


def test_systemd_hears_when_it_is_ready_and_when_it_stops(tmp_path: Path) -> None:
    """Type=notify: whoever waits for the unit waits for an answering server."""
    with _manager(tmp_path) as manager, _listening() as port, _started(tmp_path, port) as process:
        assert manager.recv(1000).decode().splitlines() == ["READY=1", f"STATUS=http://localhost:{_port(port)}/"]
        assert _ready(_port(port))
        process.terminate()
        assert manager.recv(1000) == b"STOPPING=1"
        assert process.wait(20) == 0


def test_it_reads_its_configuration_again_when_told(tmp_path: Path) -> None:
    """`systemctl reload`: the signal of the unit is one that the program takes, with a file and without."""
    assert "ExecReload=/bin/kill -HUP $MAINPID\n" in SERVICE
    with _manager(tmp_path) as manager, _listening() as port, _started(tmp_path, port) as process:
        manager.recv(1000)
        process.send_signal(signal.SIGHUP)
        assert _ready(_port(port))
        assert process.poll() is None


def test_callers_wait_while_it_restarts(tmp_path: Path) -> None:
    """Between two processes the socket stays open: a connection of that time is answered by the second one."""
    with _manager(tmp_path) as manager, _listening() as port:
        with _started(tmp_path, port) as first:
            manager.recv(1000)
            first.terminate()
            assert first.wait(20) == 0
        with socket.create_connection(("127.0.0.1", _port(port)), timeout=20) as caller:
            caller.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            with _started(tmp_path, port):
                assert b" 200 " in caller.recv(100)


def test_keys_are_asked_for_by_the_sockets_address(tmp_path: Path) -> None:
    """A socket open to every address is not a server on loopback, whatever server.host says."""
    with _manager(tmp_path) as manager, _listening("0.0.0.0") as port, _started(tmp_path, port, "--demo"):
        manager.recv(1000)
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"http://127.0.0.1:{_port(port)}/v1/models", timeout=20)


def test_what_the_unit_names_is_what_is_there() -> None:
    """The drain fits into the time that systemd gives; the socket is loopback's."""
    stop = re.search(r"TimeoutStopSec=(\d+)", SERVICE)
    assert stop
    assert int(stop[1]) > 30 + 2
    assert "ListenStream=127.0.0.1:3000\n" in (UNITS / "modelport.socket").read_text()


def _analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    program = require("systemd-analyze")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=60)


@contextmanager
def _manager(folder: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(folder / "notify"))
        sock.settimeout(30)
        yield sock


@contextmanager
def _listening(host: str = "127.0.0.1") -> Iterator[socket.socket]:
    with socket.create_server((host, 0), backlog=16) as sock:
        yield sock


def _port(sock: socket.socket) -> int:
    return int(sock.getsockname()[1])


def _environment(folder: Path) -> Mapping[str, str]:
    """The variables of the unit, with systemd's specifiers filled in."""
    set_here = re.findall(r"^Environment=(\w+)=(.*)$", SERVICE, re.MULTILINE)
    assert dict(set_here) == {"MODELPORT_DATA_DIR": "%S/modelport"}
    ours = {name: value.replace("%S", str(folder)) for name, value in set_here}
    return {"PATH": os.environ["PATH"], "NOTIFY_SOCKET": str(folder / "notify"), **ours}


@contextmanager
def _started(folder: Path, sock: socket.socket, *flags: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the unit's command with this socket."""
    command = re.search(r"^ExecStart=/opt/modelport/bin/modelport (.*)$", SERVICE, re.MULTILINE)
    assert command
    words = [sys.executable, "-c", _LAUNCH, str(sock.fileno()), str(PROGRAM), *command[1].split(), *flags]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            words, pass_fds=[sock.fileno()], env=_environment(folder), cwd=folder, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _ready(port: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=20) as answer:
        return bool(answer.status == 200)
