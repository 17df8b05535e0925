"""Fixtures for every test: a database of each kind. Nothing heavy is imported before a test asks for it."""

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.postgres import Cluster, running_cluster

if TYPE_CHECKING:
    from gateway.storage.engine import Database

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """Give this test process's PostgreSQL server."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgresql_template(postgresql: Cluster) -> str:
    """Give the name of a database that holds the whole schema."""
    postgresql.run("CREATE DATABASE template_modelport")
    _make_schema(postgresql.url("template_modelport"))
    return "template_modelport"


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
    """Give the URL of a database without tables."""
    if dialect == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
    else:
        yield from _fresh(request.getfixturevalue("postgresql"), "template0")


@pytest.fixture
def database_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a database with every table, without rows but those of a new installation."""
    if dialect == "sqlite":
        path = tmp_path / "modelport.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
    else:
        template = request.getfixturevalue("postgresql_template")
        yield from _fresh(request.getfixturevalue("postgresql"), template)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator["Database"]:
    """Give an open database with every table: the test runs once on SQLite and once on PostgreSQL."""
    from gateway.storage.engine import Database  # 0.3 s that only tests with a database pay

    opened = await Database.open(database_url)
    yield opened
    await opened.close()


def _fresh(cluster: Cluster, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    cluster.run(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield cluster.url(name)
    cluster.run(f"DROP DATABASE {name} WITH (FORCE)")


def _make_schema(url: str) -> None:
    from gateway.storage.engine import Database  # as above
    from gateway.storage.migrate import create_schema

    async def make() -> None:
        database = await Database.open(url)
        async with database.write() as conn:
            await create_schema(conn)
        await database.close()

    asyncio.run(make())
