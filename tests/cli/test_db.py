import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.cli.program import Shell


@pytest.fixture
def here(shell: Shell, sqlite_template: Path) -> Shell:
    """Give a shell in a folder where a server has run."""
    (shell.folder / "modelport-data").mkdir()
    shutil.copyfile(sqlite_template, shell.folder / "modelport-data" / "modelport.db")
    return shell


def test_status_of_a_current_database(here: Shell) -> None:
    """Exit 0, and both revisions."""
    ended = here.run("db", "status", "-o", "json")
    row = json.loads(ended.out)
    assert (ended.code, ended.err, row["current"]) == (0, "", True)
    assert row["revision"] == row["needed"]


def test_status_where_no_server_was(shell: Shell) -> None:
    """Exit 3, and nothing is made."""
    ended = shell.run("db", "status")
    assert (ended.code, ended.out) == (3, "")
    assert "--data-dir" in ended.err
    assert list(shell.folder.iterdir()) == []


def test_status_of_a_newer_database_is_unhealthy(here: Shell) -> None:
    """Exit 12 in one sentence."""
    file = here.folder / "modelport-data" / "modelport.db"
    with sqlite3.connect(file) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    ended = here.run("db", "status")
    assert ended.code == 12
    assert "newer than this program" in ended.err
    assert "Traceback" not in ended.err


def test_upgrade_makes_a_new_database_and_then_does_nothing(shell: Shell) -> None:
    """A second run finds it done."""
    (shell.folder / "modelport-data").mkdir()
    first, second = shell.run("db", "upgrade"), shell.run("db", "upgrade")
    assert (first.code, second.code) == (0, 0)
    assert "from revision none to" in first.err
    assert "already" in second.err


def test_a_backup_is_whole_private_and_never_overwrites(here: Shell) -> None:
    """The copy's path is on stdout; a file that exists is not touched."""
    ended = here.run("db", "backup", "copy.db")
    copy = here.folder / ended.out.strip()
    assert ended.code == 0, ended.err
    assert copy.stat().st_mode & 0o077 == 0
    with sqlite3.connect(copy) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT count(*) FROM models").fetchone() == (0,)
    database.close()
    again = here.run("db", "backup", "copy.db")
    assert (again.code, again.out) == (2, "")
    assert "exists" in again.err


def test_a_backup_of_postgresql_names_its_own_tool(shell: Shell) -> None:
    """Nothing is connected to."""
    variables = {"MODELPORT_DATABASE__URL": "postgresql://nobody@localhost:1/none"}
    ended = shell.having(**variables).run("db", "backup")
    assert (ended.code, ended.out) == (2, "")
    assert "pg_dump" in ended.err


def test_a_wrong_setting_is_one_sentence(shell: Shell) -> None:
    """Exit 2 without a trace."""
    ended = shell.having(MODELPORT_DATABASE__URL="mysql://x").run("db", "status")
    assert ended.code == 2
    assert "mysql" in ended.err
    assert "Traceback" not in ended.err
