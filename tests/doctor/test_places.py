import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from gateway.doctor.finding import Finding, Status
from gateway.storage.revisions import HEAD
from tests.doctor.machines import bad, check, machine, statuses

GIB = 1024**3


@pytest.fixture
def folder(tmp_path: Path, sqlite_template: Path) -> Path:
    """Give a folder in which a server has run."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    shutil.copyfile(sqlite_template, data / "modelport.db")
    (data / "modelport.db").chmod(0o600)
    for name in ("pepper", "key-encryption-key", "audit-key"):
        (data / name).write_text(f"{'0' * 63}{len(name) % 10}\n")
        (data / name).chmod(0o600)
    return tmp_path


def mend(finding: Finding) -> None:
    """Do what the finding says."""
    assert finding.command is not None
    subprocess.run(["sh", "-c", finding.command], check=True)


@pytest.mark.parametrize("name", ["data-dir", "secrets", "disk", "database"])
def test_a_healthy_installation_is_ok(folder: Path, name: str) -> None:
    """Nothing is found."""
    assert statuses(name, machine(folder)) == {"ok"}


@pytest.mark.parametrize("name", ["data-dir", "secrets", "disk", "database"])
def test_before_the_first_start_nothing_fails(tmp_path: Path, name: str) -> None:
    """What is made then is skipped."""
    assert statuses(name, machine(tmp_path)) <= {"ok", "skip"}


@pytest.mark.parametrize(
    ("name", "place", "mode", "status", "words"),
    [
        ("data-dir", "data", 0o755, Status.WARN, "open to other users"),
        ("data-dir", "data", 0o500, Status.FAIL, "nothing can be written"),
        ("secrets", "data/pepper", 0o644, Status.FAIL, "open to other users"),
        ("secrets", "data/key-encryption-key", 0o640, Status.FAIL, "open to other users"),
        ("database", "data/modelport.db", 0o644, Status.WARN, "open to other users"),
        ("database", "data/modelport.db", 0o400, Status.FAIL, "nothing can be written"),
    ],
)
def test_a_wrong_mode_is_found_and_its_command_mends_it(
    folder: Path, name: str, place: str, mode: int, status: Status, words: str
) -> None:
    """chmod, spelt out."""
    (folder / place).chmod(mode)
    finding = bad(name, machine(folder))
    assert (finding.status, words in finding.message) == (status, True)
    mend(finding)
    assert statuses(name, machine(folder)) == {"ok"}


def test_a_file_in_the_data_directorys_place(tmp_path: Path) -> None:
    """It is moved aside."""
    (tmp_path / "data").write_text("")
    finding = bad("data-dir", machine(tmp_path))
    assert "no directory" in finding.message
    mend(finding)
    assert statuses("data-dir", machine(tmp_path)) == {"skip"}


def test_a_damaged_database_is_found_and_moved_aside(folder: Path) -> None:
    """The copies beside it are named."""
    (folder / "data" / "modelport.db").write_bytes(b"not a database, but longer than a header" * 100)
    (folder / "data" / "modelport.db.bak-0001").write_bytes(b"")
    finding = bad("database", machine(folder))
    assert finding.status is Status.FAIL
    assert "modelport.db.bak-0001" in finding.message
    mend(finding)
    assert statuses("database", machine(folder)) == {"skip"}


def test_pages_that_contradict_each_other_are_found(folder: Path) -> None:
    """A disk that wrote half a page."""
    path = folder / "data" / "modelport.db"
    content = bytearray(path.read_bytes())
    content[4096:8192] = os.urandom(4096)
    path.write_bytes(content)
    assert bad("database", machine(folder)).status is Status.FAIL


@pytest.mark.parametrize(
    ("statement", "status", "words", "command"),
    [
        (
            "UPDATE alembic_version SET version_num = '9999'",
            Status.FAIL,
            "newer than",
            "pip install --upgrade modelport",
        ),
        ("DELETE FROM alembic_version", Status.FAIL, "no revision", "--data-dir"),
        ("DROP TABLE alembic_version", Status.FAIL, "somebody else's", "--data-dir"),
    ],
)
def test_another_revision_is_told(folder: Path, statement: str, status: Status, words: str, command: str) -> None:
    """Newer, none yet, and tables of somebody else."""
    with closing(sqlite3.connect(folder / "data" / "modelport.db")) as database:
        database.execute(statement)
        database.commit()
        database.execute("PRAGMA journal_mode=DELETE")
    finding = bad("database", machine(folder))
    assert finding.status is status
    assert words in finding.message
    assert command in (finding.command or "")


def test_what_is_in_the_write_ahead_log_counts(folder: Path) -> None:
    """While a server has the database open, its newest rows are not in the file yet."""
    with closing(sqlite3.connect(folder / "data" / "modelport.db")) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
        assert "newer than" in bad("database", machine(folder)).message


def test_postgresql_is_asked(postgresql_schema: object, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Its revision; a wrong port is told without the password."""
    del postgresql_schema
    url = request.getfixturevalue("postgresql").url("modelport")
    (found,) = check("database", machine(tmp_path, f"database: {{url: '{url}'}}\n"))
    assert (found.status, HEAD in found.message) == (Status.OK, True)
    finding = bad("database", machine(tmp_path, "database: {url: 'postgresql://u:canary@127.0.0.1:1/x'}\n"))
    assert "canary" not in finding.message
    assert finding.command == "pg_isready -h 127.0.0.1 -p 1"


def test_a_lost_pepper_is_told(folder: Path) -> None:
    """Without it every key that was made is refused."""
    (folder / "data" / "pepper").unlink()
    finding = bad("secrets", machine(folder))
    assert finding.status is Status.FAIL
    assert "every key" in finding.message
    assert "modelport keys create --local" in finding.message
    assert finding.command == "modelport serve"


def test_an_unset_variable_of_a_secret_is_told_and_made(folder: Path) -> None:
    """The command makes a good one."""
    text = "secrets: {pepper: 'env:THE_PEPPER'}\n"
    finding = bad("secrets", machine(folder, text))
    assert "THE_PEPPER" in finding.message
    made = subprocess.run(
        ["sh", "-c", f"{finding.command}; printenv THE_PEPPER"], check=True, capture_output=True, text=True
    )
    mended = machine(folder, text, environment={"THE_PEPPER": made.stdout.strip()})
    assert statuses("secrets", mended) == {"ok"}


def test_a_full_disk_is_told_and_its_command_makes_room(folder: Path) -> None:
    """The oldest copy of the database can go."""
    for number in range(2):
        (folder / "data" / f"modelport.db.bak-{number}").write_bytes(b"")
        os.utime(folder / "data" / f"modelport.db.bak-{number}", (number, number))
    assert bad("disk", machine(folder, free_bytes=lambda _: GIB // 2)).status is Status.WARN
    finding = bad("disk", machine(folder, free_bytes=lambda _: 1024))
    assert finding.status is Status.FAIL
    mend(finding)
    assert [one.name for one in (folder / "data").glob("*.bak-*")] == ["modelport.db.bak-1"]


def test_looking_changes_nothing_at_all(folder: Path) -> None:
    """No file more or less, no byte and no time changed."""
    before = _tree(folder)
    examined = machine(folder)
    for name in ("data-dir", "secrets", "disk", "database", "config", "upstreams"):
        check(name, examined)
    after = _tree(folder)
    after.pop("modelport.yaml", None)
    assert after == before


def _tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mode,
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in folder.rglob("*")
    }


def test_models_beyond_their_sunset_are_told(folder: Path) -> None:
    """What keeps a model that should be gone is a person's to mend; one whose time has not come is nobody's."""
    with closing(sqlite3.connect(folder / "data" / "modelport.db")) as database:
        database.execute("INSERT INTO teams (id, name, created_at, updated_at) VALUES ('t', 't', 0, 0)")
        for name, sunset_at in (("a", 1), ("b", 9_000_000_000_000)):
            database.execute(
                "INSERT INTO models (uid, team_id, name, task, state, sunset_at, created_at, updated_at) "
                "VALUES (?, 't', ?, 'chat', 'deprecated', ?, 0, 0)",
                (name, name, sunset_at),
            )
        database.commit()
    found = bad("database", machine(folder))
    assert found.message == "1 model stays deprecated beyond the announced end: something points there"
    assert found.command == "modelport models list --state deprecated"
