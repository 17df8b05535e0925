"""What the journeys run on: model servers, and three ways to reach modelport in front of them."""

import asyncio
import functools
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

from resolver import resolve
from tests.conformance.modelport import Modelport, running_modelport, running_upstream
from tests.journeys import install, servers

TEAM = "default"
SEEN_S = 5.0
INSTALL = "python -m tests.journeys.install"


@dataclass(frozen=True, slots=True)
class Place:
    """One model server as three modelport processes publish it, and the keys to call it with."""

    model: str
    urls: tuple[str, ...]
    key: str
    wrong_key: str


Places: TypeAlias = tuple[Place, ...]


def installed(name: str) -> Path:
    """Return the interpreter (or the folder, for npm) of an environment; skip without it, fail in CI."""
    found = install.npm_folder() if name == "npm" else install.python_of(name)
    if found is None:
        sentence = f"the environment {name!r} of the journeys is missing: {INSTALL} {name}"
        if os.environ.get("CI") == "true":
            pytest.fail(sentence, pytrace=False)
        pytest.skip(sentence)
    return found


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the base_url of a server that generates tokens from random weights."""
    with servers.llama(tmp_path_factory.mktemp("llama"), installed("llama")) as base_url:
        yield base_url


@pytest.fixture(scope="session")
def aimock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the base_url of an independent scripted server."""
    with servers.aimock(tmp_path_factory.mktemp("aimock"), installed("npm") / "node_modules") as base_url:
        yield base_url


@pytest.fixture(scope="session")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the base_url of our own scripted upstream, which needs nothing installed."""
    with running_upstream(tmp_path_factory.mktemp("scripted") / "upstream.log") as process:
        yield f"http://127.0.0.1:{process.port}/v1"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modelport]:
    """Give a server at the root of its port."""
    with running_modelport(tmp_path_factory.mktemp("server")) as process:
        yield process


@pytest.fixture(scope="session")
def gateway(server: Modelport) -> Iterator[Modelport]:
    """Give a process in the gateway role on the same registry, registered as the gateway `front`."""
    with running_modelport(server.directory, {"role": "gateway"}, admin_key=server.admin_key) as process:
        asyncio.run(server.management.post("/gateways", {"name": "front", "url": process.origin}))
        yield process


@pytest.fixture(scope="session")
def mounted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modelport]:
    """Give a server under a path prefix."""
    with running_modelport(tmp_path_factory.mktemp("mounted"), {"server": {"mount": "/ai/"}}) as process:
        yield process


@pytest.fixture(scope="session")
def left_streams(server: Modelport, gateway: Modelport, mounted: Modelport) -> Callable[[], tuple[int, ...]]:
    """Give how many streams each process has seen a client leave: in the order of the places."""

    def count() -> tuple[int, ...]:
        return tuple(asyncio.run(_left_streams(process)) for process in (server, gateway, mounted))

    return count


@pytest.fixture(scope="session")
def places_of(
    request: pytest.FixtureRequest, server: Modelport, gateway: Modelport, mounted: Modelport
) -> Callable[[str], Places]:
    """Give the places at which a model server is published: on the server, through the gateway, under a prefix."""

    @functools.cache
    def publish(name: str) -> Places:
        return asyncio.run(_publish(name, request.getfixturevalue(name), server, gateway, mounted))

    return publish


async def _publish(name: str, upstream: str, server: Modelport, gateway: Modelport, mounted: Modelport) -> Places:
    real = {"scripted": "usual", "llama": "tiny", "aimock": "gpt-4o"}[name]
    found = []
    for process, via in ((server, "server"), (server, "front"), (mounted, "server")):
        model = f"{name}-{via}"
        endpoint = {"base_url": upstream, "upstream_model": real}
        view = await process.management.post("/models", {"name": model, "via": via, "endpoints": [endpoint]})
        published = str(resolve(view["base_url"], server=f"{process.origin}{process.mount}"))
        key = (await process.management.post("/keys", {"name": "journey", "team": TEAM}))["key"]
        if via == "front":
            await _until_known(gateway, key, model)
        found.append(Place(model, _forms(published), key, _wrong(key)))
    return tuple(found)


async def _left_streams(process: Modelport) -> int:
    text = (await process.fetch("metrics")).body.decode()
    found = re.search(r'^modelport_streams_total\{end="cancelled"\} (\d+)', text, re.MULTILINE)
    return int(found[1]) if found else 0


def _forms(published: str) -> tuple[str, ...]:
    """Return the address as published, without its final slash, and both with one `v1` segment (clients.md 3)."""
    bare = published.rstrip("/")
    return (published, bare, f"{bare}/v1", f"{bare}/v1/") if published != bare else (bare, f"{bare}/", f"{bare}/v1")


def _wrong(key: str) -> str:
    """Return a key of the same form that is nobody's."""
    return key[:-20] + ("A" if key[-20] != "A" else "B") + key[-19:]


async def _until_known(gateway: Modelport, key: str, model: str) -> None:
    """Wait until the other process has seen the change of the registry."""
    async with asyncio.timeout(SEEN_S):
        while (await gateway.fetch(f"v1/models/{model}", key=key)).status != 200:  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.1)
