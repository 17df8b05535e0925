"""compose.yaml: by the specification's schema, and its server and gateway started on a real PostgreSQL."""

import asyncio
import os
import re
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from gateway.configuration.loading import load
from tests.app.caller import Caller, until
from tests.app.installation import free_port
from tests.deploy.files import DEPLOY, replaced
from tests.deploy.test_docker import environment as image_environment
from tests.fakes.upstream import Upstream
from tests.postgres import Cluster

FILE = DEPLOY / "compose.yaml"
TEXT = FILE.read_text()
_KEY = re.compile(r"mp_live_\S{61,}")
_READY_S = 60.0


def services() -> dict[str, Any]:
    """Return the services, anchors and merges resolved."""
    parsed: dict[str, Any] = YAML(typ="safe").load(TEXT)["services"]
    return parsed


@pytest.fixture
def secrets_file(tmp_path: Path) -> dict[str, str]:
    """Give what the line at the top of the file writes into `.env`."""
    found = re.search(r"^#   (\(umask .*)$", TEXT, re.MULTILINE)
    assert found
    subprocess.run(["bash", "-euc", found[1]], cwd=tmp_path, check=True)
    file = tmp_path / ".env"
    assert file.stat().st_mode & 0o077 == 0
    return dict(line.split("=", 1) for line in file.read_text().splitlines())


def filled(service: str, values: dict[str, str]) -> dict[str, str]:
    """Return the variables of a service's process, `${NAME:?…}` filled in, over those of the image."""
    given: dict[str, str] = services()[service]["environment"]
    own = {name: re.sub(r"\$\{(\w+)(:\?[^}]*)?\}", lambda m: values[m[1]], text) for name, text in given.items()}
    return {**image_environment(), **own}


def test_it_keeps_to_the_specification() -> None:
    """The compose specification's own JSON schema."""
    program = Path(sys.executable).with_name("check-jsonschema")
    command: list[str | Path] = [program, "--builtin-schema", "vendor.compose-spec", FILE]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_a_service_needs_is_there() -> None:
    """Volumes, conditions and secrets name each other rightly; nothing is published to the world."""
    parsed = YAML(typ="safe").load(TEXT)
    for service in parsed["services"].values():
        for name, wait in service.get("depends_on", {}).items():
            assert wait == {"condition": "service_healthy"}
            assert "healthcheck" in parsed["services"][name] or service["image"] == "modelport"
        assert all(volume.split(":")[0] in parsed["volumes"] for volume in service.get("volumes", ()))
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert (DEPLOY / parsed["services"]["server"]["build"]["context"] / "pyproject.toml").exists()


@pytest.mark.parametrize("service", ["server", "gateway"])
def test_the_settings_are_settings(service: str, secrets_file: dict[str, str]) -> None:
    """As the program reads them at its start."""
    settings = load(environment=filled(service, secrets_file)).settings
    assert settings.server.host == "0.0.0.0"
    assert settings.egress.allow_hosts == ("gpu.internal:8000",)
    assert not settings.keyless


async def test_server_and_gateway_work_together(
    postgresql: Cluster, secrets_file: dict[str, str], tmp_path: Path, caller: Caller, upstream: Upstream
) -> None:
    """Started with what the file says, in its order, on one database: published here, called there."""
    name = f"compose_{secrets.token_hex(4)}"
    postgresql.administrator.run(f"CREATE DATABASE {name} TEMPLATE template0")
    url = postgresql.url(name)
    async with (
        _started("server", secrets_file, tmp_path, url) as (server, said),
        _started("gateway", secrets_file, tmp_path, url) as (gateway, _),
    ):
        key = _KEY.search(said)
        assert key
        admin = caller.at(server).keyed(key[0])
        await _publish(server, key[0], upstream.url)
        assert (await admin.show("api/v1/models"))["items"][0]["url"] == "http://localhost:3001"
        through = admin.at(gateway)

        async def known() -> bool:
            return (await through.get("models/llama")).status == 200

        await until(known)  # the gateway looks for changes once a second
        answer = await through.chat("llama", path="chat/completions")
        assert answer.status == 200, answer.text
    postgresql.administrator.run(f"DROP DATABASE {name} WITH (FORCE)")


async def _publish(server: str, key: str, upstream: str) -> None:
    """Run the lines at the top of the file."""
    lines = re.findall(r"^#   (modelport .*)$", TEXT, re.MULTILINE)
    assert len(lines) == 2
    variables = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    variables |= {"MODELPORT_URL": server, "MODELPORT_KEY": key}
    text = replaced("\n".join(lines), {"http://gpu.internal:8000/v1": upstream})
    process = await asyncio.create_subprocess_exec("bash", "-euc", text, env=variables)
    assert await process.wait() == 0


@asynccontextmanager
async def _started(service: str, values: dict[str, str], folder: Path, database: str) -> AsyncIterator[tuple[str, str]]:
    """Run a service's process; gives its address and what it said. Only database, port and upstream are others."""
    port, log = free_port(), folder / f"{service}.log"
    ours = {
        "MODELPORT_DATABASE__URL": database,
        "MODELPORT_DATA_DIR": str(folder / service),
        "MODELPORT_SERVER__PORT": str(port),
        "MODELPORT_EGRESS__ALLOW_NETWORKS": '["127.0.0.0/8"]',
    }
    variables = {**filled(service, values), **ours, "PATH": os.environ["PATH"]}
    words = services()[service].get("command", ["serve"])
    with log.open("wb") as written:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", *words, env=variables, stdout=written, stderr=written
        )
    try:
        async with asyncio.timeout(_READY_S):
            while not (await _ready(port)):
                assert process.returncode is None, log.read_text()
                await asyncio.sleep(0.1)
        yield f"http://127.0.0.1:{port}/", log.read_text()
    finally:
        process.terminate()
        await process.wait()


async def _ready(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.write(b"GET /-/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    said = await reader.read()
    writer.close()
    return b" 200 " in said[:20]
