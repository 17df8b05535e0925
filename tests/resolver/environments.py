"""Environments with another openai than the suite's own, and the SDK's tests, kept under `.cache/`.

Made on first use from the package registry. Where that cannot be reached and nothing is kept, a test is skipped with
one sentence, or fails in CI, where nothing may be missing unseen.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "openai"
# What the SDK's own tests import, in both majors.
TEST_PACKAGES = (
    *("pytest", "pytest-asyncio", "pytest-xdist", "inline-snapshot", "rich", "respx", "trio", "nest_asyncio"),
    *("dirty-equals", "time-machine", "Pillow"),
)


def python_with(requirement: str) -> Path:
    """Return the interpreter of an environment that holds `requirement` and what the tests need."""
    folder = CACHE / f"venv-{''.join(letter if letter.isalnum() else '-' for letter in requirement)}"
    python = folder / "bin" / "python"
    with _alone():
        if not (folder / ".complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _run(sys.executable, "-m", "venv", "--without-pip", str(folder))
            _run(*_pip(), "--python", str(python), "install", "-q", requirement, *TEST_PACKAGES)
            (folder / ".complete").touch()
    return python


def sdk_tests(python: Path) -> Path:
    """Return the folder of the source distribution that belongs to the openai of `python`."""
    script = "import openai; print(openai.__version__)"
    version = subprocess.run([python, "-c", script], check=True, capture_output=True, text=True).stdout.strip()
    folder = CACHE / f"openai-{version}"
    with _alone():
        if not folder.exists():
            wanted = ("--no-deps", "--no-binary", "openai", f"openai=={version}")
            _run(*_pip(), "download", "-q", *wanted, "-d", str(CACHE))
            with tarfile.open(CACHE / f"openai-{version}.tar.gz") as archive:
                archive.extractall(CACHE / "unpacked", filter="data")
            (CACHE / "unpacked" / folder.name).rename(folder)
    return folder


def plain_environment(**more: str) -> dict[str, str]:
    """Return this process's environment without what would steer the other interpreter's pytest or openai."""
    steering = ("OPENAI_", "MODELPORT_", "PYTEST_", "PYTHON", "COV_", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(steering)} | more


def _pip() -> tuple[str, ...]:
    """Return the pip of the interpreter that the project's environment was made from: that one has none."""
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    return (str(base if base.exists() else "python3"), "-m", "pip")


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=plain_environment())
    if done.returncode == 0:
        return
    last = (done.stderr.strip().splitlines() or ["no message"])[-1]
    sentence = f"the environments of openai's versions cannot be made, is the package registry in reach? ({last})"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


@contextmanager
def _alone() -> Iterator[None]:
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
