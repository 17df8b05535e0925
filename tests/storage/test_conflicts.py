"""Violated constraints have one name on both databases."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Constraint, Index, insert
from sqlalchemy.exc import IntegrityError

from gateway.storage.conflicts import FOREIGN_KEY, conflict_of
from gateway.storage.engine import Database
from gateway.storage.schema import metadata, teams

TIMES = {"created_at": 1, "updated_at": 1}


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"id": "team_2", "name": "a"}, "uq_teams_name"),
        ({"id": "team_1", "name": "b"}, "pk_teams"),
        ({"id": "team_2", "name": "b", "default_via": "moon"}, "ck_teams_default_via"),
        ({"id": "team_2", "name": "b", "default_via": "gateway"}, "ck_teams_default_gateway_id"),
        ({"id": "team_2", "name": "b", "default_via": "gateway", "default_gateway_id": "gw_1"}, FOREIGN_KEY),
        ({"id": "team_2", "name": None}, None),
    ],
)
async def test_a_violation_is_named(database: Database, values: dict[str, Any], name: str | None) -> None:
    """A store asks for the name and never reads a driver's message."""
    async with database.write() as conn:
        await conn.execute(insert(teams).values(id="team_1", name="a", **TIMES))
    with pytest.raises(IntegrityError) as error:
        async with database.write() as conn:
            await conn.execute(insert(teams).values(**values, **TIMES))
    assert conflict_of(error.value) == name


def _named() -> Iterator[tuple[str, Constraint | Index]]:
    for table in metadata.tables.values():
        yield from ((table.name, one) for one in table.constraints)
        yield from ((table.name, one) for one in table.indexes)


def test_every_constraint_has_a_name() -> None:
    """Otherwise the databases make up their own."""
    assert [(table, one) for table, one in _named() if one.name is None] == []


def test_names_fit_postgresql() -> None:
    """A longer one would be cut at 63 bytes and never be recognised."""
    assert [one.name for _, one in _named() if len(str(one.name)) > 63] == []
