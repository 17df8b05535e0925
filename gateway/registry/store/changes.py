"""Which rows of the registry each revision changed, so that a process that knows an older one reads these alone.

Noted in the transaction of the change by everything in this package that writes. A row that is noted without need
costs one look; one that is forgotten is served as it was, which tests/registry/test_changes.py guards.
"""

from typing import Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    bindparam,
    cast,
    delete,
    insert,
    literal,
    select,
)

from gateway.storage.connection import AsyncConnection
from gateway.storage.prepared import Prepared
from gateway.storage.schema import meta, registry_changes
from gateway.storage.versions import REGISTRY_VERSION

MANY: Final = 500
"""Rows that are read one by one in a small registry; beyond it all is read, which is no slower then."""
MOST: Final = 5000
"""The same in a large one: a model with a thousand references leaves, or a bulk change goes on."""
KEPT: Final = 1000
"""Revisions that are remembered: a process that polls every second is never so far behind."""


class Changed(NamedTuple):
    """A row that was written or is gone; `noun` is its table's name."""

    noun: str
    row_id: str


async def note(conn: AsyncConnection, noun: str, *row_ids: str) -> None:
    """Note rows that the present revision changes; of very many as many as say that all must be read."""
    rows = [{"noun": noun, "row_id": row_id} for row_id in row_ids[: MOST + 1]]
    if rows:
        await conn.execute(insert(registry_changes).values(revision=_revision()), rows)


async def note_where(conn: AsyncConnection, noun: str, key: ColumnElement[str], *where: ColumnElement[bool]) -> None:
    """Note every row that matches; of very many as many as say that all must be read."""
    found = select(_revision(), literal(noun), key).where(*where).limit(MOST + 1)
    await conn.execute(insert(registry_changes).from_select(["revision", "noun", "row_id"], found))


async def forget(conn: AsyncConnection, revision: int) -> None:
    """Delete what is too old to be asked for at this revision."""
    await conn.execute(delete(registry_changes).where(registry_changes.c.revision <= revision - KEPT))


async def since(conn: AsyncConnection, known: int, revision: int, *, models: int = 0) -> frozenset[Changed] | None:
    """Return what changed after the revision that is known; None when everything must be read.

    `models` is how many there are, those that left among them: reading all of them costs as much as half of them row
    by row.
    """
    if not 0 < known <= revision or revision - known >= KEPT:
        return None
    most = min(max(MANY, models // 2), MOST)
    rows = await _SINCE.rows(conn, known=known, most=most + 1)
    return frozenset(Changed(*row) for row in rows) if len(rows) <= most else None


_SINCE: Final = Prepared(
    lambda _dialect: (
        select(registry_changes.c.noun, registry_changes.c.row_id)
        .where(registry_changes.c.revision > bindparam("known", type_=BigInteger))
        .distinct()
        .limit(bindparam("most", type_=Integer))
    )
)


def ids_since(known: int, noun: str) -> Select[str]:
    """Return the query for the ids of a noun's rows that changed after the revision that is known."""
    return select(registry_changes.c.row_id).where(registry_changes.c.revision > known, registry_changes.c.noun == noun)


def _revision() -> ScalarSelect[int]:
    return select(cast(meta.c.value, BigInteger)).where(meta.c.key == REGISTRY_VERSION).scalar_subquery()
