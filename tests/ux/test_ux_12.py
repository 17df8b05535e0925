"""UX-12: `--get PATH` answers one request without a listening server."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.cli.program import Shell
from tests.cli.server import running_server


@pytest.mark.parametrize("path", ["/v1/models", "/api/v1/models?limit=1", "/access/models/default/models/echo"])
def test_ux_12_get_equals_the_served_answer(tmp_path: Path, path: str) -> None:
    """The same database, the same address: the same bytes, down to the last one but the moment they were made."""
    with running_server(tmp_path) as served:
        port = served.url.rstrip("/").rpartition(":")[2]
        with urlopen(f"{served.url.rstrip('/')}{path}") as answer:  # noqa: S310 - loopback
            expected = answer.read().decode()
    arguments = ("serve", "--port", port, "--data-dir", str(served.data_dir), "--get", path)
    ended = Shell(tmp_path, {}).run(*arguments)
    assert ended.code == 0, ended.err
    assert json.loads(ended.out) == json.loads(expected)
    assert ended.out == expected


def test_ux_12_get_listens_nowhere_and_tells_a_refusal_by_its_exit_code(shell: Shell) -> None:
    """A taken port is no hindrance, since none is opened; a 404 is exit 3; no key is made that nobody would see."""
    (shell.folder / "guard").mkdir()
    (shell.folder / "guard" / "sitecustomize.py").write_text(
        "import socket\n"
        "def refuse(*_):\n    raise AssertionError('listens')\n"
        "socket.socket.listen = refuse\n"
        "import asyncio.base_events as events\n"
        "events.BaseEventLoop.create_server = refuse\n"
    )
    guarded = shell.having(PYTHONPATH=str(shell.folder / "guard"))
    found = guarded.run("serve", "--get", "/-/healthy")
    assert (found.code, found.err) == (0, ""), found.err
    missing = guarded.run("serve", "--get", "/nope")
    assert missing.code == 3
    assert json.loads(missing.out)["error"]["code"] == "not_found"
    started = shell.run("serve", "--get", "/v1/models")
    assert "mp_live_" not in started.out + started.err
    with closing(sqlite3.connect(shell.folder / "modelport-data" / "modelport.db")) as database:
        assert database.execute("SELECT count(*) FROM keys").fetchone() == (0,)
