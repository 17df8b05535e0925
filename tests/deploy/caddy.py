"""Caddy with the very file that we give to users: only ports are others, and one site stands for any host."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.app.installation import free_port
from tests.app.nginx import wait_for_port
from tests.deploy.files import DEPLOY, replaced
from tests.programs import require

_QUIET = "{\n\tadmin off\n\tauto_https off\n}\n"


@contextlib.contextmanager
def running_caddy(folder: Path, modelport_port: int) -> Iterator[dict[str, int]]:
    """Run it in front of that port while entered; gives the port of each site by its name."""
    program = require("caddy")
    ports = {"models.example.com": free_port(), "www.example.com": free_port()}
    sites = {f"\n{name} {{": f"\nhttp://:{port} {{" for name, port in ports.items()}
    text = replaced((DEPLOY / "Caddyfile").read_text(), {"127.0.0.1:3000": f"127.0.0.1:{modelport_port}", **sites})
    config, log = folder / "Caddyfile", folder / "caddy.log"
    config.write_text(_QUIET + text)
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    command: list[str | Path] = [program, "run", "--adapter", "caddyfile", "--config", str(config)]
    with log.open("wb") as written:
        process = subprocess.Popen(command, stdout=written, stderr=written, env={**os.environ, **home})
    try:
        for port in ports.values():
            wait_for_port(process, port, log)
        yield ports
    finally:
        process.terminate()
        process.wait(10)
