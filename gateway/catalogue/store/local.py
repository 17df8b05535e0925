"""What this installation says about the list, kept beside it: what is out of sight, what is pinned, what was bad.

Every function works within the caller's transaction.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gateway.catalogue.state_hash import entry_sha
from gateway.catalogue.store.apply import place_of
from gateway.catalogue.store.indexing import Index
from gateway.catalogue.store.rows import Row, read_line
from gateway.catalogue.store.schema import GONE, SHOWN, put_meta
from gateway.catalogue.trust.high_water import Mark, Marks


class Pin(NamedTuple):
    """An entry that is shown as it was. Times are unix milliseconds."""

    id: str
    at_ms: int
    by: str
    is_gone: bool
    """The hub no longer has it."""
    is_behind: bool
    """The hub has it in another form now."""


def set_suppressed(conn: sqlite3.Connection, ids: Iterable[str]) -> bool:
    """Put exactly these out of sight, and return whether that changed anything (catalogue.md section 5, step 5)."""
    known = {row[0] for row in conn.execute("SELECT id FROM suppressed")}
    wanted = set(ids)
    for id_, off in [*((one, 1) for one in wanted - known), *((one, 0) for one in known - wanted)]:
        query = "UPDATE facts SET off = ? WHERE n = (SELECT n FROM entries WHERE id = ?)"
        conn.execute(query, (off, id_))
    conn.executemany("DELETE FROM suppressed WHERE id = ?", ((one,) for one in known - wanted))
    conn.executemany("INSERT INTO suppressed VALUES (?)", ((one,) for one in wanted - known))
    return known != wanted


def suppress_again(conn: sqlite3.Connection) -> None:
    """After a whole list came in: put out of sight what was."""
    query = "UPDATE facts SET off = 1 WHERE n IN (SELECT n FROM entries WHERE id IN (SELECT id FROM suppressed))"
    conn.execute(query)


def pin(conn: sqlite3.Connection, id_: str, *, at_ms: int, by: str) -> bool:
    """Keep showing an entry as it is now, whatever the hub says; return whether it is there."""
    query = "SELECT sha, body FROM entries WHERE id = ? AND standing = 0"
    found = conn.execute(query, (id_,)).fetchone()
    if found is None:
        return False
    conn.execute("INSERT OR IGNORE INTO pins VALUES (?, ?, ?, ?, ?)", (id_, *found, at_ms, by))
    return True


def pinned_forms(conn: sqlite3.Connection) -> dict[str, bytes]:
    """Return what is pinned: the form of each id."""
    return dict(conn.execute("SELECT id, body FROM pins"))


def set_pinned(conn: sqlite3.Connection, pinned: Iterable[tuple[str, bytes, int, str]]) -> None:
    """Show exactly these as they were: id, that form, when, by whom."""
    wanted = {row[0]: row for row in pinned}
    known = pinned_forms(conn)
    for id_ in [one for one, body in known.items() if one not in wanted or wanted[one][1] != body]:
        unpin(conn, id_)
        del known[id_]
    new = [wanted[id_] for id_ in wanted.keys() - known.keys()]
    rows = [(id_, entry_sha(body), body, at_ms, by) for id_, body, at_ms, by in new]
    conn.executemany("INSERT INTO pins VALUES (?, ?, ?, ?, ?)", rows)
    _show(conn, {row[0]: row[1] for row in new})


def unpin(conn: sqlite3.Connection, id_: str) -> bool:
    """Show what the hub says again; return whether it was pinned."""
    index = Index(conn)
    if id_ not in index.pins:
        return False
    query = "SELECT n, bucket, body, standing FROM entries WHERE id = ?"
    n, bucket, body, standing = conn.execute(query, (id_,)).fetchone()
    index.drop(n, id_, body)
    conn.execute("DELETE FROM pins WHERE id = ?", (id_,))
    del index.pins[id_]
    if bucket == GONE:
        conn.execute("DELETE FROM entries WHERE n = ?", (n,))
    elif standing == SHOWN:
        index.put(n, id_, body)
        index.names.save()
    return True


def repin(conn: sqlite3.Connection) -> None:
    """After a whole list came in: show what is pinned in its pinned form, also where the hub no longer has it."""
    _show(conn, pinned_forms(conn))


def _show(conn: sqlite3.Connection, pinned: Mapping[str, bytes]) -> None:
    """Show these in their pinned form; none of them is shown so yet."""
    index = Index(conn)
    for id_ in pinned:
        index.pins.pop(id_, None)
    for id_, body in pinned.items():
        found = conn.execute("SELECT n, body FROM entries WHERE id = ?", (id_,)).fetchone()
        if found is None:
            row = read_line(body)
            assert isinstance(row, Row)  # only what is shown can be pinned
            n = place_of(conn, id_)
            conn.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)", (n, id_, GONE, row.sha, row.standing, body))
        else:
            n = found[0]
            index.drop(n, id_, found[1])
        index.put(n, id_, body)
    index.names.save()


def pins(conn: sqlite3.Connection) -> list[Pin]:
    """Return what is pinned, by id."""
    query = (
        "SELECT p.id, p.at, p.by, coalesce(e.bucket, -1) < 0, coalesce(e.sha <> p.sha, 0) "
        "FROM pins p LEFT JOIN entries e ON e.id = p.id ORDER BY p.id"
    )
    return [Pin(id_, at, by, bool(gone), bool(other)) for id_, at, by, gone, other in conn.execute(query)]


def read_marks(conn: sqlite3.Connection, hub: str) -> Marks:
    """Return what was seen of a hub (CAT-31)."""
    query = "SELECT root_version, serial, timestamp_version, signed_at FROM marks WHERE hub = ?"
    return {row[0]: Mark(*row) for row in conn.execute(query, (hub,))}


def keep_mark(conn: sqlite3.Connection, hub: str, mark: Mark) -> None:
    """Remember it; a member that is lower than what is known stays as it is."""
    conn.execute(
        "INSERT INTO marks VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET serial = max(serial, excluded.serial), "
        "timestamp_version = max(timestamp_version, excluded.timestamp_version), "
        "signed_at = max(signed_at, excluded.signed_at)",
        (hub, mark.root_version, mark.serial, mark.timestamp_version, mark.signed_at_ms),
    )


def bad_deltas(conn: sqlite3.Connection) -> frozenset[str]:
    """Return the paths of deltas that did not lead where they should."""
    return frozenset(row[0] for row in conn.execute("SELECT path FROM bad"))


def mark_bad(conn: sqlite3.Connection, path: str) -> None:
    """Never take this delta again."""
    conn.execute("INSERT OR IGNORE INTO bad VALUES (?)", (path,))


def read_note(conn: sqlite3.Connection, key: str) -> str | None:
    """Return a text that was left under a name."""
    found = conn.execute("SELECT value FROM meta WHERE key = ?", (f"note_{key}",)).fetchone()
    return None if found is None else found[0]


def write_note(conn: sqlite3.Connection, key: str, text: str | None) -> None:
    """Leave a text; it survives a new list."""
    put_meta(conn, **{f"note_{key}": text})
