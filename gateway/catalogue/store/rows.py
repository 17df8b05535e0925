"""A line of a list as a row: who it is, what it hashes to, and what became of it. Pure.

The hash is that of the canonical form. `known` is the quick way for the lines of a whole list.
"""

import hashlib
from typing import NamedTuple

from gateway.catalogue.canonical import NotCanonical, Value, canonical_decoded, decode
from gateway.catalogue.entry import Entry, Hidden, Quarantined, judge
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


def read_line(line: bytes) -> Row | Quarantined:
    """Return the row of a line; `Quarantined` where it has no id, and so no place in the list."""
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


def hashes_of(id_: str, body: bytes) -> tuple[int, bytes]:
    """Return an entry's bucket, and the sha256 of its canonical form."""
    sha256 = hashlib.sha256
    return sha256(id_.encode()).digest()[0], sha256(body).digest()


def _row(id_: str, body: bytes, entry: Entry | None, reason: str | None, standing: int) -> Row:
    return Row(id_, *hashes_of(id_, body), standing, body, entry, reason)
