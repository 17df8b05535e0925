"""The tables of the list's own file. It may be thrown away: what people decided lies in the product's database.

`n` orders the list as its ids do, with room in between, so that a page is a walk along one number:

    entries     everything that a hub sent, also what is not shown: `sha` is that of `body`, the canonical form
    facts       of what is shown: a few narrow columns that filters go by
    words       of what is shown: the texts that a search goes by (FTS5 where it exists)
    names       the numbers of publishers, families, licences, and the bits of everything that an entry can have
    reasons     why an entry is hidden or in quarantine; lines without an id are counted under a number
    buckets     the digests of the state hash
    changes     the last change of each id that changed, for those who ask what is new
    local       what must survive a new list: marks, pins, held and bad files are rows of their own kind
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FORMAT: Final = 1
"""Raised when these tables change: a file of another format is built anew."""
STEP: Final = 1 << 20
"""Distance of two neighbours when a list is built."""
GONE: Final = -1
"""The bucket of what is kept because it is pinned, although the hub no longer has it."""

SHOWN: Final = 0
HIDDEN: Final = 1
QUARANTINED: Final = 2

TABLES: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE entries (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL, bucket INTEGER NOT NULL, sha BLOB NOT NULL, standing INTEGER NOT NULL,
  body BLOB NOT NULL);
CREATE TABLE facts (
  n INTEGER PRIMARY KEY, off INTEGER NOT NULL, has INTEGER NOT NULL, place INTEGER NOT NULL, context INTEGER,
  price_in REAL, price_out REAL, status INTEGER NOT NULL, kind INTEGER NOT NULL, open INTEGER, publisher INTEGER,
  family INTEGER, license INTEGER);
CREATE TABLE names (kind TEXT NOT NULL, value TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (kind, value))
  WITHOUT ROWID;
CREATE TABLE reasons (id TEXT PRIMARY KEY, standing INTEGER NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE buckets (bucket INTEGER PRIMARY KEY, digest BLOB NOT NULL);
CREATE TABLE changes (
  id TEXT PRIMARY KEY, serial INTEGER NOT NULL, gone INTEGER NOT NULL, reason TEXT, successor TEXT) WITHOUT ROWID;
CREATE INDEX changes_serial ON changes (serial);
CREATE TABLE suppressed (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE pins (
  id TEXT PRIMARY KEY, sha BLOB NOT NULL, body BLOB NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE marks (
  hub TEXT NOT NULL, root_version INTEGER NOT NULL, serial INTEGER NOT NULL, timestamp_version INTEGER NOT NULL,
  signed_at INTEGER NOT NULL, PRIMARY KEY (hub, root_version)) WITHOUT ROWID;
CREATE TABLE bad (path TEXT PRIMARY KEY) WITHOUT ROWID;
"""
INDEXES: Final = """
CREATE UNIQUE INDEX entries_id ON entries (id);
CREATE INDEX entries_bucket ON entries (bucket, id, sha);
CREATE INDEX facts_publisher ON facts (publisher);
"""
WORDS: Final = """
CREATE VIRTUAL TABLE words USING fts5(
  text, content='', columnsize=0, detail=none, tokenize='unicode61 remove_diacritics 2');
"""
PLAIN_WORDS: Final = "CREATE TABLE words (rowid INTEGER PRIMARY KEY, text TEXT NOT NULL);"

_NEW: Final = (
    "PRAGMA page_size=16384",  # an entry takes about 1 KB: less is left over, and built a tenth quicker than of 4 KB
    "PRAGMA journal_mode=OFF",  # a file that is not finished is thrown away
    "PRAGMA synchronous=OFF",  # it is synced once, before it gets its name
    "PRAGMA main.locking_mode=EXCLUSIVE",
    "PRAGMA secure_delete=OFF",  # nothing here is secret, and zeros are bytes to write
    "PRAGMA cache_size=-8000",
)


def finish(conn: sqlite3.Connection) -> None:
    """Make the file one that is read while it is written, and let go of it."""
    conn.execute("PRAGMA main.locking_mode=NORMAL")
    conn.execute("PRAGMA journal_mode=WAL")
    conn.close()


def has_full_text(conn: sqlite3.Connection) -> bool:
    """Return whether this SQLite has FTS5."""
    try:
        conn.execute("CREATE VIRTUAL TABLE temp.probe USING fts5(x)")
    except sqlite3.OperationalError:
        return False
    conn.execute("DROP TABLE temp.probe")
    return True


def create(path: Path, *, full_text: bool | None = None) -> sqlite3.Connection:
    """Return a connection to a new file with all tables and, for now, without indexes."""
    conn = sqlite3.connect(path.absolute().as_uri(), uri=True, isolation_level=None, check_same_thread=False)
    for pragma in _NEW:
        conn.execute(pragma)
    conn.executescript(TABLES)
    is_fts = has_full_text(conn) if full_text is None else full_text
    conn.executescript(WORDS if is_fts else PLAIN_WORDS)
    put_meta(conn, format=FORMAT, full_text=int(is_fts))
    return conn


def open_writer(path: Path) -> sqlite3.Connection:
    """Return a connection that writes; readers of the file go on meanwhile (WAL)."""
    conn = sqlite3.connect(existing(path), uri=True, isolation_level=None, check_same_thread=False, timeout=10)
    conn.execute("PRAGMA journal_mode=WAL")
    conn.execute("PRAGMA synchronous=FULL")  # a list that was reported as taken is there after a power cut
    conn.execute("PRAGMA cache_size=-4000")
    conn.execute("PRAGMA secure_delete=OFF")
    return conn


def open_reader(path: Path) -> sqlite3.Connection:
    """Return a connection for one that only reads; the caller sets `query_only` when it is prepared."""
    return sqlite3.connect(existing(path), uri=True, isolation_level=None, timeout=2, check_same_thread=False)


def existing(path: Path) -> str:
    """Return the URI under which SQLite makes no new file."""
    return f"{path.absolute().as_uri()}?mode=rw"


def put_meta(conn: sqlite3.Connection, **values: str | int | None) -> None:
    """Write values under their names."""
    conn.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())


def read_meta(conn: sqlite3.Connection) -> dict[str, str | int | None]:
    """Return all of them."""
    return dict(conn.execute("SELECT key, value FROM meta"))


@contextlib.contextmanager
def transaction(conn: sqlite3.Connection) -> Iterator[None]:
    """Commit at the end, or undo everything."""
    conn.execute("BEGIN IMMEDIATE")
    try:
        yield
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:  # a full disk has undone it already
            conn.execute("ROLLBACK")
        raise
