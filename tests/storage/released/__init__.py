"""A database of each revision that was ever released, as SQL: NNNN.sql, with rows in it.

A new revision gets its file with `python -m tests.storage.released`; afterwards the file never changes, since such
databases are out there. Before the first release 0001 may still be written anew.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

FOLDER = Path(__file__).parent


def dumps() -> list[str]:
    """Return the revisions that have a file, oldest first."""
    return sorted(path.stem for path in FOLDER.glob("*.sql"))


def restore(revision: str, path: Path) -> Path:
    """Make the database of that revision at `path`."""
    with closing(sqlite3.connect(path)) as database:
        database.executescript((FOLDER / f"{revision}.sql").read_text(encoding="utf-8"))
    path.chmod(0o600)
    return path


def dump(path: Path) -> str:
    """Return a database as SQL."""
    with closing(sqlite3.connect(path)) as database:
        return "\n".join(database.iterdump()) + "\n"


def counts(path: Path) -> dict[str, int]:
    """Return how many rows each table has."""
    with closing(sqlite3.connect(path)) as database:
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608 - the database's own names
