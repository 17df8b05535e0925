"""Both ends of `openai>=2.54,<4`: our client tests under each, and each SDK's own client tests with our classes.

Only tests of the SDK that need no OpenAPI mock server are run; of these files nothing is deselected. What they skip
by themselves is listed below.
"""

import re
import subprocess
from pathlib import Path

import pytest

from tests.environments import ROOT
from tests.resolver.environments import plain_environment, python_with, sdk_tests

RANGE = {"lowest": "openai[aiohttp]==2.54.0", "newest": "openai[aiohttp]<4"}

OUR_TESTS = ("test_client*.py", "test_routes.py", "test_trust.py")

SDK_FILES = (
    "tests/test_client.py",
    "tests/test_auth.py",
    "tests/test_streaming.py",
    "tests/test_response.py",
    "tests/lib/chat/test_completions.py",
)

# What these files skip in the SDK's own runs as well: a memory leak of Python 3.12, and the half of openai 3 that is
# for users who bring the old httpx.
SKIPPED_THERE = re.compile(r"memory leak that started from 3\.12|legacy HTTPX compatibility lane")


@pytest.fixture(scope="module", params=RANGE)
def python(request: pytest.FixtureRequest) -> Path:
    """Give an interpreter with the lowest, then one with the newest openai."""
    return python_with(RANGE[request.param])


def run(python: Path, *arguments: str, cwd: Path, path: tuple[Path, ...]) -> str:
    """Run pytest in that interpreter; return what it printed, which is also what a failure shows."""
    command = [str(python), "-m", "pytest", "-p", "no:cacheprovider", "-rs", *arguments]
    environment = plain_environment(PYTHONPATH=":".join(map(str, path)), PYTHONDONTWRITEBYTECODE="1")
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=cwd, env=environment)
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def passed(output: str) -> int:
    """Return the number that pytest's last line gives."""
    found = re.search(r"(\d+) passed", output)
    return int(found[1]) if found else 0


def test_our_clients_work_under_both_ends_of_the_range(python: Path) -> None:
    """CL-1: the same tests, not one of them skipped."""
    files = [str(file) for pattern in OUR_TESTS for file in sorted((ROOT / "tests" / "resolver").glob(pattern))]
    output = run(python, "-q", "--confcutdir=tests/resolver", *files, cwd=ROOT, path=(ROOT,))
    assert passed(output) > 300
    assert "SKIPPED" not in output


def test_the_sdks_own_client_tests_pass_with_our_classes(python: Path) -> None:
    """WRP-1: without a server our classes are the SDK's. Its tests come from its source distribution."""
    plugin = ROOT / "tests" / "resolver" / "in_place"
    output = run(
        python,
        *("-p", "modelport_in_place", "-o", "addopts=", *SDK_FILES),
        cwd=sdk_tests(python),
        path=(plugin, ROOT),
    )
    assert "in place: resolver.client on openai" in output
    assert passed(output) > 250
    skipped = [line for line in output.splitlines() if line.startswith("SKIPPED")]
    assert [line for line in skipped if not SKIPPED_THERE.search(line)] == []
