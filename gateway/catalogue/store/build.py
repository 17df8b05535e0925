"""A whole list into a new file (catalogue.md sections 4 to 6): 1.3 s instead of 2.1 s in place, and half the bytes.

The list goes through line by line; memory stays flat whatever its length. A publisher writes lines in their canonical
form, so a line that is an entry beyond doubt is hashed as it stands; the state hash of the whole list then proves that
this was right, and where it does not, the list is read again with `exact`. That is 1.5 s of CPU for 100,000 entries
otherwise.
"""

import functools
import itertools
import sqlite3
from collections.abc import Callable, Iterable
from typing import Final

from msgspec import Struct, field

from gateway.catalogue.entry import Quarantined
from gateway.catalogue.namespace import Vouch
from gateway.catalogue.state_hash import BUCKETS, bucket_digest, state_of
from gateway.catalogue.store.errors import Unfit, WrongState
from gateway.catalogue.store.facts import Names, facts_of, words_of
from gateway.catalogue.store.known import Knowing
from gateway.catalogue.store.rows import hashes_of, read_line
from gateway.catalogue.store.schema import INDEXES, SHOWN, STEP, put_meta, read_meta

_BATCH: Final = 64
"""Rows of one statement, a third less CPU than one each. 64 rows of facts have 832 values; some SQLites allow 999."""
_MERGE: Final = 4
"""FTS5's own number."""
_MOST_REASONS: Final = 10_000
"""Reasons that are kept: a hub of garbage must not become a file of reasons."""


class Source(Struct, frozen=True):
    """What a list is, besides its entries. `state_sha256` None: whoever gives it has proved it otherwise."""

    serial: int
    path: str
    state_sha256: str | None
    origin: str
    """`bundled`, `hub`, `static`."""
    hub: str = ""
    """The hub's URL."""
    signed_at_ms: int | None = None
    taken_at_ms: int = 0
    root_version: int = 0
    publishers: tuple[Vouch, ...] = ()
    """What those say who sign a namespace of their own."""


class Built(Struct):
    """How many lines became what."""

    entries: int = 0
    nameless: int = 0
    """Lines without an id: no part of the list."""
    reasons: list[tuple[str, int, str]] = field(default_factory=list)


def fill(
    conn: sqlite3.Connection,
    lines: Iterable[bytes],
    *,
    source: Source,
    exact: bool = False,
    stop: Callable[[], bool] = lambda: False,
) -> Built:
    """Put the list into a new file, make its indexes, and prove its state.

    Raises:
        WrongState: it is not the one that the index names.
        Unfit: two entries have one id.
    """
    filling = _Filling(conn, exact=exact)
    merge_words(conn, 0)
    conn.execute("BEGIN")
    rest = iter(lines)
    while batch := list(itertools.islice(rest, _BATCH)):
        if stop():
            raise InterruptedError
        filling.put(batch)
    built = filling.end()
    conn.execute("COMMIT")
    merge_words(conn, _MERGE)
    try:
        conn.executescript(INDEXES)
    except sqlite3.IntegrityError as error:
        raise Unfit(f"{source.path} holds two entries of one id", hint="tell the hub's owner") from error
    state = hash_all(conn)
    if source.state_sha256 not in {None, state}:
        raise WrongState(source.path, state, str(source.state_sha256))
    note(conn, source, state, built)
    return built


def merge_words(conn: sqlite3.Connection, count: int) -> None:
    """Let FTS5 merge as soon as so many pieces of its index are of one size; 0: while a list is built, not at all."""
    if read_meta(conn)["full_text"]:
        conn.execute("INSERT INTO words (words, rank) VALUES ('automerge', ?)", (count,))


def hash_all(conn: sqlite3.Connection) -> str:
    """Hash every bucket, keep the digests, and return the state."""
    digests = [bucket_digest(())] * BUCKETS
    rows = conn.execute("SELECT bucket, id, sha FROM entries WHERE bucket >= 0 ORDER BY bucket, id")
    for bucket, members in itertools.groupby(rows, key=lambda row: row[0]):
        digests[bucket] = bucket_digest((id_, sha) for _, id_, sha in members)
    conn.execute("BEGIN")
    conn.executemany("INSERT OR REPLACE INTO buckets VALUES (?, ?)", enumerate(digests))
    conn.execute("COMMIT")
    return state_of(digests)


def note(conn: sqlite3.Connection, source: Source, state: str, built: Built | None = None) -> None:
    """Write what the list is now."""
    put_meta(
        conn,
        serial=source.serial,
        state_sha256=state,
        origin=source.origin,
        hub=source.hub,
        signed_at_ms=source.signed_at_ms,
        taken_at_ms=source.taken_at_ms,
        root_version=source.root_version,
    )
    if built is not None:
        put_meta(conn, nameless=built.nameless, history_from=source.serial)


class _Filling:
    """A list on its way into the tables."""

    def __init__(self, conn: sqlite3.Connection, *, exact: bool) -> None:
        self._conn = conn
        self._names = Names(conn)
        self._known = None if exact else Knowing(self._names)
        self._built = Built()
        self._last = 0

    def put(self, lines: list[bytes]) -> None:
        """Insert what these lines say, with facts and words where it is shown."""
        entries: list[object] = []
        facts: list[object] = []
        words: list[object] = []
        n = self._last
        for line in lines:
            known = None if self._known is None else self._known.read(line)
            if known is None:
                n = self._judge(line, n, entries, facts, words)
                continue
            n += STEP
            id_, said, text = known
            bucket, sha = hashes_of(id_, line)
            # `sqlite3` looks for an adapter of each `bytes`, 1 us, and for none of a `bytearray`
            entries += (n, id_, bucket, bytearray(sha), SHOWN, bytearray(line))
            facts += (n, 0, *said)
            words += (n, text)
        self._last = n
        _insert(self._conn, "entries", entries, 6)
        _insert(self._conn, "facts", facts, 13)
        _insert(self._conn, "words (rowid, text)", words, 2)

    def end(self) -> Built:
        """Write the rest, and return what became of the lines."""
        self._names.save()
        self._conn.executemany("INSERT OR REPLACE INTO reasons VALUES (?, ?, ?)", self._built.reasons)
        self._built.entries = self._last // STEP
        return self._built

    def _judge(self, line: bytes, n: int, entries: list[object], facts: list[object], words: list[object]) -> int:
        row = read_line(line)
        if isinstance(row, Quarantined):
            self._built.nameless += 1
            return n
        n += STEP
        entries += (n, *row[:5])
        if row.entry is not None:
            facts += (n, 0, *facts_of(row.entry, self._names))
            words += (n, words_of(row.entry))
        elif row.reason is not None and len(self._built.reasons) < _MOST_REASONS:
            self._built.reasons.append((row.id, row.standing, row.reason))
        return n


def _insert(conn: sqlite3.Connection, table: str, values: list[object], width: int) -> None:
    if values:
        conn.execute(_statement(table, len(values) // width, width), values)


@functools.lru_cache(maxsize=8)
def _statement(table: str, rows: int, width: int) -> str:
    row = f"({', '.join('?' * width)})"
    return f"INSERT INTO {table} VALUES {', '.join([row] * rows)}"  # noqa: S608 - question marks
