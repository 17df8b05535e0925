"""From the old file into the new one: what changed between them, and what must survive a new list."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Final

from gateway.catalogue.store.change import Change
from gateway.catalogue.store.schema import existing, put_meta, transaction

_KEPT_CHANGES: Final = 50_000
"""Ids whose last change is remembered: some 5 MB; who is further behind takes the whole list."""
_LOCAL: Final = (
    "main.pins SELECT * FROM old.pins",
    "main.marks SELECT * FROM old.marks",
    "main.bad SELECT * FROM old.bad",
    "main.suppressed SELECT * FROM old.suppressed",
    "main.meta SELECT key, value FROM old.meta WHERE key LIKE 'note~_%' ESCAPE '~'",
)

_REMOVED: Final = """
SELECT id FROM old.entries o WHERE bucket >= 0 AND NOT EXISTS (SELECT 1 FROM main.entries e WHERE e.id = o.id)
"""
_DIFFERENT: Final = """
SELECT e.id FROM main.entries e JOIN old.entries o ON o.bucket = e.bucket AND o.id = e.id WHERE o.sha <> e.sha
"""
_ADDED: Final = """
SELECT e.id FROM main.entries e WHERE bucket >= 0
  AND NOT EXISTS (SELECT 1 FROM old.entries o WHERE o.id = e.id AND o.bucket >= 0)
"""
_RETIRED: Final = """
SELECT count(*) FROM main.facts f JOIN main.entries e USING (n)
  JOIN old.entries o ON o.id = e.id JOIN old.facts g ON g.n = o.n
  WHERE f.status = (SELECT number FROM main.names WHERE kind = 'status' AND value = 'retired')
    AND g.status IS NOT (SELECT number FROM old.names WHERE kind = 'status' AND value = 'retired')
"""
LIVE: Final = """
SELECT count(*) FROM {schema}.facts
  WHERE status IS NOT (SELECT number FROM {schema}.names WHERE kind = 'status' AND value = 'retired')
"""


def carry_over(conn: sqlite3.Connection, old: Path, *, serial: int, hub: str) -> Change:
    """Fill the rest of a new file from the one in use, and return what the new one changes.

    Where both are lists of one hub, in this order, what changed before is still remembered.
    """
    conn.execute("ATTACH ? AS old", (existing(old),))
    try:
        meta = dict(conn.execute("SELECT key, value FROM old.meta"))
        change = _compare(conn, meta.get("serial"), serial, same_hub=meta.get("hub") == hub)
        with transaction(conn):
            _keep(conn)
            if change.start is not None and change.start < serial and change.is_same_hub:
                _remember(conn, change)
    finally:
        conn.execute("DETACH old")
    return change


def salvage(conn: sqlite3.Connection, damaged: Path) -> None:
    """Take over what an installation said from a damaged file, as far as that can be read."""
    with contextlib.suppress(sqlite3.Error):
        conn.execute("ATTACH ? AS old", (existing(damaged),))
        with contextlib.suppress(sqlite3.Error):
            _keep(conn)
        conn.execute("DETACH old")


def _keep(conn: sqlite3.Connection) -> None:
    for rows in _LOCAL:
        conn.execute(f"INSERT OR IGNORE INTO {rows}")


def trim_changes(conn: sqlite3.Connection) -> None:
    """Forget the oldest changes, whole serials of them; who asks for these is told to take the list."""
    found = conn.execute(
        "SELECT serial FROM changes ORDER BY serial DESC LIMIT 1 OFFSET ?", (_KEPT_CHANGES,)
    ).fetchone()
    if found is not None:
        conn.execute("DELETE FROM changes WHERE serial <= ?", found)
        put_meta(conn, history_from=found[0])


def _compare(conn: sqlite3.Connection, start: int | None, serial: int, *, same_hub: bool) -> Change:
    return Change(
        start,
        serial,
        added=_count(conn, f"SELECT count(*) FROM ({_ADDED})"),  # noqa: S608 - queries of ours
        changed=_count(conn, f"SELECT count(*) FROM ({_DIFFERENT})"),  # noqa: S608 - as above
        removed=tuple(row[0] for row in conn.execute(_REMOVED)),
        retired=_count(conn, _RETIRED),
        live=_count(conn, LIVE.format(schema="old")),
        is_same_hub=same_hub,
    )


def _remember(conn: sqlite3.Connection, change: Change) -> None:
    conn.execute("INSERT INTO main.changes SELECT * FROM old.changes")
    new = f"SELECT id, ?, 0, NULL, NULL FROM ({_DIFFERENT} UNION ALL {_ADDED})"  # noqa: S608 - queries of ours
    conn.execute(f"INSERT OR REPLACE INTO main.changes {new}", (change.to,))
    gone = ((id_, change.to) for id_ in change.removed)
    conn.executemany("INSERT OR REPLACE INTO main.changes VALUES (?, ?, 1, NULL, NULL)", gone)
    conn.execute("INSERT OR REPLACE INTO main.meta SELECT key, value FROM old.meta WHERE key = 'history_from'")
    trim_changes(conn)


def _count(conn: sqlite3.Connection, query: str) -> int:
    return int(conn.execute(query).fetchone()[0])
