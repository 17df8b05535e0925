"""A page of the list: which entries fit, in the order of their ids. p99 < 10 ms at 100,000 (issue 6).

A search is for words, or for beginnings of words from two letters. SQLite's own search for beginnings collects every
row first, 30 ms for a common one; so a beginning is replaced by the words that begin so, and the search ends with the
page. FTS5's index of beginnings would do it as well, and costs a fifth of the time of building a list.
"""

import re
import sqlite3
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple

from msgspec import Struct

from gateway.catalogue.entry import Entry
from gateway.catalogue.store import read
from gateway.catalogue.store.facts import BITS, HAS, MANY, PLACE, pairs_of
from gateway.catalogue.store.rows import entry_of
from gateway.catalogue.store.schema import read_meta

_WORD: Final = re.compile(r"[^\W_]+")
_MOST_WORDS: Final = 8
_FEW: Final = 512
"""Words that a beginning may be replaced by; where more begin so, SQLite's way is the quicker one."""


_NOTHING: Final[tuple[str, list[object]]] = ("0", [])
"""What nothing fits: no row is looked at."""


class Query(Struct, frozen=True, kw_only=True):
    """What an entry must be; everything that is given must hold. Prices are USD per million tokens."""

    text: str = ""
    publisher: str | None = None
    family: str | None = None
    license: str | None = None
    kind: str | None = None
    status: tuple[str, ...] = ()
    """One of these."""
    open_weights: bool | None = None
    capabilities: tuple[str, ...] = ()
    """All of these; so with the next five."""
    modalities_in: tuple[str, ...] = ()
    modalities_out: tuple[str, ...] = ()
    apis: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    residency: tuple[str, ...] = ()
    min_context: int | None = None
    max_price_in: Decimal | None = None
    max_price_out: Decimal | None = None
    after: str | None = None
    """The id that the page before ended with."""
    limit: int = 50


class Page(NamedTuple):
    """Entries in the order of their ids; `next` goes into `after`, None on the last page."""

    items: list[read.Stored]
    next: str | None
    version: read.Version | None


def search(conn: sqlite3.Connection, query: Query) -> Page:
    """Return the page."""
    version = read.version(conn)
    found = [] if version is None else _numbers(conn, query)
    items = read.of_numbers(conn, found[: query.limit]) if found else []
    return Page(items, items[-1].id if len(found) > query.limit else None, version)


def prepare(conn: sqlite3.Connection) -> None:
    """Give a new connection what searches need."""
    conn.create_function("lists", 3, _lists, deterministic=True)
    if read_meta(conn).get("full_text"):
        conn.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab(main, words, row)")


def _numbers(conn: sqlite3.Connection, query: Query) -> list[int]:
    conditions: list[str] = ["f.off = 0"]
    values: list[object] = []
    for condition, value in (*_start(conn, query), *_names(conn, query), *_bits(conn, query), *_numeric(query)):
        conditions.append(condition)
        values.extend(value)
    table, words = "facts f", _words(conn, query.text)
    if words is not None:
        condition, given = words
        table = "words CROSS JOIN facts f ON f.n = words.rowid"
        conditions = [condition, *(one.replace("f.n >", "words.rowid >") for one in conditions)]
        values[:0] = given
    order = "f.n" if words is None else "words.rowid"
    sql = f"SELECT {order} FROM {table} WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT ?"  # noqa: S608 - no value
    return [row[0] for row in conn.execute(sql, (*values, query.limit + 1))]


def _start(conn: sqlite3.Connection, query: Query) -> Iterator[tuple[str, list[object]]]:
    if query.after is None:
        return
    last = conn.execute("SELECT n FROM entries WHERE id <= ? ORDER BY id DESC LIMIT 1", (query.after,)).fetchone()
    if last is not None:
        yield "f.n > ?", [last[0]]


def _names(conn: sqlite3.Connection, query: Query) -> Iterator[tuple[str, list[object]]]:
    for column in ("publisher", "family", "license", "kind"):
        value = getattr(query, column)
        if value is not None:
            number = _number(conn, column, value)
            yield (f"f.{column} = ?", [number]) if number else _NOTHING
    if query.status:
        marks = ", ".join("?" * len(query.status))
        yield f"f.status IN ({marks})", [_number(conn, "status", one) for one in query.status]
    if query.open_weights is not None:
        yield "f.open = ?", [query.open_weights]


def _bits(conn: sqlite3.Connection, query: Query) -> Iterator[tuple[str, list[object]]]:
    asked = (
        ("has", "capability", query.capabilities),
        ("has", "in", query.modalities_in),
        ("has", "out", query.modalities_out),
        ("has", "api", query.apis),
        ("place", "region", query.regions),
        ("place", "residency", query.residency),
    )
    bits = {"has": 0, "place": 0}
    for column, kind, names in asked:
        for name in names:
            bit = _number(conn, kind, name) or (MANY if _is_full(conn, column) else 0)
            bits[column] |= bit
            if not bit:
                yield _NOTHING
            if bit == MANY:  # one of those without a bit of their own
                yield "lists((SELECT body FROM entries e WHERE e.n = f.n), ?, ?)", [kind, name]
    for column, wanted in bits.items():
        if wanted:
            yield f"f.{column} & ? = ?", [wanted, wanted]


def _is_full(conn: sqlite3.Connection, column: str) -> bool:
    """Return whether there may be names without a bit of their own."""
    group = HAS if column == "has" else PLACE
    marks = ", ".join("?" * len(group))
    query = f"SELECT count(*) FROM names WHERE kind IN ({marks})"  # noqa: S608 - question marks
    return bool(conn.execute(query, tuple(group)).fetchone()[0] >= BITS)


def _numeric(query: Query) -> Iterator[tuple[str, list[object]]]:
    if query.min_context is not None:
        yield "f.context >= ?", [query.min_context]
    if query.max_price_in is not None:
        yield "f.price_in <= ?", [float(query.max_price_in)]
    if query.max_price_out is not None:
        yield "f.price_out <= ?", [float(query.max_price_out)]


def _number(conn: sqlite3.Connection, kind: str, value: str) -> int:
    """Return a name's number, 0 where nothing has that name."""
    found = conn.execute("SELECT number FROM names WHERE kind = ? AND value = ?", (kind, value)).fetchone()
    return 0 if found is None else int(found[0])


def _words(conn: sqlite3.Connection, text: str) -> tuple[str, list[object]] | None:
    """Return the condition of a text, None where it has no words."""
    plain = "".join(one for one in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(one))
    words = _WORD.findall(plain)[:_MOST_WORDS]
    if not words:
        return None
    if not read_meta(conn).get("full_text"):
        return " AND ".join(["instr(lower(words.text), ?) > 0"] * len(words)), list(words)
    return "words MATCH ?", [" AND ".join(_term(conn, word) for word in words)]


def _term(conn: sqlite3.Connection, word: str) -> str:
    """Return what stands for a word and for the words that begin with it."""
    if len(word) == 1:
        return f'"{word}"'
    sql = "SELECT term FROM temp.vocabulary WHERE term >= ? AND term < ? LIMIT ?"
    begun = [row[0] for row in conn.execute(sql, (word, word + "\U0010ffff", _FEW + 1))]
    if not begun:
        return f'"{word}"'
    if len(begun) <= _FEW:
        return f"({' OR '.join(map(_quoted, begun))})"
    return f'"{word}"*'


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _lists(body: bytes, kind: str, name: str) -> bool:
    entry: Entry | None = entry_of(body)
    return entry is not None and (kind, name) in pairs_of(entry)
