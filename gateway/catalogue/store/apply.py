"""Deltas into the list in place, all of them in one transaction.

Who calls begins and ends the transaction: a policy may look at what changed before it is committed.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from gateway.catalogue.entry import Quarantined
from gateway.catalogue.operation import Del, Put, parse_operation
from gateway.catalogue.state_hash import bucket_digest, state_of
from gateway.catalogue.store.build import Source, note
from gateway.catalogue.store.carry import LIVE, trim_changes
from gateway.catalogue.store.change import Change, Policy
from gateway.catalogue.store.errors import WrongState
from gateway.catalogue.store.indexing import Index
from gateway.catalogue.store.rows import Row, read_value
from gateway.catalogue.store.schema import GONE, STEP, read_meta
from gateway.catalogue.store.vouching import unvouch, vouch

_NEAR: Final = 1 << 10
"""How close behind its neighbour a new row is put: those that follow it one by one find room, too."""
_RETIRED: Final = "retired"


class Step(NamedTuple):
    """One delta: where it leads, and what yields its lines."""

    path: str
    to: int
    state_sha256: str
    lines: Callable[[], Iterable[bytes]]


def apply_all(
    conn: sqlite3.Connection,
    source: Source,
    steps: Sequence[Step],
    policy: Policy | None = None,
    *,
    stop: Callable[[], bool] = lambda: False,
) -> Change:
    """Take all deltas within the caller's transaction.

    Raises:
        WrongState: one of them does not lead where it should.
        InterruptedError: `stop` said so.
    """
    before = read_meta(conn)
    unvouch(conn)
    applying = Applying(conn, serial=int(before["serial"] or 0))
    for step in steps:
        applying.apply(step.path, _until(stop, step.lines()), to=step.to, state=step.state_sha256)
    change = applying.change(source.serial)
    if policy is not None:
        policy(change)
    vouch(conn, source.publishers)
    note(conn, source, applying.state)
    trim_changes(conn)
    return change


def _until(stop: Callable[[], bool], lines: Iterable[bytes]) -> Iterator[bytes]:
    for line in lines:
        if stop():
            raise InterruptedError
        yield line


class Applying:
    """What a chain of deltas does to the list."""

    def __init__(self, conn: sqlite3.Connection, *, serial: int) -> None:
        self._conn = conn
        self._start = serial
        self._index = Index(conn)
        self._touched: set[int] = set()
        self._live = int(conn.execute(LIVE.format(schema="main")).fetchone()[0])
        self._added: set[str] = set()
        self._changed: set[str] = set()
        self._removed: dict[str, Del] = {}
        self._retired: set[str] = set()
        self.state = ""

    def apply(self, path: str, lines: Iterable[bytes], *, to: int, state: str) -> None:
        """Do what the lines say, and prove that this leads to `state`.

        Raises:
            WrongState: it does not.
        """
        for line in lines:
            operation = parse_operation(line)
            if isinstance(operation, Put):
                self._put(operation, to)
            elif isinstance(operation, Del):
                self._delete(operation, to)
        self.state = self._rehash()
        if self.state != state:
            raise WrongState(path, self.state, state)

    def change(self, to: int) -> Change:
        """Return what has changed so far."""
        self._index.names.save()
        return Change(
            self._start,
            to,
            len(self._added),
            len(self._changed),
            tuple(sorted(self._removed)),
            len(self._retired),
            self._live,
        )

    def _put(self, operation: Put, serial: int) -> None:
        row = read_value(operation.entry)
        if isinstance(row, Quarantined):  # a delta's line was read once already: this has an id
            return
        old = self._find(row.id)
        if old is not None and old[1] == row.sha and old[2] >= 0:
            return
        self._note(row, old)
        if old is None:
            n = place_of(self._conn, row.id)
            self._conn.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)", (n, *row[:5]))
        else:
            n = old[0]
            was = self._index.drop(n, row.id, old[3])
            if row.entry is not None and row.entry.status == _RETIRED and (was is None or was.status != _RETIRED):
                self._retired.add(row.id)
            query = "UPDATE entries SET bucket = ?, sha = ?, standing = ?, body = ? WHERE n = ?"
            self._conn.execute(query, (*row[1:5], n))
        self._index.put(n, row.id, row.body)
        self._touched.add(row.bucket)
        self._remember(row.id, serial)

    def _note(self, row: Row, old: tuple[int, bytes, int, bytes] | None) -> None:
        """Count it, and keep why it is not shown."""
        self._conn.execute("DELETE FROM reasons WHERE id = ?", (row.id,))
        if row.reason is not None:
            self._conn.execute("INSERT INTO reasons VALUES (?, ?, ?)", (row.id, row.standing, row.reason))
        self._retired.discard(row.id)
        if self._removed.pop(row.id, None) is not None or (old is not None and row.id not in self._added):
            self._changed.add(row.id)
        elif old is None:
            self._added.add(row.id)

    def _delete(self, operation: Del, serial: int) -> None:
        id_ = operation.id
        old = self._find(id_)
        if old is None or old[2] < 0:
            return
        n, _, bucket, body = old
        if id_ in self._index.pins:  # it stays in sight, and is no part of the state any more
            self._conn.execute("UPDATE entries SET bucket = ? WHERE n = ?", (GONE, n))
        else:
            self._index.drop(n, id_, body)
            self._conn.execute("DELETE FROM entries WHERE n = ?", (n,))
        self._conn.execute("DELETE FROM reasons WHERE id = ?", (id_,))
        self._touched.add(bucket)
        self._retired.discard(id_)
        self._changed.discard(id_)
        if id_ in self._added:
            self._added.discard(id_)
        else:
            self._removed[id_] = operation
        self._remember(id_, serial, operation)

    def _remember(self, id_: str, serial: int, gone: Del | None = None) -> None:
        about = (None, None) if gone is None else (gone.reason, gone.successor)
        row = (id_, serial, gone is not None, *about)
        self._conn.execute("INSERT OR REPLACE INTO changes VALUES (?, ?, ?, ?, ?)", row)

    def _find(self, id_: str) -> tuple[int, bytes, int, bytes] | None:
        query = "SELECT n, sha, bucket, body FROM entries WHERE id = ?"
        found: tuple[int, bytes, int, bytes] | None = self._conn.execute(query, (id_,)).fetchone()
        return found

    def _rehash(self) -> str:
        """Hash the buckets that changed anew, and return the state."""
        for bucket in self._touched:
            rows = self._conn.execute("SELECT id, sha FROM entries WHERE bucket = ?", (bucket,))
            self._conn.execute("INSERT OR REPLACE INTO buckets VALUES (?, ?)", (bucket, bucket_digest(rows)))
        self._touched.clear()
        return state_of([row[0] for row in self._conn.execute("SELECT digest FROM buckets ORDER BY bucket")])


def place_of(conn: sqlite3.Connection, id_: str) -> int:
    """Return a number for a new id: between its neighbours, or at the end where there is no room left."""
    before = conn.execute("SELECT n FROM entries WHERE id < ? ORDER BY id DESC LIMIT 1", (id_,)).fetchone()
    after = conn.execute("SELECT n FROM entries WHERE id > ? ORDER BY id LIMIT 1", (id_,)).fetchone()
    low = before[0] if before else 0
    if after is not None and after[0] - low > 1:
        n = low + min((after[0] - low) // 2, _NEAR)
        if conn.execute("SELECT 1 FROM entries WHERE n = ?", (n,)).fetchone() is None:
            return int(n)
    return int(conn.execute("SELECT coalesce(max(n), 0) FROM entries").fetchone()[0]) + STEP
