"""Entries of a namespace count only where its publisher vouches for them: else all of them are in quarantine.

The publisher's word is the state of its whole namespace, so nobody who carries its entries can change, add or leave out
one. Every function works within the caller's transaction. What was put into quarantine for this reason alone is taken
out before deltas are applied, and judged again afterwards.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from gateway.catalogue.namespace import Vouch, bounds
from gateway.catalogue.state_hash import StateHash
from gateway.catalogue.store.indexing import Index
from gateway.catalogue.store.schema import QUARANTINED, SHOWN, put_meta, read_meta

_KEY: Final = "vouched"
_ROWS: Final = "FROM entries e {join} WHERE e.id >= ? AND e.id < ? AND e.bucket >= 0"


class _Noted(NamedTuple):
    """What a publisher said when it was asked last, and why its entries are in quarantine since."""

    publisher: str
    state_sha256: str | None
    reason: str
    problem: str | None


def is_noted(conn: sqlite3.Connection, vouches: Sequence[Vouch]) -> bool:
    """Return whether publishers say the same as when the list was judged last."""
    said = [(one.publisher, one.state_sha256, one.reason) for one in vouches]
    return said == [one[:3] for one in _noted(conn)]


def vouch(conn: sqlite3.Connection, vouches: Iterable[Vouch]) -> None:
    """Put into quarantine the namespaces that are not as their publishers say."""
    judged = [_Noted(one.publisher, one.state_sha256, one.reason, _problem(conn, one)) for one in vouches]
    if any(one.problem for one in judged):
        index = Index(conn)
        for one in judged:
            if one.problem is not None:
                _refuse(conn, index, one.publisher, one.problem)
    if judged or _noted(conn):
        put_meta(conn, **{_KEY: json.dumps(judged) if judged else None})


def unvouch(conn: sqlite3.Connection) -> None:
    """Take out of quarantine what is there for want of its publisher's word."""
    refused = [one for one in _noted(conn) if one.problem is not None]
    if not refused:
        return
    index = Index(conn)
    for one in refused:
        query = f"SELECT e.n, e.id, e.body {_ROWS.format(join='JOIN reasons r ON r.id = e.id')} AND r.reason = ?"
        for n, id_, body in conn.execute(query, (*bounds(one.publisher), one.problem)).fetchall():
            conn.execute("UPDATE entries SET standing = ? WHERE n = ?", (SHOWN, n))
            conn.execute("DELETE FROM reasons WHERE id = ?", (id_,))
            if id_ not in index.pins:  # that one was in sight all the time
                index.put(n, id_, body)
    index.names.save()
    put_meta(conn, **{_KEY: None})


def _problem(conn: sqlite3.Connection, said: Vouch) -> str | None:
    """Return why nobody vouches for a namespace as it stands here, None where its publisher does."""
    if said.state_sha256 is None:
        return said.reason
    rows = conn.execute(f"SELECT e.id, e.sha {_ROWS.format(join='')}", bounds(said.publisher))
    if StateHash(rows).hexdigest() == said.state_sha256:
        return None
    return f"{said.publisher}/ is not the list that its publisher {said.publisher} has signed"


def _refuse(conn: sqlite3.Connection, index: Index, publisher: str, problem: str) -> None:
    query = f"SELECT e.n, e.id, e.body {_ROWS.format(join='')} AND e.standing = ?"
    for n, id_, body in conn.execute(query, (*bounds(publisher), SHOWN)).fetchall():
        if id_ not in index.pins:  # an operator's word: it stays in sight as it was
            index.drop(n, id_, body)
        conn.execute("UPDATE entries SET standing = ? WHERE n = ?", (QUARANTINED, n))
        conn.execute("INSERT OR REPLACE INTO reasons VALUES (?, ?, ?)", (id_, QUARANTINED, problem))


def _noted(conn: sqlite3.Connection) -> list[_Noted]:
    found = read_meta(conn).get(_KEY)
    return [_Noted(*one) for one in json.loads(str(found))] if found else []
