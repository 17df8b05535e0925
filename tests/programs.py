"""Programs of the machine that some tests drive: found, or the test says what to install.

A missing program skips a test on a developer's machine and fails it in CI, so that nothing there is skipped unseen.
"""

import os
import shutil
from pathlib import Path

import pytest

_DEBIAN_PACKAGES = {
    "caddy": "caddy",
    "chromium": "chromium",
    "curl": "curl",
    "docker-registry": "docker-registry",
    "initdb": "postgresql",
    "nginx": "nginx",
    "node": "nodejs",
    "npm": "npm",
    "postgres": "postgresql",
    "redis-server": "redis-server",
    "skopeo": "skopeo",
    "systemd-analyze": "systemd",
    "unshare": "util-linux",
}
_ELSEWHERE = ("/usr/sbin", "/usr/lib/postgresql/*/bin")  # where Debian puts programs that are in nobody's PATH


def require(program: str) -> Path:
    """Return the program's path; skip the test (fail it in CI) with one sentence that names the Debian package."""
    found = find(program)
    if found is not None:
        return found
    sentence = f"{program} is missing: apt-get install {_DEBIAN_PACKAGES.get(program, program)}"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


def find(program: str) -> Path | None:
    """Return the program's path, or None where it is not installed; of several versions the newest."""
    if on_path := shutil.which(program):
        return Path(on_path)
    candidates = [path for pattern in _ELSEWHERE for path in Path("/").glob(f"{pattern[1:]}/{program}")]
    return max(candidates, key=_version, default=None)


def _version(path: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in path.parts if part.isdigit())
