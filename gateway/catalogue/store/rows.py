"""A line of a list as a row: who it is, what it hashes to, and what became of it. Pure.

The hash is that of the canonical form. A publisher writes lines in just that form, so a line that is an entry beyond
doubt is hashed as it stands; the state hash of the whole list then proves that this was right, and where it does not,
the list is read again with `exact`. That is 1.5 s of CPU for 100,000 entries otherwise.
"""

import hashlib
from typing import NamedTuple

from gateway.catalogue.canonical import NotCanonical, Value, canonical_decoded, decode
from gateway.catalogue.entry import Entry, Hidden, Quarantined, judge
from gateway.catalogue.store.known import known
from gateway.catalogue.store.schema import HIDDEN, QUARANTINED, SHOWN


class Row(NamedTuple):
    """An entry as it is stored; `reason` says why it is not shown, `entry` is there when it is."""

    id: str
    bucket: int
    sha: bytes
    standing: int
    body: bytes
    entry: Entry | None
    reason: str | None


def read_line(line: bytes, *, exact: bool = False) -> Row | Quarantined:
    """Return the row of a line; `Quarantined` where it has no id, and so no place in the list."""
    if not exact and (entry := known(line)) is not None:
        return _row(entry.id, line, entry, None, SHOWN)
    try:
        value = decode(line)
    except NotCanonical as error:
        return Quarantined(None, str(error))
    return read_value(value)


def read_value(value: Value) -> Row | Quarantined:
    """Return the row of what `decode` gave."""
    body = canonical_decoded(value)
    verdict = judge(value, body)
    if isinstance(verdict, Quarantined):
        return verdict if verdict.id is None else _row(verdict.id, body, None, verdict.reason, QUARANTINED)
    if isinstance(verdict, Hidden):
        return _row(verdict.id, body, None, verdict.reason, HIDDEN)
    return _row(verdict.id, body, verdict, None, SHOWN)


def entry_of(body: bytes) -> Entry | None:
    """Return the entry of a stored body, None where it is none that is shown."""
    row = read_line(body)
    return row.entry if isinstance(row, Row) else None


def _row(id_: str, body: bytes, entry: Entry | None, reason: str | None, standing: int) -> Row:
    sha256 = hashlib.sha256
    return Row(id_, sha256(id_.encode()).digest()[0], sha256(body).digest(), standing, body, entry, reason)
