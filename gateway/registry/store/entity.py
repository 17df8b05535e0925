"""Reading and writing one row of an edited table: the same few statements for every noun of the registry.

Whatever is written here is noted for the snapshot (changes.py).
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Table, delete, insert, literal, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.registry.store.changes import note, note_where

Record = TypeVar("Record", bound=tuple[Any, ...])
T = TypeVar("T")
Place = tuple[str, ...]
"""Where a page ended: the values of the sort columns of its last row."""


class Slice(NamedTuple, Generic[T]):
    """Some items of a list in its order; `after` is the place to go on from, None at the end."""

    items: Sequence[T]
    after: Place | None


class Entity(Generic[Record]):
    """A table whose rows have an id, a revision and times. `record` has its columns as fields, in their order."""

    def __init__(self, table: Table, record: type[Record], *, key: str = "id", order: tuple[str, ...]) -> None:
        self.table = table
        self.key = table.c[key]
        self._record = record
        self._order = [table.c[name] for name in order]

    async def find(self, conn: AsyncConnection, key: str) -> Record | None:
        """Return the row with this id."""
        return await self.find_where(conn, self.key == key)

    async def find_where(self, conn: AsyncConnection, *where: ColumnElement[bool]) -> Record | None:
        """Return the one row that matches."""
        row = (await conn.execute(select(self.table).where(*where))).one_or_none()
        return None if row is None else self._record(*row)

    async def all(self, conn: AsyncConnection, *where: ColumnElement[bool]) -> list[Record]:
        """Return every row that matches, in order of the list."""
        rows = await conn.execute(select(self.table).where(*where).order_by(*self._order))
        return [self._record(*row) for row in rows]

    async def page(
        self, conn: AsyncConnection, where: Sequence[ColumnElement[bool]], *, after: Place | None, limit: int
    ) -> Slice[Record]:
        """Return up to `limit` rows that match, from behind `after` on."""
        query = select(self.table).where(*where).order_by(*self._order).limit(limit + 1)
        if after is not None:
            place = tuple_(*(literal(value, column.type) for value, column in zip(after, self._order, strict=True)))
            query = query.where(tuple_(*self._order) > place)
        rows = (await conn.execute(query)).all()
        records: list[Record] = [self._record(*row) for row in rows[:limit]]
        if len(rows) <= limit:
            return Slice(records, None)
        return Slice(records, tuple(getattr(records[-1], column.name) for column in self._order))

    async def insert(self, conn: AsyncConnection, values: Mapping[str, object], *, now_ms: int) -> Record:
        """Write a new row at revision 1 and return it."""
        stamps = {"rev": 1, "created_at": now_ms, "updated_at": now_ms}
        row = (await conn.execute(insert(self.table).values(**values, **stamps).returning(*self.table.c))).one()
        await note(conn, self.table.name, str(values[self.key.name]))
        return self._record(*row)

    async def update(self, conn: AsyncConnection, key: str, changes: Mapping[str, object], *, now_ms: int) -> Record:
        """Write the changes, one revision on, and return the row."""
        stamps = {"rev": self.table.c.rev + 1, "updated_at": now_ms}
        change = update(self.table).where(self.key == key).values(**changes, **stamps).returning(*self.table.c)
        await note(conn, self.table.name, key)
        return self._record(*(await conn.execute(change)).one())

    async def touch(self, conn: AsyncConnection, *where: ColumnElement[bool]) -> None:
        """Raise the revision of rows whose answer changed because something that it shows changed elsewhere."""
        await note_where(conn, self.table.name, self.key, *where)
        await conn.execute(update(self.table).where(*where).values(rev=self.table.c.rev + 1))

    async def delete(self, conn: AsyncConnection, keys: Collection[str]) -> None:
        """Remove the rows."""
        await note(conn, self.table.name, *keys)
        await conn.execute(delete(self.table).where(self.key.in_(keys)))
