"""nginx with the very file that we give to users: only the two ports are others."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.app.installation import free_port
from tests.programs import require

CONFIG = Path(__file__).parents[2] / "config" / "deploy" / "nginx.conf"
_START_LIMIT_S = 20.0


@contextlib.contextmanager
def running_nginx(folder: Path, modelport_port: int) -> Iterator[int]:
    """Run it in front of that port while entered; gives the port to call."""
    program, port = require("nginx"), free_port()
    text = CONFIG.read_text()
    for theirs, ours in (("127.0.0.1:3000", modelport_port), ("127.0.0.1:8080", port)):
        assert text.count(theirs) == 1, theirs
        text = text.replace(theirs, f"127.0.0.1:{ours}")
    config = folder / "nginx.conf"
    config.write_text(text)
    command: list[str | Path] = [
        program,
        "-p",
        folder,
        "-c",
        config,
        "-e",
        "stderr",
        "-g",
        f"daemon off; pid {folder}/nginx.pid;",
    ]
    with (folder / "nginx.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_for_port(process, port, folder / "nginx.log")
        yield port
    finally:
        process.terminate()
        process.wait(10)


def wait_for_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return when a proxy listens; its log says why it does not."""
    deadline = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise AssertionError(log.read_text())
