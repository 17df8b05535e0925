"""Migrations: every step both ways on both databases, and what a start does with the database it finds."""

import asyncio
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, delete, insert, select, text, update

import gateway.storage
from gateway.errors import ConfigError
from gateway.storage.engine import Database
from gateway.storage.migrate import Migration, create_schema, migrate, read_revision, run_steps
from gateway.storage.revisions import HEAD, REVISIONS
from gateway.storage.schema import alembic_version, meta, metadata, models, teams
from tests.clock import ManualClock
from tests.storage.described import description

CLOCK = ManualClock()


@pytest.fixture
async def empty(empty_database_url: str) -> AsyncIterator[Database]:
    """Give an open database without tables."""
    database = await Database.open(empty_database_url)
    yield database
    await database.close()


async def _step(database: Database, target: str) -> None:
    async with database.change_schema() as conn:
        await conn.run_sync(run_steps, target)


def _differences(connection: Connection) -> list[Any]:
    """What alembic would change; it cannot compare an empty text as a default, `description` does."""
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


async def test_every_step_runs_up_and_down(empty: Database) -> None:
    """After each step up and down again the database is what it was."""
    before: dict[str, Any] = {}
    for revision, below in zip(REVISIONS, ["base", *REVISIONS], strict=False):
        await _step(empty, revision)
        assert await read_revision(empty) == revision
        await _step(empty, below)
        async with empty.read() as conn:
            described = await conn.run_sync(description)
        described.pop(alembic_version.name)
        assert described == before
        await _step(empty, revision)
        async with empty.read() as conn:
            before = await conn.run_sync(description)
        before.pop(alembic_version.name)


async def test_the_steps_build_the_schema(empty: Database) -> None:
    """Tables that stores import are the tables that migrations make."""
    await _step(empty, HEAD)
    async with empty.read() as conn:
        assert await conn.run_sync(_differences) == []


async def test_the_quick_way_builds_what_the_steps_build(empty: Database, database: Database) -> None:
    """A new database is made without alembic; nobody can tell the difference, down to the names and the first rows."""
    await _step(empty, HEAD)
    described = []
    for one in (empty, database):
        async with one.read() as conn:
            rows = sorted(tuple(row) for row in await conn.execute(select(meta)))
            described.append((await conn.run_sync(description), rows))
    assert described[0] == described[1]


def test_the_list_of_revisions_is_the_folder() -> None:
    """A start compares with the list, so a step that is missing there would never run."""
    config = Config()
    config.set_main_option("script_location", str(Path(gateway.storage.__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    folder = ScriptDirectory.from_config(config)
    assert [step.revision for step in folder.walk_revisions()][::-1] == list(REVISIONS)


def test_no_step_reads_the_schema_of_today() -> None:
    """A released step must build what it built then."""
    folder = Path(gateway.storage.__file__).with_name("migrations") / "versions"
    ours = re.compile(r"^(from|import) gateway", re.MULTILINE)
    assert not [step.name for step in folder.glob("r*.py") if ours.search(step.read_text())]


async def test_a_new_database_is_made_at_once(empty: Database) -> None:
    """No copy is kept of nothing."""
    assert await migrate(empty, clock=CLOCK) == Migration(None, HEAD)
    assert await migrate(empty, clock=CLOCK) == Migration(HEAD, HEAD)
    assert empty.path is None or not list(empty.path.parent.glob("*.bak-*"))


async def test_several_starts_at_once_make_one_schema(empty_database_url: str) -> None:
    """Of workers that start together one makes the tables and the others find them."""
    opened = [await Database.open(empty_database_url) for _ in range(4)]
    done = await asyncio.gather(*(migrate(one, clock=CLOCK) for one in opened))
    for one in opened:
        await one.close()
    assert sorted(str(one.before) for one in done) == [HEAD, HEAD, HEAD, "None"]


async def test_a_newer_database_is_refused_in_one_sentence(database: Database) -> None:
    """An old program must not write into tables that it does not know."""
    async with database.write() as conn:
        await conn.execute(update(alembic_version).values(version_num="9999"))
    with pytest.raises(ConfigError, match=rf"9999, which is newer than {HEAD}") as refusal:
        await migrate(database, clock=CLOCK)
    assert "\n" not in refusal.value.message


async def test_somebody_elses_tables_are_refused(empty: Database) -> None:
    """A database with a table called `keys` but no revision of ours is not touched."""
    async with empty.write() as conn:
        await conn.execute(text("CREATE TABLE keys (id INTEGER)"))
    with pytest.raises(ConfigError, match="keys"):
        await migrate(empty, clock=CLOCK)


async def test_by_hand_where_automatic_is_off(empty: Database) -> None:
    """The refusal names the command."""
    with pytest.raises(ConfigError) as refusal:
        await migrate(empty, clock=CLOCK, automatic=False)
    assert "modelport db upgrade" in str(refusal.value.hint)


async def test_a_start_up_to_date_needs_no_permission_to_migrate(database: Database) -> None:
    """`auto_migrate: false` is no hindrance when there is nothing to do."""
    assert await migrate(database, clock=CLOCK, automatic=False) == Migration(HEAD, HEAD)


async def test_sqlite_is_copied_before_a_step(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy is whole, private, and named after the revision it holds."""
    path = shutil.copyfile(sqlite_template, tmp_path / "modelport.db")
    monkeypatch.setattr("gateway.storage.migrate.HEAD", "9998")
    monkeypatch.setattr("gateway.storage.migrate.REVISIONS", (*REVISIONS, "9998"))
    monkeypatch.setattr("gateway.storage.migrate.run_steps", _second_step)
    database = await Database.open(f"sqlite:///{path}")
    done = await migrate(database, clock=CLOCK)
    await database.close()
    assert done == Migration(HEAD, "9998", tmp_path / f"modelport.db.bak-{HEAD}-20270115T080000Z")
    assert done.copy is not None
    assert stat.S_IMODE(done.copy.stat().st_mode) == 0o600
    with sqlite3.connect(done.copy) as copy:
        assert copy.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    copy.close()


def _second_step(connection: Connection, target: str) -> None:
    connection.execute(update(alembic_version).values(version_num=target))
    connection.execute(delete(meta))


async def test_a_table_made_anew_keeps_the_rows_that_refer_to_it(database: Database) -> None:
    """SQLite would delete a model's endpoints with the old table of models."""
    await _team_with_model(database)
    async with database.change_schema() as conn:
        if database.dialect == "sqlite":
            for statement in (
                "CREATE TABLE t AS SELECT * FROM teams",
                "DROP TABLE teams",
                "ALTER TABLE t RENAME TO teams",
            ):
                await conn.execute(text(statement))
            await conn.execute(text("CREATE UNIQUE INDEX again ON teams (id)"))
    async with database.read() as conn:
        assert (await conn.execute(select(models.c.uid))).scalars().all() == ["mdl_1"]


async def test_a_step_that_leaves_a_dangling_row_is_undone(database: Database) -> None:
    """Foreign keys are off while tables are made anew, so they are checked at the end."""
    await _team_with_model(database)
    with pytest.raises(Exception, match=r"(?s)models.* teams|teams.* models"):
        async with database.change_schema() as conn:
            await conn.execute(delete(teams))
    async with database.write() as conn:
        assert (await conn.execute(select(teams.c.id))).scalars().all() == ["team_1"]
        with pytest.raises(Exception, match=r"(?i)foreign key"):
            await conn.execute(delete(teams))


async def _team_with_model(database: Database) -> None:
    times = {"created_at": 1, "updated_at": 1}
    async with database.write() as conn:
        await conn.execute(insert(teams).values(id="team_1", name="a", **times))
        values = {"uid": "mdl_1", "team_id": "team_1", "name": "m", "task": "chat", "state": "active"}
        await conn.execute(insert(models).values(**values, **times))


def test_a_start_does_not_import_alembic(tmp_path: Path) -> None:
    """Ready in a second: neither a new database nor one that is up to date pays for alembic."""
    program = f"""
import asyncio, sys
from gateway.storage.clock import SystemClock
from gateway.storage.engine import Database
from gateway.storage.migrate import migrate
async def start():
    database = await Database.open("sqlite:///{tmp_path}/modelport.db")
    print(await migrate(database, clock=SystemClock()))
    await database.close()
for _ in range(2):
    asyncio.run(start())
assert not {{"alembic", "mako", "asyncpg"}} & sys.modules.keys()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count(HEAD)) == (0, 3), done.stderr


async def test_create_schema_is_one_transaction(empty: Database) -> None:
    """A start that is killed half-way leaves an empty database."""

    async def killed() -> None:
        async with empty.write() as conn:
            await create_schema(conn)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await killed()
    assert await read_revision(empty) is None
