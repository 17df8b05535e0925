"""One entry in or out of what filters and searches go by. A whole list goes in by `build`."""

import sqlite3

from gateway.catalogue.entry import Entry
from gateway.catalogue.store.facts import Names, facts_of, words_of
from gateway.catalogue.store.rows import entry_of
from gateway.catalogue.store.schema import read_meta


class Index:
    """The facts and words of single entries, within the caller's transaction."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn
        self.names = Names(conn)
        self._is_fts = bool(read_meta(conn)["full_text"])
        self.pins: dict[str, bytes] = dict(conn.execute("SELECT id, body FROM pins"))
        self.suppressed: set[str] = {row[0] for row in conn.execute("SELECT id FROM suppressed")}

    def put(self, n: int, id_: str, body: bytes) -> None:
        """Add what is shown of an entry: of its pinned form, if it has one."""
        entry = entry_of(self.pins.get(id_, body))
        if entry is None:
            return
        marks = "?, " * 12 + "?"
        row = (n, id_ in self.suppressed, *facts_of(entry, self.names))
        self._conn.execute(f"INSERT OR REPLACE INTO facts VALUES ({marks})", row)  # noqa: S608 - question marks
        self._conn.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (n, words_of(entry)))

    def drop(self, n: int, id_: str, body: bytes) -> Entry | None:
        """Take away what `put` added, and return the entry that was shown."""
        entry = entry_of(self.pins.get(id_, body))
        if entry is None:
            return None
        self._conn.execute("DELETE FROM facts WHERE n = ?", (n,))
        if self._is_fts:  # a table without contents must be told what it held
            text = words_of(entry)
            self._conn.execute("INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", (n, text))
        else:
            self._conn.execute("DELETE FROM words WHERE rowid = ?", (n,))
        return entry
