"""The wheel in an empty environment: it starts, answers a call, and a part of this suite passes there."""

import json
import re
import subprocess
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import environments
from tests.release.conftest import Kind

SMOKE = (
    "tests/api/test_operation.py",
    "tests/app/test_first_call.py",
    "tests/cli/test_help.py",
    "tests/dataplane/test_behaviours.py",
    "tests/observe/test_logs.py",
    "tests/observe/test_metrics.py",
    "tests/resolver/test_client_hooks.py",
    "tests/storage/test_engine.py",
    "tests/upstream/test_transport.py",
    "tests/vault/test_vault.py",
)
"""A file or two for each library that the product stands on."""
_LIMIT_S = 300


def test_the_installed_program_serves_and_answers(python: Path, tmp_path: Path) -> None:
    """In a folder where nothing of this tree can be imported: start, call, stop."""
    with _serving(python, tmp_path) as address:
        body = {"model": "echo", "stream": True, "messages": [{"role": "user", "content": "good morning"}]}
        request = urllib.request.Request(  # noqa: S310 - the test's own server
            f"{address}v1/chat/completions",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": "Bearer none"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
            said = answer.read().decode()
    assert said.endswith("data: [DONE]\n\n")
    assert "good" in said


def test_the_installed_library_resolves(python: Path, tmp_path: Path) -> None:
    """`import resolver` finds ours, and its client works with the installed openai."""
    code = (
        "from resolver import resolve; import resolver.client, resolver, sys;"
        "assert 'site-packages' in resolver.__file__;"
        "print(resolve('/access/models/team1/', server='https://models.corp.example/ai/').url)"
    )
    done = subprocess.run(
        [python, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("https://models.corp.example/ai/access/models/team1/\n", "")


def test_a_part_of_the_suite_passes(python: Path) -> None:
    """With warnings as errors, as everywhere."""
    missing = [path for path in SMOKE if not (environments.ROOT / path).exists()]
    assert missing == []
    command: list[str | Path] = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not aiohttp", *SMOKE]
    done = subprocess.run(command, cwd=environments.ROOT, capture_output=True, text=True, check=False, timeout=_LIMIT_S)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert re.search(r"\d{3} passed", done.stdout)


def test_the_bounds_are_the_versions_that_were_tried(python: Path, kind: Kind) -> None:
    """The oldest environment has the lower bound of each package, so each bound is true; the newest is newer."""
    project = tomllib.loads((environments.ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["postgres"]]
    bounds = {found[1].lower(): found[2] for one in wanted if (found := re.match(r"([\w.-]+)[^>]*>=([\d.]+)", one))}
    assert len(bounds) == len(wanted)
    code = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
    done = subprocess.run([python, "-c", code, *bounds], capture_output=True, text=True, check=True)
    installed = {name: _numbers(version) for name, version in json.loads(done.stdout).items()}
    lowest = {name: _numbers(version) for name, version in bounds.items()}
    if kind == "oldest":
        assert installed == lowest
    else:
        assert all(installed[name] >= lowest[name] for name in lowest)
        assert installed != lowest


def _numbers(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in re.findall(r"\d+", version)]
    return tuple(numbers + [0] * (4 - len(numbers)))


@contextmanager
def _serving(python: Path, folder: Path) -> Iterator[str]:
    """Run `modelport serve --demo` of the environment; gives its address."""
    command: list[str | Path] = [
        python.with_name("modelport"),
        "serve",
        "--demo",
        "--port",
        "0",
        "--data-dir",
        folder / "data",
    ]
    environment = {"PATH": str(python.parent), "HOME": str(folder), "LANG": "C.UTF-8"}
    with (folder / "log").open("w+") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout is not None
        try:
            found = re.search(r"http://\S+/", process.stdout.readline())
            assert found, (folder / "log").read_text()
            yield found[0]
        finally:
            process.terminate()
            assert process.wait(30) == 0
            process.stdout.close()
