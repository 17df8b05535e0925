"""What filters and searches go by: an entry as a few numbers and one text. Pure, but for the numbers of names.

What an entry *has* (capabilities, what goes in and out, APIs) and where it may be used are bits of one integer each.
There are 62: the names that come later share the last bit, and those filters read the entry itself.
"""

import sqlite3
from collections.abc import Hashable, Iterator
from typing import Final, Literal

from gateway.catalogue.entry import Entry

Has = Literal["capability", "in", "out", "api"]
Place = Literal["region", "residency"]

BITS: Final = 62
_KEPT: Final = 4096
MANY: Final = 1 << BITS
UNIT: Final = "1M_tokens"
CURRENCY: Final = "USD"
"""Prices are compared in the unit that nearly all hubs use; what is priced in another one is not found by its price."""


class Names:
    """The numbers and bits of names, as the file knows them; new ones are given when asked, and kept by `save`."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn
        self._known: dict[str, dict[str, int]] = {}
        self.kept: dict[Hashable, int] = {}
        self.known_names: dict[Hashable, tuple[int | bool | None, ...]] = {}
        self._new: list[tuple[str, str, int]] = []
        for kind, value, number in conn.execute("SELECT kind, value, number FROM names"):
            self._known.setdefault(kind, {})[value] = number
        self._bits = {group: sum(map(len, self._of(group))) for group in (HAS, PLACE)}

    def keep(self, key: Hashable, bits: int) -> int:
        """Remember the bits of what many entries say alike: to work them out takes 10 us each time."""
        if len(self.kept) >= _KEPT:
            self.kept.clear()
        self.kept[key] = bits
        return bits

    def number(self, kind: str, value: str | None) -> int | None:
        """Return a name's number, None where there is no name."""
        if value is None:
            return None
        known = self._known.setdefault(kind, {})
        number = known.get(value)
        return self._add(kind, value, len(known) + 1) if number is None else number

    def bit(self, kind: str, value: str) -> int:
        """Return a name's bit."""
        bit = self._known.setdefault(kind, {}).get(value)
        if bit is not None:
            return bit
        group = HAS if kind in HAS else PLACE
        position = self._bits[group]
        if position == BITS:
            return MANY
        self._bits[group] += 1
        return self._add(kind, value, 1 << position)

    def save(self) -> None:
        """Write those that are new."""
        self._conn.executemany("INSERT OR IGNORE INTO names VALUES (?, ?, ?)", self._new)
        self._new.clear()

    def _of(self, group: frozenset[str]) -> Iterator[dict[str, int]]:
        return (known for kind, known in self._known.items() if kind in group)

    def _add(self, kind: str, value: str, number: int) -> int:
        self._known[kind][value] = number
        self._new.append((kind, value, number))
        return number


HAS: Final = frozenset({"capability", "in", "out", "api"})
PLACE: Final = frozenset({"region", "residency"})


def facts_of(entry: Entry, names: Names) -> tuple[object, ...]:
    """Return the columns of `facts` after `n` and `off`."""
    price = entry.price if entry.price is not None and (entry.price.unit, entry.price.currency) == _COMPARED else None
    return (
        _has(entry, names),
        _places(entry, names),
        None if entry.limits is None else entry.limits.context,
        None if price is None or price.into is None else float(price.into),
        None if price is None or price.out is None else float(price.out),
        *_named(entry, names),
    )


def has_of(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield what an entry has."""
    for name, is_there in entry.capabilities.items():
        if is_there:
            yield "capability", name
    for name in entry.api:
        yield "api", name
    if (modalities := entry.modalities) is not None:
        for name in modalities.into or ():
            yield "in", name
        for name in modalities.out or ():
            yield "out", name


def places_of(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield where it may be used, and where what is sent stays."""
    not_in: tuple[str, ...] = ()
    if (where := entry.availability) is not None:
        not_in = where.not_in
        for name in where.regions:
            if name not in not_in:
                yield "region", name
        for name in where.residency:
            yield "residency", name
    if entry.endpoint is not None:
        for name in entry.endpoint.region:
            if name not in not_in:
                yield "region", name


def words_of(entry: Entry) -> str:
    """Return the text that a search goes by."""
    id_, named = entry.id, [entry.id, *entry.tags, *entry.aliases]
    if entry.display_name is not None:
        named.append(entry.display_name)
    if entry.publisher is not None and not id_.startswith(f"{entry.publisher}/"):
        named.append(entry.publisher)
    if entry.family is not None and f"/{entry.family}-" not in id_:
        named.append(entry.family)
    return " ".join(named)


def _named(entry: Entry, names: Names) -> tuple[int | bool | None, ...]:
    key = (entry.status, entry.kind, entry.open_weights, entry.publisher, entry.family, entry.license)
    named = names.known_names.get(key)
    if named is None:
        number = names.number
        named = (
            number("status", entry.status),
            number("kind", entry.kind),
            entry.open_weights,
            number("publisher", entry.publisher),
            number("family", entry.family),
            number("license", entry.license),
        )
        if len(names.known_names) >= _KEPT:
            names.known_names.clear()
        names.known_names[key] = named
    return named


def _has(entry: Entry, names: Names) -> int:
    modalities = entry.modalities
    into, out = (None, None) if modalities is None else (modalities.into, modalities.out)
    key = (entry.api, into, out, *entry.capabilities.items())
    bits = names.kept.get(key)
    return names.keep(key, _bits(has_of(entry), names)) if bits is None else bits


def _places(entry: Entry, names: Names) -> int:
    where, endpoint = entry.availability, entry.endpoint
    about = None if where is None else (where.regions, where.residency, where.not_in)
    key = (about, None if endpoint is None else endpoint.region)
    bits = names.kept.get(key)
    return names.keep(key, _bits(places_of(entry), names)) if bits is None else bits


def _bits(pairs: Iterator[tuple[str, str]], names: Names) -> int:
    bits, bit = 0, names.bit
    for kind, name in pairs:
        bits |= bit(kind, name)
    return bits


_COMPARED: Final = (UNIT, CURRENCY)
