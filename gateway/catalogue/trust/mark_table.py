"""The high-water marks in the product's own database: the copy that outlives every file of the catalogue."""

from typing import Any, Final

from sqlalchemy import case, select
from sqlalchemy.dialects import sqlite

from gateway.catalogue.trust.high_water import Mark, Marks
from gateway.storage.engine import Database
from gateway.storage.schema.catalogue import catalogue_highwater as table

_KEY: Final = (table.c.hub, table.c.root_version)


class MarkTable:
    """A `MarkStore` over the table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def marks(self, hub: str) -> Marks:
        """Return what was seen of this hub."""
        query = select(table.c.root_version, table.c.serial, table.c.timestamp_version, table.c.signed_at)
        async with self._database.read() as conn:
            rows = (await conn.execute(query.where(table.c.hub == hub))).all()
        return {row[0]: Mark(*row) for row in rows}

    async def keep_mark(self, hub: str, mark: Mark) -> None:
        """Remember it; a member that is lower than what is known stays as it is."""
        values = {"serial": mark.serial, "timestamp_version": mark.timestamp_version, "signed_at": mark.signed_at_ms}
        row = _insert(self._database.dialect).values(hub=hub, root_version=mark.root_version, **values)
        higher = {name: _higher(table.c[name], row.excluded[name]) for name in values}
        async with self._database.write() as conn:
            await conn.execute(row.on_conflict_do_update(index_elements=_KEY, set_=higher))


def _higher(known: Any, new: Any) -> Any:
    return case((known < new, new), else_=known)


def _insert(dialect: str) -> Any:
    if dialect == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # a tenth of a second and 5 MB that SQLite does not need

    return postgresql.insert(table)
