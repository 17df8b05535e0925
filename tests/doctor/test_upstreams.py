import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.doctor.finding import Status
from gateway.doctor.machine import Told
from tests.doctor.machines import FakeServer, bad, check, machine
from tests.doctor.test_server import Serve, serve

__all__ = ["serve"]
LISTED = {"object": "list", "data": [{"id": "qwen3"}, {"id": "llama3"}]}


def _asked(folder: Path, base_url: str, *, text: str = "", model: str = "qwen3", **given: Any) -> Any:
    """Return a machine whose server knows one endpoint."""
    row = {"id": "ep_1", "base_url": base_url, "upstream_model": None, "model": model, "enabled": True}
    answers = {"api/v1/endpoints": Told(200, {"items": [row], "next_cursor": None})}
    model_row = {"name": model, "task": "chat", "state": "active", "endpoints": [row]}
    answers["api/v1/models"] = Told(200, {"items": [model_row], "next_cursor": None})
    server = FakeServer(answers, wrong=given.pop("wrong", None))
    return machine(folder, text, server=server, **given)


def test_an_endpoint_that_lists_its_model_is_ok(tmp_path: Path, serve: Serve) -> None:
    """Name, connection and list."""
    port = serve({"/v1/models": LISTED})
    (finding,) = check("upstreams", _asked(tmp_path, f"http://localhost:{port}/v1"))
    assert (finding.status, "lists 2 models" in finding.message) == (Status.OK, True)


def test_one_that_asks_for_a_key_is_ok(tmp_path: Path, serve: Serve) -> None:
    """The server has it, this command does not."""
    port = serve({"/v1/models": [401, {"error": {}}]})
    (finding,) = check("upstreams", _asked(tmp_path, f"http://localhost:{port}/v1"))
    assert finding.status is Status.OK


@pytest.mark.parametrize(
    ("answers", "path", "status", "words", "command"),
    [
        (
            {"/v1/models": LISTED},
            "",
            "fail",
            "its API is at",
            "modelport endpoints edit ep_1 --url http://localhost:{port}/v1",
        ),
        ({}, "/v1", "warn", "answered 404", "curl -i http://localhost:{port}/v1/models"),
        ({"/v1/models": "<html>"}, "/v1", "warn", "lists no models", "curl -i http://localhost:{port}/v1/models"),
        ({"/v1/models": [503, {}]}, "/v1", "fail", "answered 503", "modelport endpoints edit ep_1 --disabled"),
    ],
    ids=["no /v1", "404", "page", "503"],
)
def test_a_wrong_address_is_told(
    tmp_path: Path, serve: Serve, answers: dict[str, Any], path: str, status: str, words: str, command: str
) -> None:
    """With the command that mends it."""
    port = serve(answers)
    finding = bad("upstreams", _asked(tmp_path, f"http://localhost:{port}{path}"))
    assert (str(finding.status), words in finding.message) == (status, True)
    assert finding.command == command.format(port=port)


def test_a_misspelt_model_is_told_with_the_nearest(tmp_path: Path, serve: Serve) -> None:
    """--upstream-model."""
    port = serve({"/v1/models": LISTED})
    finding = bad("upstreams", _asked(tmp_path, f"http://localhost:{port}/v1", model="qwen-3"))
    assert (finding.status, finding.command) == (
        Status.WARN,
        "modelport endpoints edit ep_1 --upstream-model qwen3",
    )


@pytest.mark.parametrize(
    ("base_url", "words"),
    [("http://localhost:1/v1", "refused"), ("http://no-such-host.invalid/v1", "name cannot be resolved")],
)
def test_an_endpoint_out_of_reach_is_told(tmp_path: Path, base_url: str, words: str) -> None:
    """DNS and TCP apart."""
    finding = bad("upstreams", _asked(tmp_path, base_url))
    assert finding.status is Status.FAIL
    assert words in finding.message


def test_https_to_a_plain_port_is_told(tmp_path: Path, serve: Serve) -> None:
    """The command takes the s away."""
    port = serve({"/v1/models": LISTED})
    finding = bad("upstreams", _asked(tmp_path, f"https://localhost:{port}/v1"))
    assert "TLS" in finding.message
    assert finding.command == f"modelport endpoints edit ep_1 --url http://localhost:{port}/v1"


def test_what_the_egress_policy_forbids_is_told_with_the_line_to_add(tmp_path: Path) -> None:
    """The command starts the server with it, and the check agrees."""
    finding = bad("upstreams", _asked(tmp_path, "http://10.255.255.1:9/v1"))
    assert finding.status is Status.FAIL
    assert finding.command == """MODELPORT_EGRESS__ALLOW_NETWORKS='["10.255.255.1/32:9"]' modelport serve"""


def test_without_a_server_the_database_is_read(tmp_path: Path, sqlite_template: Path, serve: Serve) -> None:
    """Endpoints that are switched off are left alone."""
    port = serve({"/v1/models": LISTED})
    (tmp_path / "data").mkdir()
    shutil.copyfile(sqlite_template, tmp_path / "data" / "modelport.db")
    with closing(sqlite3.connect(tmp_path / "data" / "modelport.db")) as database:
        database.execute("PRAGMA foreign_keys=OFF")
        _insert(database, "models", uid="mdl_1", team_id="t", name="qwen3", task="chat", state="active", rev=1)
        for number, enabled in ((1, 1), (2, 0)):
            url = f"http://localhost:{port if enabled else 1}/v1"
            _insert(
                database, "endpoints", id=f"ep_{number}", model_uid="mdl_1", base_url=url, weight=1, enabled=enabled
            )
        database.commit()
        database.execute("PRAGMA journal_mode=DELETE")
    (finding,) = check("upstreams", machine(tmp_path))
    assert (finding.status, f"qwen3 at http://localhost:{port}/v1" in finding.message) == (Status.OK, True)


def test_nobody_can_say_which_endpoints_there_are(tmp_path: Path) -> None:
    """Neither server nor database."""
    (finding,) = check("upstreams", machine(tmp_path))
    assert finding.status is Status.SKIP


@pytest.mark.parametrize("wrong", [None, "the upstream answered 401"])
def test_live_calls_every_model_through_the_server(tmp_path: Path, serve: Serve, wrong: str | None) -> None:
    """Only when it is asked for: it costs tokens."""
    port = serve({"/v1/models": LISTED})
    quiet = _asked(tmp_path, f"http://localhost:{port}/v1")
    check("upstreams", quiet)
    assert quiet.server.called == []
    loud = _asked(tmp_path, f"http://localhost:{port}/v1", live=True, wrong=wrong)
    called = check("upstreams", loud)[-1]
    assert loud.server.called == ["qwen3 chat"]
    assert called.status is (Status.FAIL if wrong else Status.OK)


def _insert(database: sqlite3.Connection, table: str, **given: object) -> None:
    """Add a row; what the table demands besides is filled in by its type."""
    columns = {row[1]: row for row in database.execute(f"PRAGMA table_info({table})")}
    values = {
        name: given.get(name, 0 if "INT" in row[2] or "BOOL" in row[2] else "")
        for name, row in columns.items()
        if name in given or (row[3] and row[4] is None)
    }
    marks = ", ".join("?" * len(values))
    database.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", list(values.values()))  # noqa: S608
