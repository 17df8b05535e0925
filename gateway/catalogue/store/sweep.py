"""Whether the file can be believed (catalogue.md section 7, corrupt SQLite). Read-only."""

import contextlib
import hashlib
import sqlite3
from pathlib import Path

from gateway.catalogue.store.errors import Broken
from gateway.catalogue.store.schema import FORMAT, open_reader, read_meta

_HINT = "it is set aside and built again by itself; calls are not touched by it"


def quick_check(conn: sqlite3.Connection) -> None:
    """Look at the file's structure: 0.1 s for 100,000 entries; one flipped byte of a text may pass.

    Raises:
        Broken: there is damage, or these are tables of another version.
        sqlite3.DatabaseError: it is not even a database.
    """
    if conn.execute("SELECT count(*) FROM sqlite_master WHERE name = 'meta'").fetchone()[0] == 0:
        raise Broken("the catalogue's file is empty", hint=_HINT)
    said = conn.execute("PRAGMA quick_check(1)").fetchone()[0]
    if said != "ok":
        raise Broken(f"the catalogue's file is damaged ({str(said).splitlines()[0]:.100})", hint=_HINT)
    if (found := read_meta(conn).get("format")) != FORMAT:
        raise Broken(f"the catalogue's file has format {found}, and {FORMAT} is read here", hint=_HINT)


def sweep(conn: sqlite3.Connection) -> int:
    """Hash every entry again and return their number: 0.3 s for 100,000, and no flipped byte passes.

    Raises:
        Broken: an entry is not what its hash says.
    """
    count = 0
    for id_, sha, body in conn.execute("SELECT id, sha, body FROM entries"):
        count += 1
        if hashlib.sha256(body).digest() != sha:
            raise Broken(f"the catalogue's entry {id_} is not what was stored", hint=_HINT)
    return count


def checked(conn: sqlite3.Connection) -> int:
    """Do both."""
    quick_check(conn)
    return sweep(conn)


def check_file(path: Path, *, thoroughly: bool) -> None:
    """Look at a file before it is used.

    Raises:
        Broken, sqlite3.DatabaseError: it cannot be.
    """
    with contextlib.closing(open_reader(path)) as conn:
        quick_check(conn)
        if thoroughly:
            sweep(conn)
