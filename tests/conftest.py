"""Fixtures for every test: a database of each kind. Nothing heavy is imported before a test asks for it."""

import asyncio
import functools
import gc
import itertools
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.names import checked_now, name_of
from tests.postgres import Cluster, Session, running_cluster

if TYPE_CHECKING:
    from gateway.storage.engine import Database

_numbers = itertools.count(1)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # begun in the background of a shell: programs inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name long bytes and files by their parameter: a gzip file holds the second of its making."""
    return name_of(val, argname)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """End at once where a name would differ from one worker to the next."""
    if odd := checked_now(item.nodeid for item in items):
        raise pytest.UsageError(f"these names hold a folder, an address or the hour, give them ids: {odd[:5]}")


def pytest_collection(session: pytest.Session) -> None:
    """Collect without looking for garbage: while modules load there is none."""
    del session
    gc.disable()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Keep the collector from 9,000 tests: each look at them costs 0.4 s, and each start of the product looks."""
    del session
    gc.enable()
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """Give this test process's PostgreSQL server."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgresql_schema(postgresql: Cluster) -> Session:
    """Give a session on the database `modelport`, which holds the whole schema."""
    postgresql.administrator.run("CREATE DATABASE modelport")
    _make_schema(postgresql.url("modelport"))
    return postgresql.session("modelport")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a file that holds the whole schema."""
    path = tmp_path_factory.mktemp("sqlite") / "modelport.db"
    _make_schema(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Give the name of the database that this run of the test is about."""
    return str(request.param)


@pytest.fixture
def empty_database_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a database without tables, for tests that make or change them."""
    if dialect == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    cluster: Cluster = request.getfixturevalue("postgresql")
    name = f"empty_{next(_numbers)}"
    cluster.administrator.run(f"CREATE DATABASE {name} TEMPLATE template0")
    yield cluster.url(name)
    cluster.administrator.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a database with every table, without rows but those of a new installation."""
    if dialect == "sqlite":
        path = tmp_path / "modelport.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    session: Session = request.getfixturevalue("postgresql_schema")
    yield request.getfixturevalue("postgresql").url("modelport")
    session.run(_empty_again())


@pytest.fixture
async def database(database_url: str) -> AsyncIterator["Database"]:
    """Give an open database with every table: the test runs once on SQLite and once on PostgreSQL."""
    from gateway.storage.engine import Database  # 0.3 s that only tests with a database pay

    opened = await Database.open(database_url)
    yield opened
    await opened.close()


@functools.cache
def _empty_again() -> str:
    """SQL that makes a database as good as new in 5 ms; a new one costs 60 to 700, depending on the machine's load."""
    from sqlalchemy import delete, insert, text, update  # as above

    from gateway.storage.revisions import HEAD
    from gateway.storage.schema import alembic_version, meta, metadata
    from gateway.storage.versions import VERSIONS

    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    statements = [
        text(f"SELECT pg_terminate_backend(pid) {others}"),
        text("SET session_replication_role = replica"),  # a trigger keeps the record of changes from everybody else
        *(delete(table) for table in reversed(metadata.sorted_tables)),
        text("SET session_replication_role = DEFAULT"),
        insert(meta).values([{"key": name, "value": "0"} for name in VERSIONS]),
        update(alembic_version).values(version_num=HEAD),
    ]
    return ";\n".join(str(one.compile(compile_kwargs={"literal_binds": True})) for one in statements)


def _make_schema(url: str) -> None:
    from gateway.storage.engine import Database  # as above
    from gateway.storage.migrate import create_schema

    async def make() -> None:
        database = await Database.open(url)
        async with database.write() as conn:
            await create_schema(conn)
        await database.close()

    asyncio.run(make())
