"""Environments with another openai than the suite's own, and the SDK's tests, kept (see tests/environments.py).

Made on first use from the package registry. Where that cannot be reached and nothing is kept, a test is skipped with
one sentence, or fails in CI, where nothing may be missing unseen.
"""

import os
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import environments
from tests.environments import alone, pip

CACHE = environments.CACHE / "openai"
# What the SDK's own tests import, in both majors.
TEST_PACKAGES = (
    *("pytest", "pytest-asyncio", "pytest-xdist", "inline-snapshot", "rich", "respx", "trio", "nest_asyncio"),
    *("dirty-equals", "time-machine", "Pillow"),
)


def python_with(requirement: str) -> Path:
    """Return the interpreter of an environment that holds `requirement` and what the tests need."""
    folder = CACHE / f"venv-{''.join(letter if letter.isalnum() else '-' for letter in requirement)}"
    packages = (requirement, *TEST_PACKAGES)
    with alone(), _skipped_without_registry():
        return environments.python_in(folder, packages) or environments.make(
            folder, packages, environment=plain_environment()
        )


def sdk_tests(python: Path) -> Path:
    """Return the folder of the source distribution that belongs to the openai of `python`."""
    script = "import openai; print(openai.__version__)"
    version = subprocess.run([python, "-c", script], check=True, capture_output=True, text=True).stdout.strip()
    folder = CACHE / f"openai-{version}"
    with alone(), _skipped_without_registry():
        if not folder.exists():
            wanted = ("--no-deps", "--no-binary", "openai", f"openai=={version}")
            command = (*pip(), "download", "-q", *wanted, "-d", str(CACHE))
            environments.run(*command, environment=plain_environment())
            with tarfile.open(CACHE / f"openai-{version}.tar.gz") as archive:
                archive.extractall(CACHE / "unpacked", filter="data")
            (CACHE / "unpacked" / folder.name).rename(folder)
    return folder


def plain_environment(**more: str) -> dict[str, str]:
    """Return this process's environment without what would steer the other interpreter's pytest or openai."""
    steering = ("OPENAI_", "MODELPORT_", "PYTEST_", "PYTHON", "COV_", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(steering)} | more


@contextmanager
def _skipped_without_registry() -> Iterator[None]:
    try:
        yield
    except subprocess.CalledProcessError as error:
        last = (str(error.stderr).strip().splitlines() or ["no message"])[-1]
        sentence = f"the environments of openai's versions cannot be made, is the package registry in reach? ({last})"
        if os.environ.get("CI") == "true":
            pytest.fail(sentence, pytrace=False)
        pytest.skip(sentence)
