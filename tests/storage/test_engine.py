"""The database: transactions, one writer, one moment per read, and what happens when it is busy or away."""

import asyncio
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Insert, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from gateway.errors import ConfigError, Unavailable
from gateway.storage import engine
from gateway.storage.engine import Database, parse_url
from gateway.storage.schema import gateways, teams


def _team(name: str) -> Insert:
    return insert(teams).values(id=f"team_{name}", name=name, created_at=1, updated_at=1)


async def _names(database: Database) -> list[str]:
    async with database.read() as conn:
        return list((await conn.execute(select(teams.c.name).order_by(teams.c.name))).scalars())


async def test_a_write_is_there_after_its_block(database: Database) -> None:
    """The transaction is committed at the end of the block."""
    async with database.write() as conn:
        await conn.execute(_team("a"))
    assert await _names(database) == ["a"]


async def test_an_exception_undoes_the_whole_block(database: Database) -> None:
    """All or nothing (lifecycle.md section 5)."""

    async def change() -> None:
        async with database.write() as conn:
            await conn.execute(_team("a"))
            await conn.execute(_team("a"))

    with pytest.raises(IntegrityError):
        await change()
    assert await _names(database) == []


async def test_a_cancelled_write_is_undone_and_blocks_nobody(database: Database) -> None:
    """A caller that hangs up in the middle leaves neither half a change nor a lock."""
    inside = asyncio.Event()

    async def change() -> None:
        async with database.write() as conn:
            await conn.execute(_team("a"))
            inside.set()
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(change())
        await inside.wait()
        task.cancel()
    async with database.write() as conn:
        await conn.execute(_team("b"))
    assert await _names(database) == ["b"]


async def test_cancelling_a_statement_leaves_a_working_database(database: Database) -> None:
    """Cancelled at any point, even while the driver's thread is at work: the next write goes through."""

    async def change(name: str) -> None:
        async with database.write() as conn:
            await conn.execute(_team(name))

    for steps in range(1, 30):
        async with asyncio.TaskGroup() as group:
            task = group.create_task(change(f"cancelled{steps}"))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
    await change("last")
    assert "last" in await _names(database)


async def test_a_read_shows_one_moment(database: Database) -> None:
    """A snapshot made of several tables must not mix two states of the registry."""
    async with database.write() as conn:
        await conn.execute(_team("a"))
    async with database.read() as reader:
        first = (await reader.execute(select(func.count()).select_from(teams))).scalar_one()
        async with database.write() as conn:
            await conn.execute(_team("b"))
        again = (await reader.execute(select(func.count()).select_from(teams))).scalar_one()
    assert (first, again) == (1, 1)
    assert await _names(database) == ["a", "b"]


async def test_a_read_refuses_to_write(database: Database) -> None:
    """On SQLite a reading transaction that turns into a writing one fails at random: here it fails always."""
    with pytest.raises(Exception, match=r"read\(\)|read-only"):
        async with database.read() as conn:
            await conn.execute(_team("a"))


async def test_many_writers_at_once_all_succeed(database: Database) -> None:
    """Nobody ever sees "database is locked"."""

    async def change(number: int) -> None:
        async with database.write() as conn:
            await conn.execute(select(func.count()).select_from(teams))
            await conn.execute(_team(f"{number:02}"))

    await asyncio.gather(*(change(number) for number in range(20)))
    assert len(await _names(database)) == 20


async def test_two_processes_write_the_same_file(database_url: str) -> None:
    """A write that begins with a read waits for the other process's writer instead of failing (BEGIN IMMEDIATE)."""
    opened = [await Database.open(database_url) for _ in range(2)]

    async def change(one: Database, name: str) -> None:
        async with one.write() as conn:
            await conn.execute(select(teams.c.name))
            await conn.execute(_team(name))

    await asyncio.gather(*(change(opened[number % 2], f"{number:02}") for number in range(10)))
    assert len(await _names(opened[0])) == 10
    for one in opened:
        await one.close()


async def test_a_database_held_by_another_process_is_a_503(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the busy timeout the caller may come again: `Retry-After`, not a 500."""
    monkeypatch.setattr(engine, "_BUSY_TIMEOUT_MS", 1)
    path = shutil.copyfile(sqlite_template, tmp_path / "modelport.db")
    one, other = [await Database.open(f"sqlite:///{path}") for _ in range(2)]
    async with one.write():
        with pytest.raises(Unavailable) as refusal:
            async with other.write():
                pass
    assert (refusal.value.code, refusal.value.headers) == ("database_busy", {"Retry-After": "1"})
    await one.close()
    await other.close()


async def test_only_one_gateway_is_the_default(database: Database) -> None:
    """The partial index works on both databases; any number are not the default."""

    def gateway(name: str, *, default: bool) -> Insert:
        values = {"id": name, "name": name, "url": "https://x", "is_default": default, "created_at": 1, "updated_at": 1}
        return insert(gateways).values(values)

    async with database.write() as conn:
        for name, default in (("a", False), ("b", False), ("c", True)):
            await conn.execute(gateway(name, default=default))
    with pytest.raises(IntegrityError):
        async with database.write() as conn:
            await conn.execute(gateway("d", default=True))


async def test_the_file_is_private(tmp_path: Path) -> None:
    """It holds hashes of keys and encrypted secrets."""
    database = await Database.open(f"sqlite:///{tmp_path}/modelport.db")
    async with database.write() as conn:
        await conn.execute(text("CREATE TABLE t (x INTEGER)"))
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in await asyncio.to_thread(_files, tmp_path)}
    await database.close()
    assert set(modes.values()) == {0o600}, modes


def _files(directory: Path) -> list[Path]:
    return list(directory.iterdir())


async def test_close_ends_every_thread(sqlite_template: Path) -> None:
    """A thread that stays would hold the process at its exit."""
    before = set(threading.enumerate())
    database = await Database.open(f"sqlite:///{sqlite_template}")
    async with database.read(), database.read(), database.read():
        threads = set(threading.enumerate()) - before
        assert len(threads) == 3
    await database.close()
    for thread in threads:
        thread.join(timeout=10)  # told to end; on a busy machine it may still be about to
        assert not thread.is_alive()


def test_a_process_with_a_database_exits(tmp_path: Path) -> None:
    """Even one that dies by an exception with connections open, and without closing."""
    program = f"""
import asyncio
from gateway.storage.engine import Database
async def main():
    database = await Database.open("sqlite:///{tmp_path}/modelport.db")
    async with database.read():
        raise SystemExit(3)
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], timeout=30, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (3, b"")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://localhost/x", "'mysql' is not served"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("not a url", "not a database URL"),
        ("", "not a database URL"),
    ],
)
def test_a_url_that_is_not_understood(url: str, says: str) -> None:
    """The refusal names the setting and shows both forms."""
    with pytest.raises(ConfigError, match=says) as refusal:
        parse_url(url)
    assert refusal.value.message.startswith("database.url: ")
    assert "sqlite:///" in str(refusal.value.hint)


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///x.db", "sqlite+aiosqlite"),
        ("sqlite+aiosqlite:///x.db", "sqlite+aiosqlite"),
        ("postgres://u:p@h/d", "postgresql+asyncpg"),
        ("postgresql://u:p@h/d", "postgresql+asyncpg"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+asyncpg"),
    ],
)
def test_the_driver_is_ours_to_choose(url: str, driver: str) -> None:
    """Users paste the URL that their provider shows."""
    assert parse_url(url).drivername == driver


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite:////nowhere/modelport.db", "/nowhere/modelport.db: No such file or directory"),
        ("postgresql://user:hunter2@127.0.0.1:1/modelport", "cannot open postgresql"),
        ("postgresql://user:hunter2@/modelport?host=/nowhere", "cannot open postgresql"),
    ],
)
async def test_a_database_that_is_not_there(url: str, says: str) -> None:
    """One sentence, and never the password."""
    with pytest.raises(ConfigError, match=says) as refusal:
        await Database.open(url)
    assert "hunter2" not in refusal.value.message
    assert "\n" not in refusal.value.message


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """A wrong path is told from a broken program."""
    path = tmp_path / "modelport.db"
    await asyncio.to_thread(path.write_bytes, b"not a database " * 100)
    with pytest.raises(ConfigError, match="not a database") as refusal:
        await Database.open(f"sqlite:///{path}")
    assert "modelport db backup" in str(refusal.value.hint)


async def test_errors_do_not_show_values(database: Database) -> None:
    """A violated constraint reaches the log with its SQL, never with what was to be written (SEC-5)."""
    with pytest.raises(IntegrityError) as error:
        async with database.write() as conn:
            await conn.execute(insert(teams).values(id="team_1", name="canary", created_at=None, updated_at=1))
    assert "canary" not in str(error.value)


def test_a_driver_that_is_not_installed() -> None:
    """PostgreSQL is an extra: the refusal says how to get it."""
    program = """
import asyncio, sys
sys.modules["asyncpg"] = None
from gateway.errors import ConfigError
from gateway.storage.engine import Database
try:
    asyncio.run(Database.open("postgresql://localhost/modelport"))
except ConfigError as error:
    print(error.message, error.hint)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "asyncpg" in done.stdout
    assert "modelport[postgres]" in done.stdout


async def test_behind_pgbouncer_no_statement_is_prepared_by_name(database_url: str, dialect: str) -> None:
    """Transaction pooling forgets them (libraries.md section 6); SQLite ignores the switch."""
    database = await Database.open(database_url, pgbouncer=True)
    for name in "ab":
        async with database.write() as conn:
            await conn.execute(_team(name))
    async with database.read() as conn:
        if dialect == "postgresql":
            assert (await conn.execute(text("SELECT name FROM pg_prepared_statements"))).all() == []
    assert await _names(database) == ["a", "b"]
    await database.close()


async def test_a_statement_is_one_trip_to_the_thread_of_sqlite(tmp_path: Path) -> None:
    """What the driver makes four of, each of them two switches of threads; what it finds is the same."""
    database = await Database.open(f"sqlite:///{tmp_path}/trips.db")
    async with database.write() as conn:
        await conn.exec_driver_sql("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE)")
        driver = (await conn.get_raw_connection()).driver_connection
        assert driver is not None
        trips: list[object] = []
        driver._tx = _Counting(driver._tx, trips)
        made = await conn.exec_driver_sql("INSERT INTO t (name) VALUES (?), (?)", ("a", "b"))
        changed = await conn.exec_driver_sql("UPDATE t SET name = name || 'x' RETURNING name")
        assert (made.rowcount, made.lastrowid) == (2, 2)
        assert list(changed.scalars()) == ["ax", "bx"]
        with pytest.raises(IntegrityError):
            await conn.exec_driver_sql("INSERT INTO t (name) VALUES ('ax')")
        assert len(trips) == 3
    await database.close()


class _Counting:
    """A queue that counts what is put into it."""

    def __init__(self, queue: Any, trips: list[object]) -> None:
        self._queue, self._trips = queue, trips

    def put_nowait(self, item: object) -> None:
        self._trips.append(item)
        self._queue.put_nowait(item)
