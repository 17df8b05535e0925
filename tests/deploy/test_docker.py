"""The Dockerfile: linted, its rules read off the text, its health check run against a server."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.files import DEPLOY, ROOT

FILE = DEPLOY / "Dockerfile"
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def instructions() -> list[tuple[str, str]]:
    """Return the instructions in order, continued lines joined."""
    joined = re.sub(r"\\\n\s*", "", FILE.read_text())
    words = [line.split(" ", 1) for line in joined.splitlines() if line and not line.startswith("#")]
    return [(name, rest) for name, rest in words]


def last(name: str) -> str:
    """Return what the last instruction of a kind says: it is the one that holds."""
    return [rest for kind, rest in instructions() if kind == name][-1]


def environment() -> dict[str, str]:
    """Return the variables of the image."""
    return dict(re.findall(r"(\w+)=(\S+)", last("ENV")))


def health_check() -> list[str]:
    """Return the command, run by this interpreter."""
    command = json.loads(last("HEALTHCHECK").partition(" CMD ")[2])
    assert command[0] == "python"
    return [sys.executable, *command[1:]]


def test_the_linter_finds_nothing_to_say() -> None:
    """hadolint, every rule on."""
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([linter, FILE], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_it_runs_as_nobody_in_particular() -> None:
    """By number, so that an orchestrator can see that it is not root; its folder belongs to it."""
    number = last("USER")
    assert int(number) > 1000
    (made,) = [rest for kind, rest in instructions() if kind == "RUN" and "useradd" in rest]
    assert f"--uid {number}" in made
    assert f"--home-dir {environment()['MODELPORT_DATA_DIR']} --create-home" in made


def test_every_installation_is_pinned_by_hashes() -> None:
    """Of what comes from elsewhere; our own package is built from the tree without looking for others."""
    installs = [rest for kind, rest in instructions() if kind == "RUN" and "pip install" in rest]
    assert len(installs) == 2
    assert "--require-hashes --only-binary :all: -r requirements.lock" in installs[0]
    assert installs[1].endswith("--no-deps .")


def test_the_image_holds_what_is_tested() -> None:
    """Its lock has the versions of the others, and PostgreSQL's driver."""
    image = dict(PIN.findall((DEPLOY / "requirements.lock").read_text()))
    tested = dict(PIN.findall((ROOT / "requirements-dev.lock").read_text()))
    runtime = dict(PIN.findall((ROOT / "requirements.lock").read_text()))
    assert image.items() <= tested.items()
    assert image.keys() - runtime.keys() == {"asyncpg"}


def test_what_it_copies_is_there() -> None:
    """And it copies all that the wheel is made of."""
    copies = [rest.split() for kind, rest in instructions() if kind == "COPY" and not rest.startswith("--from")]
    sources = {source for words in copies for source in words[:-1]}
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert {"gateway", "resolver", "pyproject.toml", "README.md", "LICENSE"} <= sources


def test_the_second_stage_has_nothing_of_the_first_but_the_environment() -> None:
    """No compiler, no cache, no source tree."""
    stages = [rest for kind, rest in instructions() if kind == "FROM"]
    assert stages[0] == f"{stages[1]} AS build"
    assert [rest for kind, rest in instructions() if kind == "COPY" and rest.startswith("--from")] == [
        "--from=build /opt/modelport /opt/modelport"
    ]


@pytest.mark.parametrize("mount", ["/", "/ai/"])
async def test_the_health_check_tells_ready_from_not(start: Any, mount: str) -> None:
    """Exit 0 from a ready server wherever it is mounted, else not; with the image's own variables."""
    async with start(server={"mount": mount}) as product:
        port = product.anonymous.address.split(":")[2].partition("/")[0]
        variables = {**environment(), "MODELPORT_SERVER__PORT": port, "MODELPORT_SERVER__MOUNT": mount}
        assert await _exit_code(variables) == 0
        product.inside._probes.ready = False
        assert await _exit_code(variables) == 1


async def _exit_code(variables: dict[str, str]) -> int:
    import asyncio

    process = await asyncio.create_subprocess_exec(*health_check(), env=variables, stderr=asyncio.subprocess.DEVNULL)
    return await process.wait()


def test_the_context_is_free_of_what_nobody_wants_in_an_image() -> None:
    """The environment of a developer, databases and keys do not travel to the builder."""
    ignored = (ROOT / "config" / "deploy" / "Dockerfile.dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    sources = {line[1:] for line in ignored if line.startswith("!")}
    copies = [rest.split() for kind, rest in instructions() if kind == "COPY" and not rest.startswith("--from")]
    assert sources == {source for words in copies for source in words[:-1]}
