"""A whole list into a new file (catalogue.md sections 4 to 6): 1.3 s instead of 2.1 s in place, and half the bytes.

The list goes through line by line; memory stays flat whatever its length.
"""

import itertools
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from msgspec import Struct, field

from gateway.catalogue.entry import Quarantined
from gateway.catalogue.namespace import Vouch
from gateway.catalogue.state_hash import BUCKETS, bucket_digest, state_of
from gateway.catalogue.store.errors import Unfit, WrongState
from gateway.catalogue.store.facts import Names, facts_of, words_of
from gateway.catalogue.store.rows import Row, read_line
from gateway.catalogue.store.schema import INDEXES, STEP, put_meta, read_meta

_BATCH: Final = 200
"""Rows between two looks whether somebody wants this to stop."""
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
    names, built = Names(conn), Built()
    merge_words(conn, 0)
    conn.execute("BEGIN")
    numbers = itertools.count(STEP, STEP)
    for batch in _batches(_rows(lines, built, exact=exact)):
        if stop():
            raise InterruptedError
        put_rows(conn, zip(batch, numbers, strict=False), names)
    names.save()
    conn.executemany("INSERT OR REPLACE INTO reasons VALUES (?, ?, ?)", built.reasons)
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


def put_rows(conn: sqlite3.Connection, rows: Iterable[tuple[Row, int]], names: Names) -> None:
    """Insert rows under their numbers, with their facts and words where they are shown."""
    entries: list[tuple[object, ...]] = []
    facts: list[tuple[object, ...]] = []
    words: list[tuple[int, str]] = []
    for (id_, bucket, sha, standing, body, entry, _), n in rows:
        entries.append((n, id_, bucket, sha, standing, body))
        if entry is not None:
            facts.append((n, 0, *facts_of(entry, names)))
            words.append((n, words_of(entry)))
    conn.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)", entries)
    conn.executemany("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", facts)
    conn.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", words)


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


def _rows(lines: Iterable[bytes], built: Built, *, exact: bool) -> Iterator[Row]:
    for line in lines:
        row = read_line(line, exact=exact)
        if isinstance(row, Quarantined):
            built.nameless += 1
            continue
        built.entries += 1
        if row.reason is not None and len(built.reasons) < _MOST_REASONS:
            built.reasons.append((row.id, row.standing, row.reason))
        yield row


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(itertools.islice(rows, _BATCH)):
        yield batch
