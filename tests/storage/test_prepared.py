"""Prepared statements find and touch what any other would. On both databases."""

from typing import Final

import pytest
from sqlalchemy import Text, bindparam, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from gateway.storage.engine import Database
from gateway.storage.prepared import Prepared, among
from gateway.storage.schema import gateways, registry_changes

_NAMED: Final = Prepared(
    lambda dialect: (
        select(gateways.c.name, gateways.c.is_default, gateways.c.rev)
        .where(among(gateways.c.id, "ids", dialect))
        .order_by(gateways.c.name)
        .limit(10)
    )
)
_DROP: Final = Prepared(lambda dialect: delete(gateways).where(among(gateways.c.id, "ids", dialect)))
_SPOIL: Final = Prepared(
    lambda _dialect: insert(gateways).from_select(
        ["id", "name", "url", "created_at", "updated_at"],
        select(
            func.lower(gateways.c.id), bindparam("name", type_=Text), gateways.c.url, gateways.c.rev, gateways.c.rev
        ),
    )
)


@pytest.fixture
async def filled(database: Database) -> Database:
    """Return a database with three gateways, the first of which is the default."""
    rows = [
        {"id": f"GW '{name}' ü", "name": name, "url": f"https://{name}", "is_default": name == "a", "rev": 1}
        | {"created_at": 1, "updated_at": 1}
        for name in ("a", "b", "c")
    ]
    async with database.write() as conn:
        await conn.execute(insert(gateways), rows)
    return database


@pytest.mark.parametrize(
    ("ids", "found"),
    [
        ([], []),
        (["GW 'b' ü"], [("b", False, 1)]),
        (["GW 'c' ü", "nobody", "GW 'a' ü"], [("a", True, 1), ("c", False, 1)]),
    ],
)
async def test_a_list_is_one_parameter(filled: Database, ids: list[str], found: list[tuple[str, bool, int]]) -> None:
    """Whatever it holds, and truth is a bool as SQLAlchemy would give it."""
    async with filled.read() as conn:
        rows = [tuple(row) for row in await _NAMED.rows(conn, ids=ids)]
    assert rows == found
    assert all(type(row[1]) is bool for row in rows)


async def test_what_it_touched_is_counted_and_rolled_back_with_the_rest(filled: Database) -> None:
    """It is part of the transaction that is open, as the first statement of it too."""
    async with filled.write() as conn:
        assert await _DROP.run(conn, ids=["GW 'a' ü", "GW 'b' ü", "nobody"]) == 2
        assert await _NAMED.rows(conn, ids=["GW 'a' ü", "GW 'b' ü"]) == []
        await conn.rollback()
    async with filled.read() as conn:
        assert [row[0] for row in await _NAMED.rows(conn, ids=["GW 'a' ü", "GW 'b' ü"])] == ["a", "b"]


async def test_a_refusal_is_the_one_that_everybody_knows(filled: Database) -> None:
    """A constraint's refusal reads as from any other statement, so that it is answered as a conflict."""
    with pytest.raises(IntegrityError):
        async with filled.write() as conn:
            await _SPOIL.run(conn, name="a")


async def test_a_list_in_the_text_is_refused(filled: Database) -> None:
    """Such a text would be another one for each length."""
    listed = Prepared(lambda _dialect: select(registry_changes).where(registry_changes.c.noun.in_(("a", "b"))))
    if filled.dialect == "postgresql":
        async with filled.read() as conn:
            assert await listed.rows(conn) == []
        return
    with pytest.raises(TypeError, match="among"):
        async with filled.read() as conn:
            await listed.rows(conn)
