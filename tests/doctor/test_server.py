import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway import __version__
from gateway.doctor.finding import Status
from gateway.doctor.machine import Told
from tests.discovery.servers import neighbours
from tests.doctor.machines import HEALTHY, FakeServer, bad, check, machine, statuses

Serve = Callable[..., int]
ME = Told(200, {"role": "admin", "team": None})
DESCRIBED = Told(200, {"info": {"version": __version__}})
RUNNING = {"-/healthy": HEALTHY, "-/ready": HEALTHY, "api/openapi.json": DESCRIBED}


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Give a function that starts a small server in another thread and returns its port: checks are not async."""
    with neighbours() as here:
        yield here.start


def test_a_server_that_nobody_named_may_be_away(tmp_path: Path) -> None:
    """One that was named may not."""
    assert statuses("server", machine(tmp_path)) == {"skip"}
    finding = bad("server", machine(tmp_path, server=FakeServer(named=True)))
    assert (finding.status, finding.command) == (Status.FAIL, "modelport serve")


@pytest.mark.parametrize(
    ("path", "told", "status", "words"),
    [
        ("-/healthy", Told(200, None, {"server": "nginx"}), Status.FAIL, "not as modelport does"),
        ("-/healthy", Told(502, None, {"server": "nginx"}), Status.FAIL, "answered 502"),
        ("-/healthy", Told(421, None, {"server": "modelport"}), Status.FAIL, "does not serve this host"),
        ("-/ready", Told(503, {"status": "not ready"}), Status.WARN, "takes no calls"),
        ("api/openapi.json", Told(200, {"info": {"version": "9.9.9"}}), Status.WARN, "is modelport 9.9.9"),
    ],
)
def test_a_server_that_is_not_as_it_should_be(
    tmp_path: Path, path: str, told: Told, status: Status, words: str
) -> None:
    """Another program, another host, starting, another version."""
    finding = bad("server", machine(tmp_path, server=FakeServer({**RUNNING, path: told})))
    assert finding.status is status
    assert words in finding.message
    assert finding.command


def test_the_key_is_told_by_role_and_team(tmp_path: Path) -> None:
    """Never by its text."""
    server = FakeServer({**RUNNING, "api/v1/me": ME}, has_key=True)
    (finding,) = check("key", machine(tmp_path, server=server))
    assert (finding.status, finding.message) == (Status.OK, "role admin, every team")
    server.answers["api/v1/me"] = Told(401)
    refused = bad("key", machine(tmp_path, server=server))
    assert refused.command == "export MODELPORT_KEY=$(modelport keys create --local)"
    server.has_key = False
    assert statuses("key", machine(tmp_path, server=server)) == {"skip"}


def test_a_taken_port_is_told_with_who_has_it(tmp_path: Path) -> None:
    """And the command names a free one."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        finding = bad("port", machine(tmp_path, f"server: {{port: {port}}}\n"))
        assert f"port {port} is taken by" in finding.message
        assert "process" in finding.message
        free = int((finding.command or "").rpartition(" ")[2])
        assert statuses("port", machine(tmp_path, f"server: {{port: {free}}}\n")) == {"ok"}
    assert statuses("port", machine(tmp_path, f"server: {{port: {port}}}\n")) == {"ok"}


def test_modelport_on_its_port_is_no_fault(tmp_path: Path, serve: Serve) -> None:
    """The server that runs already."""
    port = serve({"/-/healthy": {"status": "ok"}}, Server="modelport")
    (finding,) = check("port", machine(tmp_path, f"server: {{port: {port}}}\n"))
    assert (finding.status, "modelport itself" in finding.message) == (Status.OK, True)


def test_an_address_of_another_machine_is_told(tmp_path: Path) -> None:
    """TEST-NET-1 is nobody's."""
    finding = bad("port", machine(tmp_path, "server: {host: 192.0.2.1, port: 3000}\n"))
    assert finding.command == "modelport serve --host 127.0.0.1"


@pytest.mark.parametrize(
    ("answers", "headers", "words"),
    [
        ({"/ai/-/healthy": {"status": "ok"}}, {"Server": "modelport"}, None),
        ({"/ai/-/healthy": {"status": "ok"}}, {"Server": "nginx", "X-Request-Id": "r"}, None),
        ({}, {"Server": "nginx"}, "does the proxy pass /ai/?"),
        ({"/ai/-/healthy": [421, {}]}, {"Server": "modelport"}, "passes another Host"),
    ],
    ids=["direct", "proxy", "not passed on", "other Host"],
)
def test_the_public_address_is_tried_from_outside(
    tmp_path: Path, serve: Serve, answers: dict[str, Any], headers: dict[str, str], words: str | None
) -> None:
    """Through whatever stands in front."""
    port = serve(answers, **headers)
    examined = machine(tmp_path, f"server: {{public_origin: 'http://localhost:{port}', mount: /ai/}}\n")
    if words is None:
        assert statuses("origin", examined) == {"ok"}
    else:
        finding = bad("origin", examined)
        assert (finding.status, words in finding.message) == (Status.FAIL, True)
        assert finding.command


def test_a_public_address_where_nobody_listens_is_told(tmp_path: Path) -> None:
    """The proxy is not started."""
    finding = bad("origin", machine(tmp_path, "server: {public_origin: 'http://localhost:1'}\n"))
    assert "refused" in finding.message
    assert (finding.command or "").startswith("curl ")
