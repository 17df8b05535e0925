"""Reading and writing one row of an edited table: the same few statements for every noun of the registry.

Whatever is written here is noted for the snapshot (changes.py).
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Table, UpdateBase, bindparam, delete, insert, literal, select, tuple_, update

from gateway.registry.store.changes import note, note_where
from gateway.storage.connection import AsyncConnection

Record = TypeVar("Record", bound=tuple[Any, ...])
T = TypeVar("T")
Place = tuple[str, ...]
"""Where a page ended: the values of the sort columns of its last row."""

AT_ONCE: Final = 500
"""Rows of one statement: some 5 ms of work in which nobody else is served."""
_KEY: Final = "row_key"
"""Parameter that names a row; no column is called so."""


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
        return [self._record(*row) for row in rows.all()]

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

    async def insert_all(self, conn: AsyncConnection, rows: Sequence[Mapping[str, object]], *, now_ms: int) -> None:
        """Write new rows, all of the same columns, at revision 1."""
        if not rows:
            return
        stamps = {"rev": 1, "created_at": now_ms, "updated_at": now_ms}
        await _many(conn, insert(self.table), [{**row, **stamps} for row in rows])
        await note(conn, self.table.name, *(str(row[self.key.name]) for row in rows))

    async def update_all(
        self, conn: AsyncConnection, changes: Mapping[str, Mapping[str, object]], *, now_ms: int
    ) -> None:
        """Write the changes of many rows, by key, one revision on each: a statement for each set of columns."""
        alike: dict[tuple[str, ...], list[dict[str, object]]] = {}
        for key, values in changes.items():
            alike.setdefault(tuple(sorted(values)), []).append({_KEY: key, **values})
        stamps = {"rev": self.table.c.rev + 1, "updated_at": now_ms}
        for rows in alike.values():
            await _many(conn, update(self.table).where(self.key == bindparam(_KEY)).values(**stamps), rows)
        await note(conn, self.table.name, *changes)

    async def touch_all(self, conn: AsyncConnection, keys: Sequence[str]) -> None:
        """Raise the revision of these rows."""
        if keys:
            change = update(self.table).where(self.key == bindparam(_KEY)).values(rev=self.table.c.rev + 1)
            await _many(conn, change, [{_KEY: key} for key in keys])
            await note(conn, self.table.name, *keys)

    async def touch(self, conn: AsyncConnection, *where: ColumnElement[bool]) -> None:
        """Raise the revision of rows whose answer changed because something that it shows changed elsewhere."""
        await note_where(conn, self.table.name, self.key, *where)
        await conn.execute(update(self.table).where(*where).values(rev=self.table.c.rev + 1))

    async def update_where(
        self, conn: AsyncConnection, changes: Mapping[str, object], *where: ColumnElement[bool], now_ms: int
    ) -> int:
        """Write the same changes into every row that matches, one revision on, and return how many these were."""
        await note_where(conn, self.table.name, self.key, *where)
        stamps = {"rev": self.table.c.rev + 1, "updated_at": now_ms}
        return (await conn.execute(update(self.table).where(*where).values(**changes, **stamps))).rowcount

    async def delete_where(self, conn: AsyncConnection, *where: ColumnElement[bool]) -> None:
        """Remove every row that matches."""
        await note_where(conn, self.table.name, self.key, *where)
        await conn.execute(delete(self.table).where(*where))

    async def put_back(self, conn: AsyncConnection, rows: Sequence[Mapping[str, Any]], *, now_ms: int) -> None:
        """Write rows again that were removed, as they were and one revision on."""
        if rows:
            again = [{**row, "rev": row["rev"] + 1, "updated_at": now_ms} for row in rows]
            await _many(conn, insert(self.table), again)
            await note(conn, self.table.name, *(str(row[self.key.name]) for row in rows))

    async def delete(self, conn: AsyncConnection, keys: Collection[str]) -> None:
        """Remove the rows, however many."""
        if keys:
            await note(conn, self.table.name, *keys)
            await _many(conn, delete(self.table).where(self.key == bindparam(_KEY)), [{_KEY: key} for key in keys])


async def _many(conn: AsyncConnection, statement: UpdateBase, rows: Sequence[Mapping[str, object]]) -> None:
    for start in range(0, len(rows), AT_ONCE):
        await conn.execute(statement, rows[start : start + AT_ONCE])
