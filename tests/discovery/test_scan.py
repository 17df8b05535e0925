import json
import socket
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from gateway.discovery import scan as scanning
from gateway.discovery.scan import scan
from gateway.errors import ConfigError
from tests.discovery.servers import answering, talking

ROWS = json.loads((Path(__file__).parents[1] / "vectors" / "engines.json").read_text())


async def test_every_engine_is_found_in_one_go() -> None:
    """All ports at once, each server by what it answers, under an address that can be published."""
    async with AsyncExitStack() as stack:
        ports = [await stack.enter_async_context(answering(row["answers"])) for row in ROWS]
        found, refused = await scan(ports=ports)
    assert refused == []
    assert [(one.base_url, one.engine.name) for one in found] == [
        (f"http://localhost:{port}/v1", row["engine"]) for port, row in zip(ports, ROWS, strict=True)
    ]


async def test_a_server_on_ipv6_alone_is_found() -> None:
    """The name localhost has two addresses; what is shown reaches either."""
    async with answering(ROWS[0]["answers"], host="::1") as port:
        found, _ = await scan(ports=[port])
    assert [one.origin for one in found] == [f"http://localhost:{port}"]


async def test_modelport_itself_is_not_among_them() -> None:
    """Whatever it lists."""
    models = {"/v1/models": {"object": "list", "data": [{"id": "own", "object": "model"}]}}
    async with answering(models, headers={"Server": "modelport"}) as port:
        assert await scan(ports=[port]) == ([], [])


@pytest.mark.parametrize("kind", ["page", "banner", "silence", "closed", "redirect", "too much"])
async def test_other_programs_are_left_alone(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A web page, another protocol, silence, an endless answer: no failure, and an end in time."""
    monkeypatch.setattr(scanning, "ANSWER_S", 0.3)
    monkeypatch.setattr(scanning, "MAX_BYTES", 10_000)
    listed = {"object": "list", "data": [{"id": "x" * 20_000}]}
    pages: dict[str, Any] = {"/v1/models": "<html>hello</html>", "/": "<html>hello</html>"}
    async with AsyncExitStack() as stack:
        if kind == "page":
            port = await stack.enter_async_context(answering(pages))
        elif kind == "banner":
            port = await stack.enter_async_context(talking(b"SSH-2.0-OpenSSH_9.2\r\n"))
        elif kind == "silence":
            port = await stack.enter_async_context(talking(b"", hold=True))
        elif kind == "redirect":
            to = {"/v1/models": [307, {}]}
            port = await stack.enter_async_context(answering(to, headers={"Location": "http://127.0.0.1:1/v1/models"}))
        elif kind == "too much":
            port = await stack.enter_async_context(answering({"/v1/models": listed}))
        else:
            with socket.socket() as sock:
                sock.bind(("127.0.0.1", 0))
                port = sock.getsockname()[1]
        began = time.monotonic()
        assert await scan(ports=[port]) == ([], [])
        assert time.monotonic() - began < 10


@pytest.mark.parametrize("host", ["169.254.169.254", "100.100.100.200", "0.0.0.0", "fe80::1", "[fd00:ec2::254]"])
async def test_what_nothing_can_allow_is_not_asked_even_when_it_is_named(host: str) -> None:
    """Metadata services and link-local addresses (EGR-2)."""
    found, refused = await scan([host], [80])
    assert found == []
    assert [one.place for one in refused] == [f"{host.strip('[]')}:80"]
    assert "never" in refused[0].why


async def test_a_named_host_is_asked_instead_of_this_machine() -> None:
    """Naming it is allowing it, a private network included."""
    row = ROWS[1]
    async with answering(row["answers"]) as port:
        found, _ = await scan(["localhost"], [port])
        assert [one.origin for one in found] == [f"http://localhost:{port}"]
        nobody, refused = await scan(["192.0.2.1"], [port])
    assert (nobody, refused) == ([], [])


def test_no_other_address_is_asked_by_itself() -> None:
    """The default is loopback, and nothing else."""
    assert set(scanning.LOOPBACK) == {"127.0.0.1", "::1"}


@pytest.mark.parametrize("host", ["two words", "http://localhost", "user@host", "a/b"])
async def test_what_is_no_host_is_told(host: str) -> None:
    """One sentence instead of a failure deep inside."""
    with pytest.raises(ConfigError, match="is no host"):
        await scan([host], [80])
