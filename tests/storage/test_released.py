"""UX-16: what a released modelport left behind is brought up, works, and goes back; nothing is lost on the way."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

import gateway.storage
from gateway.storage.engine import Database
from gateway.storage.migrate import Migration, downgrade, migrate, read_revision, run_steps
from gateway.storage.revisions import HEAD, REVISIONS
from tests.cli.program import Shell
from tests.cli.server import running_server
from tests.clock import ManualClock
from tests.storage.described import description
from tests.storage.released import counts, dumps, restore

CLOCK = ManualClock()
WRITE = "python -m tests.storage.released"
ADDED = """
from alembic import op
import sqlalchemy as sa

revision = "9999"
down_revision = "{below}"

def upgrade():
    op.add_column("models", sa.Column("shade", sa.Text(), nullable=False, server_default="grey"))

def downgrade():
    op.drop_column("models", "shade")
"""


@pytest.fixture(params=REVISIONS)
def released(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Give the database that a modelport of each revision left behind."""
    (tmp_path / "data").mkdir(mode=0o700)
    return restore(request.param, tmp_path / "data" / "modelport.db")


@pytest.fixture
def next_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Have the program know one revision more than it does, with a step that alembic really runs."""
    steps = tmp_path / "migrations"
    shutil.copytree(Path(gateway.storage.__file__).with_name("migrations"), steps)
    (steps / "versions" / "r9999_next.py").write_text(ADDED.format(below=HEAD))
    monkeypatch.setattr("gateway.storage.migrate.STEPS", steps)
    monkeypatch.setattr("gateway.storage.migrate.HEAD", "9999")
    monkeypatch.setattr("gateway.storage.migrate.REVISIONS", (*REVISIONS, "9999"))
    return "9999"


def test_every_revision_has_its_file() -> None:
    """A revision without one would never be tested as its users have it."""
    assert dumps() == list(REVISIONS), f"write it: {WRITE}"


async def test_a_file_holds_what_its_step_builds(released: Path, tmp_path: Path) -> None:
    """A step that is changed after its release builds something else than what is out there."""
    revision = _revision(released)
    built = tmp_path / "built.db"
    database = await Database.open(f"sqlite:///{built}")
    async with database.change_schema() as conn:
        await conn.run_sync(run_steps, revision)
    await database.close()
    assert await _described(released) == await _described(built), f"before the first release: {WRITE}"


async def test_a_released_database_comes_up_and_goes_back(released: Path) -> None:
    """All the way to today and all the way back; the schema is as it was, and no row is lost."""
    revision, before, rows = _revision(released), await _described(released), counts(released)
    database = await Database.open(f"sqlite:///{released}")
    assert (await migrate(database, clock=CLOCK)).after == HEAD
    CLOCK.advance(1)
    assert (await downgrade(database, revision, clock=CLOCK)).after == revision
    await database.close()
    assert (await _described(released), counts(released)) == (before, rows)


def test_a_server_starts_on_a_released_database(released: Path, tmp_path: Path) -> None:
    """Its models are there, and are called."""
    with running_server(tmp_path, "--data-dir", str(released.parent)) as server:
        shell = Shell(tmp_path, {"MODELPORT_URL": server.url})
        assert shell.run("call", "echo", "still here").out == "still here\n"
    assert json.loads(
        _only(released, "SELECT json_group_array(name) FROM (SELECT name FROM models ORDER BY name)")
    ) == [
        "bare",
        "echo",
        "kept",
    ]


async def test_the_next_step_copies_the_file_and_its_way_back_does_too(next_revision: str, tmp_path: Path) -> None:
    """Up and down by a real step: rows stay, both times a copy is kept of what was before."""
    path = restore(HEAD, tmp_path / "modelport.db")
    names = _only(path, "SELECT group_concat(name) FROM models")
    database = await Database.open(f"sqlite:///{path}")
    up = await migrate(database, clock=CLOCK)
    assert (up.before, up.after) == (HEAD, next_revision)
    assert up.copy is not None
    assert _revision(up.copy) == HEAD
    assert _only(path, "SELECT group_concat(DISTINCT shade) FROM models") == "grey"
    CLOCK.advance(1)
    down = await downgrade(database, HEAD, clock=CLOCK)
    assert (down.before, down.after) == (next_revision, HEAD)
    assert down.copy is not None
    assert _revision(down.copy) == next_revision
    assert await read_revision(database) == HEAD
    assert await downgrade(database, HEAD, clock=CLOCK) == Migration(HEAD, HEAD)
    await database.close()
    assert _only(path, "SELECT group_concat(name) FROM models") == names


async def test_the_next_step_goes_both_ways_on_every_database(database: Database, next_revision: str) -> None:
    """PostgreSQL has no file to copy; the steps are the same."""
    await migrate(database, clock=CLOCK)
    assert await read_revision(database) == next_revision
    CLOCK.advance(1)
    await downgrade(database, HEAD, clock=CLOCK)
    async with database.read() as conn:
        assert "shade" not in await conn.run_sync(_columns)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("serve", "--port", "0", "--data-dir", "data"), "newer than"),
        (("db", "status", "--data-dir", "data"), "newer than this program"),
        (("db", "upgrade", "--data-dir", "data"), "newer than"),
        (("db", "downgrade", "--data-dir", "data", "--yes"), "the newer modelport"),
    ],
    ids=lambda words: words[1] if isinstance(words, tuple) else "",
)
def test_an_older_program_refuses_a_newer_database_in_one_sentence(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    """Nothing is written: what to install is said, and how to come back."""
    (tmp_path / "data").mkdir(mode=0o700)
    path = restore(HEAD, tmp_path / "data" / "modelport.db")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    ended = Shell(tmp_path, {}).run(*words)
    assert ended.code == (12 if "status" in words else 2)
    sentences = [line for line in ended.err.splitlines() if line.startswith("Error: ")]
    assert len(sentences) == 1
    assert said in sentences[0] + ended.err
    assert "install the newer" in ended.err or "with the newer modelport" in ended.err
    assert "Traceback" not in ended.err
    assert _revision(path) == "9999"


async def _described(path: Path) -> dict[str, Any]:
    database = await Database.open(f"sqlite:///{path}")
    async with database.read() as conn:
        described = await conn.run_sync(description)
    await database.close()
    return described


def _revision(path: Path) -> str:
    return _only(path, "SELECT version_num FROM alembic_version")


def _only(path: Path, query: str) -> str:
    with closing(sqlite3.connect(path)) as database:
        return str(database.execute(query).fetchone()[0])


def _columns(connection: Connection) -> list[str]:
    # Inner import: what reads a schema is needed here alone.
    from sqlalchemy import inspect

    return [str(column["name"]) for column in inspect(connection).get_columns("models")]
