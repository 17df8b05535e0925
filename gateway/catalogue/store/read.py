"""What one can ask a list, each as a function of a connection that only reads."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

from gateway.catalogue.store.errors import Older
from gateway.catalogue.store.schema import GONE, HIDDEN, QUARANTINED, read_meta

Standing = Literal["shown", "hidden", "quarantined", "suppressed"]
_STANDINGS: Final[tuple[Standing, ...]] = ("shown", "hidden", "quarantined")


class Version(NamedTuple):
    """Which list it is. Times are unix milliseconds."""

    serial: int
    state_sha256: str
    origin: str
    """`bundled`, `hub` or `static`."""
    hub: str
    """The hub's URL, "" for a list that came from none."""
    root_version: int
    signed_at_ms: int | None
    taken_at_ms: int
    history_from: int
    """Changes since this serial are known."""
    vouched: str | None = None
    """What publishers with keys of their own said when it was judged."""


class Stored(NamedTuple):
    """An entry as it lies here; `body` is the canonical form."""

    id: str
    standing: Standing
    body: bytes
    sha: bytes
    is_pinned: bool = False
    is_gone: bool = False
    """Only the pin keeps it: the hub no longer has it."""


class Changed(NamedTuple):
    """The last change of an id since a serial. `body` is None where the entry is gone."""

    serial: int
    id: str
    body: bytes | None
    reason: str | None
    successor: str | None


class Counts(NamedTuple):
    """How many there are of each."""

    shown: int
    hidden: int
    quarantined: int
    """Also lines without an id."""
    suppressed: int
    pinned: int


class Reason(NamedTuple):
    """Why an entry is not shown."""

    id: str
    standing: Standing
    reason: str


def version(conn: sqlite3.Connection) -> Version | None:
    """Return which list it is, None where there is none."""
    meta = read_meta(conn)
    if meta.get("serial") is None:
        return None
    return Version(*(meta.get(name) for name in Version._fields))  # type: ignore[arg-type]  # written by `build.note`


_GET: Final = """
SELECT e.id, e.standing, coalesce(p.body, e.body), coalesce(p.sha, e.sha), p.id IS NOT NULL, e.bucket = ?,
  EXISTS (SELECT 1 FROM suppressed s WHERE s.id = e.id)
FROM entries e LEFT JOIN pins p ON p.id = e.id WHERE
"""


def get(conn: sqlite3.Connection, id_: str) -> Stored | None:
    """Return an entry, also one that is not shown; None where there is none."""
    found = conn.execute(f"{_GET} e.id = ?", (GONE, id_)).fetchone()
    return None if found is None else _stored(found)


def of_numbers(conn: sqlite3.Connection, numbers: Sequence[int]) -> list[Stored]:
    """Return the entries of a page in its order."""
    marks = ", ".join("?" * len(numbers))
    return [_stored(row) for row in conn.execute(f"{_GET} e.n IN ({marks}) ORDER BY e.n", (GONE, *numbers))]


def _stored(row: tuple[str, int, bytes, bytes, int, int, int]) -> Stored:
    id_, standing, body, sha, pinned, gone, suppressed = row
    word: Standing = "suppressed" if suppressed else "shown" if pinned else _STANDINGS[standing]
    return Stored(id_, word, body, sha, bool(pinned), bool(gone))


def changes_since(conn: sqlite3.Connection, serial: int, *, after: str = "", limit: int = 1000) -> list[Changed]:
    """Return a page of what changed after a serial, by id; entries in their present form.

    Raises:
        Older: that is longer ago than is remembered.
    """
    found = version(conn)
    if found is None or serial < found.history_from:
        since = "there is no list yet" if found is None else f"changes are known since serial {found.history_from}"
        raise Older(f"{since}, not since {serial}", hint="take the whole list: GET /api/v1/catalogue/models")
    query = (
        "SELECT c.serial, c.id, CASE WHEN c.gone THEN NULL ELSE e.body END, c.reason, c.successor "
        "FROM changes c LEFT JOIN entries e ON e.id = c.id WHERE c.serial > ? AND c.id > ? "
        "AND e.standing IS NOT ? ORDER BY c.id LIMIT ?"
    )
    return [Changed(*row) for row in conn.execute(query, (serial, after, QUARANTINED, limit))]


def find_change(conn: sqlite3.Connection, id_: str) -> Changed | None:
    """Return the last change of an id, as far as it is remembered; without its body."""
    found = conn.execute("SELECT serial, id, NULL, reason, successor FROM changes WHERE id = ?", (id_,)).fetchone()
    return None if found is None else Changed(*found)


def counts(conn: sqlite3.Connection) -> Counts:
    """Count what is shown and what is not."""

    def count(query: str) -> int:
        return int(conn.execute(f"SELECT count(*) FROM {query}").fetchone()[0])  # noqa: S608 - queries of ours

    nameless = int(read_meta(conn).get("nameless") or 0)
    return Counts(
        count("facts WHERE off = 0"),
        count(f"reasons WHERE standing = {HIDDEN}"),
        count(f"reasons WHERE standing = {QUARANTINED}") + nameless,
        count("facts WHERE off = 1"),
        count("pins"),
    )


def reasons(conn: sqlite3.Connection, *, after: str = "", limit: int = 100) -> list[Reason]:
    """Return a page of what is hidden or in quarantine, and why, by id."""
    query = "SELECT id, standing, reason FROM reasons WHERE id > ? ORDER BY id LIMIT ?"
    return [Reason(id_, _STANDINGS[one], why) for id_, one, why in conn.execute(query, (after, limit))]


def find_reason(conn: sqlite3.Connection, id_: str) -> str | None:
    """Return why an entry is hidden or in quarantine; None where it is neither."""
    found = conn.execute("SELECT reason FROM reasons WHERE id = ?", (id_,)).fetchone()
    return None if found is None else str(found[0])


def bodies(conn: sqlite3.Connection, *, after: str = "", limit: int = 1000) -> Iterator[Stored]:
    """Yield a page of everything that is shown, by id: for whoever goes through the whole list."""
    query = f"{_GET} e.id > ? AND e.n IN (SELECT n FROM facts WHERE off = 0) ORDER BY e.id LIMIT ?"  # noqa: S608 - ours
    return (_stored(row) for row in conn.execute(query, (GONE, after, limit)))


__all__ = [
    "Changed",
    "Counts",
    "Reason",
    "Standing",
    "Stored",
    "Version",
    "bodies",
    "changes_since",
    "counts",
    "find_change",
    "find_reason",
    "get",
    "of_numbers",
    "reasons",
    "version",
]
