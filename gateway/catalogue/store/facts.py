"""What filters and searches go by: an entry as a few numbers and one text. Pure, but for the numbers of names.

What an entry *has* (capabilities, what goes in and out, APIs) and where it may be used are bits of one integer each.
There are 62: the names that come later share the last bit, and those filters read the entry itself.
"""

import sqlite3
from collections.abc import Hashable, Iterable, Iterator
from typing import Final, Literal

from gateway.catalogue.entry import Availability, Capabilities, Endpoint, Entry, Limits, Modalities, Named, Price, Words

Has = Literal["capability", "in", "out", "api"]
Place = Literal["region", "residency"]

BITS: Final = 62
KEPT: Final = 4096
"""Of what many entries say alike so much is remembered: 1 MB at most."""
MANY: Final = 1 << BITS
UNIT: Final = "1M_tokens"
CURRENCY: Final = "USD"
"""Prices are compared in the unit that nearly all hubs use; what is priced in another one is not found by its price."""


class Names:
    """The numbers and bits of names, as the file knows them; new ones are given when asked, and kept by `save`."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn
        self._known: dict[str, dict[str, int]] = {}
        self.known_names: dict[Hashable, tuple[int | None, ...]] = {}
        self._new: list[tuple[str, str, int]] = []
        for kind, value, number in conn.execute("SELECT kind, value, number FROM names"):
            self._known.setdefault(kind, {})[value] = number
        self._bits = {group: sum(map(len, self._of(group))) for group in (HAS, PLACE)}

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
    return (
        bits_of(has_of(entry.api, entry.modalities, entry.capabilities), names),
        bits_of(places_of(entry.endpoint, entry.availability), names),
        *numbers_of(entry.limits, entry.price),
        *named_of(entry, names),
    )


def has_of(api: Words, modalities: Modalities | None, capabilities: Capabilities) -> Iterator[tuple[str, str]]:
    """Yield what an entry has."""
    for name, is_there in capabilities.items():
        if is_there:
            yield "capability", name
    for name in api:
        yield "api", name
    if modalities is not None:
        for name in modalities.into or ():
            yield "in", name
        for name in modalities.out or ():
            yield "out", name


def places_of(endpoint: Endpoint | None, where: Availability | None) -> Iterator[tuple[str, str]]:
    """Yield where it may be used, and where what is sent stays."""
    not_in: tuple[str, ...] = ()
    if where is not None:
        not_in = where.not_in
        for name in where.regions:
            if name not in not_in:
                yield "region", name
        for name in where.residency:
            yield "residency", name
    if endpoint is not None:
        for name in endpoint.region:
            if name not in not_in:
                yield "region", name


def pairs_of(entry: Entry) -> frozenset[tuple[str, str]]:
    """Return all that `has_of` and `places_of` yield of an entry."""
    has = has_of(entry.api, entry.modalities, entry.capabilities)
    return frozenset((*has, *places_of(entry.endpoint, entry.availability)))


def bits_of(pairs: Iterable[tuple[str, str]], names: Names) -> int:
    """Return what `has_of` or `places_of` yields as one integer: it takes 10 us."""
    bits, bit = 0, names.bit
    for kind, name in pairs:
        bits |= bit(kind, name)
    return bits


def numbers_of(limits: Limits | None, price: Price | None) -> tuple[int | None, float | None, float | None]:
    """Return the context in tokens, and the two prices that are compared."""
    context = None if limits is None else limits.context
    if price is None or price.unit != UNIT or price.currency != CURRENCY:
        return context, None, None
    into, out = price.into, price.out
    return context, None if into is None else float(into), None if out is None else float(out)


def words_of(entry: Named) -> str:
    """Return the text that a search goes by."""
    id_, named = entry.id, [entry.id, *entry.tags, *entry.aliases]
    if entry.display_name is not None:
        named.append(entry.display_name)
    if entry.publisher is not None and not id_.startswith(f"{entry.publisher}/"):
        named.append(entry.publisher)
    if entry.family is not None and f"/{entry.family}-" not in id_:
        named.append(entry.family)
    return " ".join(named)


def named_of(entry: Named, names: Names) -> tuple[int | None, ...]:
    """Return the columns of `facts` from `status` on."""
    key = (entry.status, entry.kind, entry.open_weights, entry.publisher, entry.family, entry.license)
    named = names.known_names.get(key)
    if named is None:
        number = names.number
        named = (
            number("status", entry.status),
            number("kind", entry.kind),
            None if entry.open_weights is None else int(entry.open_weights),
            number("publisher", entry.publisher),
            number("family", entry.family),
            number("license", entry.license),
        )
        if len(names.known_names) >= KEPT:
            names.known_names.clear()
        names.known_names[key] = named
    return named
