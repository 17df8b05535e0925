import asyncio
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from gateway.settings import SecretSettings, Settings
from gateway.storage.clock import SystemClock
from gateway.storage.engine import Database
from gateway.storage.revisions import HEAD
from gateway.vault.secret import Secret
from gateway.vault.setup import make_vault
from tests.cli.program import Shell

OLD, NEW = "11" * 32, "22" * 32


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


def test_rewrap_brings_stored_credentials_under_the_newest_key(here: Shell) -> None:
    """SEC-2: the new key in front, rewrap, and the old one may go; a second run finds nothing to do."""
    data, kek = here.folder / "modelport-data", here.folder / "kek"
    for number in range(3):
        _store(data, f"ep_{number}", {"KEK": OLD})
    kek.write_text(f"{NEW}\n{OLD}\n")
    kek.chmod(0o600)
    rotating = here.having(MODELPORT_SECRETS__KEK="file:kek")
    first, second = rotating.run("db", "rewrap"), rotating.run("db", "rewrap")
    assert (first.code, first.out, second.code) == (0, "", 0)
    assert first.err.startswith("3 ")
    assert second.err.startswith("0 ")
    assert record(rotating) == [("secrets.rewrap", "cli")]
    with sqlite3.connect(data / "modelport.db") as database:
        assert database.execute("SELECT count(DISTINCT kek_id), count(*) FROM secrets").fetchone() == (1, 3)
    database.close()
    kek.write_text(f"{NEW}\n")
    assert rotating.run("db", "rewrap").err.startswith("0 ")


def test_rewrap_without_the_old_key_says_so(here: Shell) -> None:
    """SEC-2: nothing is lost, and no key is made in its place."""
    data = here.folder / "modelport-data"
    _store(data, "ep_1", {"KEK": OLD})
    missing = here.run("db", "rewrap")
    wrong = here.having(MODELPORT_SECRETS__KEK="env:KEK", KEK=NEW).run("db", "rewrap")
    assert (missing.code, wrong.code) == (2, 2)
    assert "key-encryption-key" in missing.err
    assert "1 of 1 secrets" in wrong.err
    assert not (data / "key-encryption-key").exists()


def test_rewrap_without_secrets_makes_no_key(here: Shell) -> None:
    """There is nothing to do."""
    ended = here.run("db", "rewrap")
    assert (ended.code, ended.err[:2]) == (0, "0 ")
    assert not (here.folder / "modelport-data" / "key-encryption-key").exists()


def _store(data: Path, owner: str, environment: dict[str, str]) -> None:
    """Store a credential as a server with this key would."""

    async def put() -> None:
        settings = Settings.model_construct(data_dir=data, secrets=SecretSettings(kek="env:KEK"))
        database = await Database.open(f"sqlite:///{data / 'modelport.db'}")
        vault = make_vault(settings, database, environment=environment, clock=SystemClock())
        async with database.write() as conn:
            await vault.put(conn, "endpoint", owner, Secret("sk-upstream"))
        await database.close()

    asyncio.run(put())


def test_a_downgrade_from_the_first_revision_has_nowhere_to_go(here: Shell) -> None:
    """Exit 2 in one sentence, and what keeps a copy."""
    assert here.run("db", "downgrade", "0001", "--yes").code == 0
    ended = here.run("db", "downgrade", "--yes")
    assert (ended.code, ended.out) == (2, "")
    assert "is the first one" in ended.err
    assert "modelport db backup" in ended.err


def test_a_downgrade_to_where_it_is_does_nothing(here: Shell) -> None:
    """Nor does it ask."""
    ended = here.run("db", "downgrade", HEAD)
    assert (ended.code, "already" in ended.err) == (0, True)
    assert not list((here.folder / "modelport-data").glob("*.bak-*"))


def test_a_downgrade_to_an_unknown_revision_names_the_known_ones(here: Shell) -> None:
    """Exit 2."""
    ended = here.run("db", "downgrade", "0", "--yes")
    assert (ended.code, ended.out) == (2, "")
    assert HEAD in ended.err


@pytest.mark.parametrize("words", [("upgrade",), ("rewrap",), ("downgrade", HEAD)])
def test_a_dry_run_of_a_change_to_the_database_changes_nothing(here: Shell, words: tuple[str, ...]) -> None:
    """It says so."""
    file = here.folder / "modelport-data" / "modelport.db"
    before = file.read_bytes()
    ended = here.run("db", *words, "--dry-run")
    assert (ended.code, "Dry run: " in ended.err) == (0, True), ended.err
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir() if not path.name.startswith("modelport.db")] == []


def test_a_dry_run_makes_no_database(shell: Shell) -> None:
    """Where none is, none is made."""
    (shell.folder / "modelport-data").mkdir()
    assert shell.run("db", "upgrade", "--dry-run").code == 0
    assert list((shell.folder / "modelport-data").iterdir()) == []


def record(shell: Shell) -> list[tuple[str, str]]:
    """Return action and account of each row of the record."""
    ended = shell.run("audit", "list", "--local", "-o", "json")
    return [(row["action"], row["actor"]["type"]) for row in json.loads(ended.out)]


def test_an_upgrade_is_on_the_record(shell: Shell) -> None:
    """Once, in the name of who ran it."""
    (shell.folder / "modelport-data").mkdir()
    assert [shell.run("db", "upgrade").code for _ in range(2)] == [0, 0]
    assert record(shell) == [("database.upgrade", "cli")]
