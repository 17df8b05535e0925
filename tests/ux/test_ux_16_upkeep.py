"""UX-16 to UX-19: upgrades, a machine without a network, the bundle for whoever helps, the documents."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gateway.storage.revisions import REVISIONS
from tests.cli.program import Shell
from tests.cli.server import Server
from tests.generated import FILES, ROOT
from tests.storage.released import restore
from tests.ux.start import started

CANARY = "sk-canary-4b7a2e"
# uvloop connects without Python's sockets; what cannot be watched is not loaded.
GUARD = """
import os, socket, sys
sys.modules["uvloop"] = None
_LOCAL = ("127.", "::1", "localhost")
def _guard(name):
    inner = getattr(socket.socket, name)
    def call(self, address, *more):
        if isinstance(address, tuple) and not str(address[0]).startswith(_LOCAL):
            with open(os.environ["CALLED_HOME"], "a") as file:
                file.write(f"{address}\\n")
            raise OSError(101, "Network is unreachable")
        return inner(self, address, *more)
    setattr(socket.socket, name, call)
for _name in ("connect", "connect_ex", "sendto"):
    _guard(_name)
_inner = socket.getaddrinfo
def _look_up(host, *more, **named):
    name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    if not name.startswith(_LOCAL) and name not in ("0.0.0.0", "::"):
        with open(os.environ["CALLED_HOME"], "a") as file:
            file.write(f"{name}\\n")
        raise socket.gaierror(-2, "Name or service not known")
    return _inner(host, *more, **named)
socket.getaddrinfo = _look_up
"""
PART = (
    "tests/resolver/test_address.py",
    "tests/test_settings.py",
    "tests/registry/test_endpoints_api.py",
    "tests/app/test_first_call.py",
    "tests/cli/test_resolve.py",
)


@pytest.fixture
def denied(tmp_path: Path) -> dict[str, str]:
    """Give the variables under which every Python process can reach this machine alone, and writes down who tried."""
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD)
    return {"PYTHONPATH": str(tmp_path / "guard"), "CALLED_HOME": str(tmp_path / "called")}


@pytest.mark.parametrize("revision", REVISIONS)
def test_ux_16_an_upgrade_from_every_released_schema(tmp_path: Path, revision: str) -> None:
    """Status, upgrade, start; tests/storage/test_released.py goes back again, and through a step."""
    (tmp_path / "modelport-data").mkdir(mode=0o700)
    restore(revision, tmp_path / "modelport-data" / "modelport.db")
    shell = Shell(tmp_path, {})
    assert shell.run("db", "upgrade").code == 0
    assert json.loads(shell.run("db", "status", "-o", "json").out)["current"] is True
    with started(tmp_path, "--demo") as server:
        assert shell.having(MODELPORT_URL=server.url).run("call", "echo", "upgraded").out == "upgraded\n"


def test_ux_16_a_file_says_its_version(shell: Shell) -> None:
    """`version: 1`; another one is refused in a sentence."""
    shell.run("init")
    file = shell.folder / "modelport.yaml"
    assert "\nversion: 1\n" in file.read_text()
    file.write_text("version: 2\n")
    ended = shell.run("config", "check")
    assert (ended.code, "reads version 1" in ended.out) == (12, True)


def test_ux_17_the_guard_catches(denied: dict[str, str], tmp_path: Path) -> None:
    """Or the tests below would prove nothing."""
    for code in (
        "import socket; socket.create_connection(('192.0.2.1', 9), 1)",
        "import socket; socket.getaddrinfo('example.com', 80)",
        "import urllib.request; urllib.request.urlopen('http://example.com')",
    ):
        done = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, **denied}, capture_output=True, check=False
        )
        assert done.returncode != 0
    assert len((tmp_path / "called").read_text().splitlines()) == 3


def test_ux_17_nothing_phones_home(denied: dict[str, str], tmp_path: Path) -> None:
    """A start, a registration, a call, and the commands around them: nobody outside is asked for."""
    with started(tmp_path, "--demo", **denied) as server:
        key = re.search(r"mp_live_\S+", server.greeting)
        assert key
        shell = Shell(tmp_path, {**denied, "MODELPORT_URL": server.url, "MODELPORT_KEY": key[0]})
        assert shell.run("teams", "add", "offline").code == 0
        assert shell.run("call", "echo", "alone").out == "alone\n"
        assert shell.run("doctor", "--only", "config,database").code == 0
        assert shell.run("report", "bundle.zip").code == 0
    assert not (tmp_path / "called").exists(), (tmp_path / "called").read_text()


def test_ux_17_a_part_of_the_suite_passes_without_a_network(denied: dict[str, str], tmp_path: Path) -> None:
    """The address rule, the settings, the registry, a call through the whole product, resolving."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not postgresql", *PART]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **denied}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert not (tmp_path / "called").exists(), (tmp_path / "called").read_text()


def test_ux_18_the_bundle_holds_no_secret(admin: Shell, server: Server) -> None:
    """Version, configuration, findings; neither key nor canary, in no file of it."""
    (admin.folder / "modelport.yaml").write_text(f"database:\n  url: postgresql://me:{CANARY}@127.0.0.1:9/x\n")
    ended = admin.having(OPENAI_API_KEY=CANARY).run("report", "bundle.zip")
    assert ended.code == 0, ended.err
    with zipfile.ZipFile(admin.folder / "bundle.zip") as bundle:
        texts = {name: bundle.read(name).decode() for name in bundle.namelist()}
    whole = "\n".join(texts.values())
    assert CANARY not in whole
    assert server.key not in whole
    assert any("doctor" in name for name in texts)
    assert re.search(r"modelport\W+\d+\.\d+", whole)


def test_ux_19_the_documents_are_there_and_generated_where_they_can_be() -> None:
    """Their blocks are run by tests/docs and tests/readme, which count them."""
    docs = ROOT / "docs"
    for name in (
        "tutorial",
        "how-to/nginx",
        "how-to/caddy",
        "how-to/endpoints",
        "how-to/team-keys",
        "how-to/path-prefix",
    ):
        assert (docs / f"{name}.md").stat().st_size > 500, name
    endpoints = (docs / "how-to" / "endpoints.md").read_text()
    assert all(word in endpoints for word in ("vLLM", "Ollama", "OpenAI"))
    generated = {path for path in FILES if path.is_relative_to(docs / "reference")}
    assert {"settings.md", "commands.md", "errors.md"} <= {path.name for path in generated}
