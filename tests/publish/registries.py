"""Real registries on loopback: Debian's docker-registry in the variants of preflight.md section 4, about 0.1 s each."""

import contextlib
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.publish.credentials import Credential
from gateway.vault.secret import Secret
from tests.programs import require

USER, PASSWORD = "publisher", "right"
_BCRYPT = "$2b$04$fSYd3GeWER.ETFawgHKczuKo620Uy2et3OjuoXVZ.AaSkxRq584/W"  # of PASSWORD
_LISTENING = re.compile(r"listening on 127\.0\.0\.1:(\d+)")
DISK_KIB = 40
_START_S = 10.0


@dataclass(frozen=True, slots=True)
class Registry:
    """A registry that runs, and where it keeps what it was given."""

    place: str
    root: Path

    def sessions(self, repository: str) -> list[str]:
        """Return the upload sessions that are open: of a cancelled one the registry leaves an empty folder."""
        uploads = self.root / "docker/registry/v2/repositories" / repository / "_uploads"
        return sorted(one.parent.name for one in uploads.glob("*/startedat")) if uploads.exists() else []

    def tags(self, repository: str) -> list[str]:
        """Return the tags on its disk."""
        tags = self.root / "docker/registry/v2/repositories" / repository / "_manifests/tags"
        return sorted(one.name for one in tags.glob("*")) if tags.exists() else []


def login(user: str = USER, password: str = PASSWORD) -> Credential:
    """Return a credential as the command line would find it."""
    return Credential(user, Secret(password), "~/.docker/config.json")


@contextlib.contextmanager
def running(
    folder: Path,
    *,
    deletes: bool = True,
    storage: Mapping[str, Any] | None = None,
    small: bool = False,
    **more: Any,
) -> Iterator[Registry]:
    """Run a registry; `more` are further sections of its configuration. `small` gives it a disk of 40 KiB."""
    program = require("docker-registry")
    root = folder / "storage"
    root.mkdir(parents=True)
    config = {
        "version": "0.1",
        "log": {"level": "info", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(root)},
            "delete": {"enabled": deletes},
            "maintenance": {"uploadpurging": {"enabled": False}, **(storage or {})},
        },
        "http": {"addr": "127.0.0.1:0", "secret": "of-the-tests"},
        **more,
    }
    path = folder / "registry.json"
    path.write_text(json.dumps(config))
    command = [str(program), "serve", str(path)]
    if small:
        command = [*_on_a_small_disk(root), *command]
    log = folder / "log"  # a file: a pipe that nobody reads would stop the registry
    with log.open("wb") as stderr, subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr) as process:
        try:
            yield Registry(f"127.0.0.1:{_port(process, log)}", root)
        finally:
            process.kill()


def password_file(folder: Path) -> dict[str, Any]:
    """Return the section that asks for a password."""
    path = folder / "htpasswd"
    path.write_text(f"{USER}:{_BCRYPT}\n")
    return {"htpasswd": {"realm": "tests", "path": str(path)}}


def _on_a_small_disk(root: Path) -> list[str]:
    """Return the words before a command that give it a file system of its own, which nobody else sees."""
    unshare = require("unshare")
    namespaces = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]
    script = f'mount -t tmpfs -o size={DISK_KIB}k tmpfs "{root}" && exec "$@"'
    return [str(unshare), *namespaces, "sh", "-c", script, "sh"]


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < deadline:
        if found := _LISTENING.search(log.read_text()):
            return int(found[1])
        time.sleep(0.005)
    raise AssertionError(f"docker-registry did not start: {log.read_text()}")
