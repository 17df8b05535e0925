"""Many rows at once: all of them, in their order, whatever their number. On both databases."""

import pytest
from sqlalchemy import func, select

from gateway.storage.engine import Database
from gateway.storage.rows import insert_rows
from gateway.storage.schema import registry_changes

NAMES = ("revision", "noun", "row_id")


@pytest.mark.parametrize("number", [0, 1, 2, 249, 250, 251, 1001])
async def test_every_row_is_written(database: Database, number: int) -> None:
    """Around the size of a block, too; a blank, a quote and a letter beyond ASCII stay what they are."""
    rows = [(one, "it's ü", f"id {one}") for one in range(1, number + 1)]
    async with database.write() as conn:
        await insert_rows(conn, registry_changes, NAMES, rows)
    columns = [registry_changes.c[name] for name in NAMES]
    async with database.read() as conn:
        assert (await conn.execute(select(func.count()).select_from(registry_changes))).scalar_one() == number
        found = await conn.execute(select(*columns).order_by(registry_changes.c.revision))
        assert [tuple(row) for row in found] == rows
