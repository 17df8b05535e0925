import json
import shlex
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gateway.cli.client import Api
from tests.cli.program import Ended, Shell
from tests.cli.server import Server
from tests.discovery.servers import neighbours, talkative


def _rows(ended: Ended) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads(ended.out)
    return rows


def _tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        str(path): (path.stat().st_mode, path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in folder.rglob("*")
    }


def test_in_an_empty_folder_nothing_fails_and_nothing_is_made(shell: Shell) -> None:
    """UX-3: no server, no configuration, no database."""
    ended = shell.run("doctor")
    assert ended.code == 0, ended.out
    assert "ok    python" in ended.out
    assert "$ modelport serve" in ended.out
    assert "nothing was changed" in ended.err
    assert list(shell.folder.iterdir()) == []


def test_where_a_server_has_run_nothing_is_changed(shell: Shell, sqlite_template: Path) -> None:
    """Not a byte, not a time, and SQLite leaves no file beside the database."""
    (shell.folder / "modelport-data").mkdir(mode=0o700)
    shutil.copyfile(sqlite_template, shell.folder / "modelport-data" / "modelport.db")
    with closing(sqlite3.connect(shell.folder / "modelport-data" / "modelport.db")) as database:
        database.execute("PRAGMA journal_mode=WAL")
    before = _tree(shell.folder)
    ended = shell.run("doctor", "-o", "json")
    assert _tree(shell.folder) == before
    assert ended.code == 12  # the pepper is not there
    assert [row["check"] for row in _rows(ended) if row["status"] == "fail"] == ["secrets"]


def test_a_running_server_is_healthy(admin: Shell, server: Server) -> None:
    """Every check that can be made is good; its own key is not shown."""
    ended = admin.run("doctor", "--data-dir", str(server.data_dir), "-o", "json")
    rows = _rows(ended)
    assert [row for row in rows if row["status"] == "fail" and row["check"] != "upstreams"] == []
    good = ("server", "key", "clock", "database", "data-dir", "packages")
    assert {row["status"] for row in rows if row["check"] in good} == {"ok"}
    assert server.key not in ended.out + ended.err


def test_checks_are_listed_and_chosen(shell: Shell) -> None:
    """--list, --only, and the nearest of a misspelt one."""
    listed = [row["check"] for row in _rows(shell.run("doctor", "--list", "-o", "json"))]
    assert {"python", "config", "database", "upstreams"} <= set(listed)
    chosen = _rows(shell.run("doctor", "--only", "python,disk", "-o", "json"))
    assert [row["check"] for row in chosen] == ["python", "disk"]
    wrong = shell.run("doctor", "--only", "databse")
    assert (wrong.code, wrong.out) == (2, "")
    assert "did you mean database?" in wrong.err


def test_a_broken_configuration_is_exit_12_with_its_line(shell: Shell) -> None:
    """The rest is looked at all the same."""
    (shell.folder / "modelport.yaml").write_text("version: 1\nserver:\n  prot: 3000\n")
    ended = shell.run("doctor")
    assert ended.code == 12
    assert "modelport.yaml:3" in ended.out
    assert "$ ${EDITOR:-vi} +3 modelport.yaml" in ended.out
    assert "ok    python" in ended.out
    assert "Traceback" not in ended.out + ended.err
    missing = shell.run("doctor", "--config", "nowhere.yaml", "--only", "config")
    assert missing.code == 12
    assert "$ modelport init nowhere.yaml" in missing.out
    assert shell.run("init", "nowhere.yaml").code == 0
    assert shell.run("doctor", "--config", "nowhere.yaml", "--only", "config").code == 0


@pytest.mark.parametrize("check", ["database", "data-dir"])
def test_the_printed_command_mends_it(shell: Shell, check: str) -> None:
    """Copied into a shell as it stands."""
    data = shell.folder / "modelport-data"
    data.mkdir(mode=0o777 if check == "data-dir" else 0o700)
    if check == "database":
        (data / "modelport.db").touch(mode=0o600)
    else:
        data.chmod(0o755)
    (row,) = _rows(shell.run("doctor", "--only", check, "-o", "json"))
    assert row["status"] == "warn"
    assert shell.execute("sh", "-c", row["command"]).code == 0
    (row,) = _rows(shell.run("doctor", "--only", check, "-o", "json"))
    assert row["status"] == "ok", row


def test_an_endpoint_whose_server_is_gone_is_mended_by_the_printed_command(
    admin: Shell, api: Api, server: Server
) -> None:
    """Switched off, it is no longer a fault: that is what the command says."""
    with neighbours() as here:
        base_url = f"http://localhost:{here.start(talkative('away'))}/v1"
        body = {"name": "away", "endpoints": [{"base_url": base_url}]}
        endpoint = api.post("/models", body).body["endpoints"][0]["id"]
    ended = admin.run("doctor", "--only", "upstreams", "--data-dir", str(server.data_dir), "-o", "json")
    (row,) = [row for row in _rows(ended) if "away" in row["message"]]
    assert (ended.code, row["status"]) == (12, "fail")
    assert row["command"] == f"modelport endpoints edit {endpoint} --disabled"
    assert admin.execute(*shlex.split(row["command"])).code == 0
    again = admin.run("doctor", "--only", "upstreams", "--data-dir", str(server.data_dir), "-o", "json")
    assert not [row for row in _rows(again) if "away" in row["message"]]
    api.delete(f"/models/{api.get('/models', name='away').body['items'][0]['uid']}", etag=None)


def test_live_sends_a_small_call_through_the_server(admin: Shell) -> None:
    """The echo model answers; without --live nothing is called."""
    quiet = admin.run("doctor", "--only", "upstreams")
    assert "echo: a call" not in quiet.out
    loud = admin.run("doctor", "--only", "upstreams", "--live")
    assert "echo: a call of a few tokens was answered" in loud.out


def test_a_server_that_was_named_and_is_away_is_a_failure(shell: Shell) -> None:
    """Exit 12 and the command that starts it."""
    ended = shell.run("doctor", "--server", "http://localhost:1", "--only", "server,key")
    assert ended.code == 12
    assert "$ modelport serve" in ended.out
