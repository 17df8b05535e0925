"""How SQLite looks for a page: by what it knows in order, so that a page costs a page however long the list is."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.catalogue.store import read
from gateway.catalogue.store.schema import open_reader
from gateway.catalogue.store.search import Query, prepare, search
from tests.catalogue.entries import entry
from tests.catalogue.store.lists import build, opened
from tests.catalogue.store.test_lists import _different, _queries


@pytest.fixture
async def conn(tmp_path: Path) -> AsyncIterator[sqlite3.Connection]:
    """Give a connection to a list with full text."""
    entries = {one["id"]: one for one in map(_different, range(40))}
    async with opened(tmp_path) as store:
        await build(store, 1, entries | {"acme/last": entry(0, id="acme/last")})
    made = open_reader((tmp_path / "catalog.db").resolve())
    prepare(made)
    yield made
    made.close()


def _plan(conn: sqlite3.Connection, statement: str) -> list[str]:
    return [row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {statement}")]


def test_a_page_is_a_walk_along_one_number(conn: sqlite3.Connection) -> None:
    """No search sorts what it found, and none reads bodies of entries that it does not show."""
    seen: list[str] = []
    for query in (*_queries(), Query(text="co", limit=5), Query(text="c", publisher="pub1")):
        conn.set_trace_callback(seen.append)
        search(conn, query)
        conn.set_trace_callback(None)
    pages = [one for one in seen if " LIMIT " in one and "facts f" in one]
    assert len(pages) == len(_queries()) + 2
    for one in pages:
        plan = _plan(conn, one)
        assert not [step for step in plan if "TEMP B-TREE" in step], (one, plan)
        assert not [step for step in plan if "entries" in step], (one, plan)
        assert len(plan) <= 2, (one, plan)


def test_an_entry_is_found_by_its_id(conn: sqlite3.Connection) -> None:
    """Section 6: 10 us, whatever the length of the list."""
    seen: list[str] = []
    conn.set_trace_callback(seen.append)
    assert read.get(conn, "acme/coder-7") is not None
    conn.set_trace_callback(None)
    assert not [step for one in seen for step in _plan(conn, one) if step.startswith("SCAN")]
