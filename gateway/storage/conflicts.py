"""Which constraint a write violated, by the same name on both databases. For stores, at their boundary.

SQLite names columns, PostgreSQL names constraints, and SQLite does not say which foreign key it was: so every foreign
key is answered as FOREIGN_KEY on both, and no store can come to depend on more than one of them tells.
"""

import re
from collections.abc import Iterator

from sqlalchemy import Constraint, Index, PrimaryKeyConstraint, Table, UniqueConstraint
from sqlalchemy.exc import IntegrityError

from gateway.storage.schema import metadata

FOREIGN_KEY = "foreign_key"
LEAVING = "model_is_leaving"
"""What the triggers say of a new reference to a model that is draining or deleted."""

_SQLITE_UNIQUE = "UNIQUE constraint failed: "
_SQLITE_CHECK = re.compile(r"CHECK constraint failed: (\S+)")


def conflict_of(error: IntegrityError) -> str | None:
    """Return the violated constraint's name, FOREIGN_KEY, or None when it is neither (a NULL: our bug).

    >>> conflict_of(IntegrityError("", None, Exception("UNIQUE constraint failed: teams.name")))
    'uq_teams_name'
    """
    text = str(error.orig)
    if "FOREIGN KEY constraint failed" in text:
        return FOREIGN_KEY
    if "the model is leaving" in text:
        return LEAVING
    if _SQLITE_UNIQUE in text:
        columns = text.partition(_SQLITE_UNIQUE)[2].split(", ")
        return _BY_COLUMNS.get(frozenset(columns))
    if match := _SQLITE_CHECK.search(text):
        return match[1]
    cause = getattr(error.orig, "__cause__", None)
    name: str | None = getattr(cause, "constraint_name", None)
    return FOREIGN_KEY if name is not None and name.startswith("fk_") else name


def _unique(table: Table) -> Iterator[Constraint | Index]:
    yield from (index for index in table.indexes if index.unique)
    yield from (one for one in table.constraints if isinstance(one, UniqueConstraint | PrimaryKeyConstraint))


def _columns(one: Constraint | Index) -> frozenset[str]:
    assert isinstance(one, Index | UniqueConstraint | PrimaryKeyConstraint)
    return frozenset(str(column) for column in one.columns)


_BY_COLUMNS: dict[frozenset[str], str] = {
    _columns(one): str(one.name) for table in metadata.tables.values() for one in _unique(table)
}
