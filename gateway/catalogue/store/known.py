"""The quick way to a verdict, for the entries that nearly all are; every other one goes by `entry.judge`.

Nothing comes out of here but what `judge` and `facts` would give as well (a property test compares them): members that
are not known, at any depth, and texts that are not plain ASCII are left to them, because they may hold what an entry
must not. What thousands of entries say alike, byte for byte, is read once and then looked up.
"""

from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta, Raw

from gateway.catalogue.canonical import MAX_LINE
from gateway.catalogue.entry import (
    Artifact,
    Availability,
    Capabilities,
    Endpoint,
    Limits,
    Modalities,
    Named,
    Price,
    Requires,
    Source,
    Words,
    is_newer,
)
from gateway.catalogue.fitness import fits, is_address, is_id
from gateway.catalogue.store.facts import KEPT, Names, bits_of, has_of, named_of, numbers_of, places_of, words_of


class Known(NamedTuple):
    """What is stored of an entry besides its line."""

    id: str
    facts: tuple[object, ...]
    """As `facts_of` returns them."""
    words: str


class _Endpoint(Endpoint, frozen=True, gc=False, forbid_unknown_fields=True):
    pass


class _Modalities(Modalities, frozen=True, gc=False, forbid_unknown_fields=True):
    pass


class _Limits(Limits, frozen=True, gc=False, forbid_unknown_fields=True):
    pass


class _Price(Price, frozen=True, gc=False, forbid_unknown_fields=True):
    pass


class _Availability(Availability, frozen=True, gc=False, forbid_unknown_fields=True):
    pass


class _Artifact(Artifact, frozen=True, gc=False, forbid_unknown_fields=True):
    pass


class _Requires(Requires, frozen=True, gc=False, forbid_unknown_fields=True):
    pass


class _Source(Source, frozen=True, gc=False, forbid_unknown_fields=True):
    pass


_NONE: Final = Raw(b"null")


class _Line(Named, frozen=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    api: Raw = Raw(b"[]")
    modalities: Raw = _NONE
    capabilities: Raw = Raw(b"{}")
    endpoint: Raw = _NONE
    availability: Raw = _NONE
    limits: _Limits | None = None
    price: _Price | None = None
    artifacts: Annotated[tuple[_Artifact, ...], Meta(max_length=200)] = ()
    requires: _Requires | None = None
    source: _Source | None = None


_LINE: Final = msgspec.json.Decoder(_Line)
_HAS: Final = msgspec.json.Decoder(tuple[Words, _Modalities | None, Capabilities])
_PLACES: Final = msgspec.json.Decoder(tuple[_Endpoint | None, _Availability | None])
_WRONG: Final = (msgspec.DecodeError, ValueError, RecursionError)


class Knowing:
    """Reads the lines of one list; `names` are those of its file."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._has: dict[bytes, int | None] = {}
        self._places: dict[bytes, int | None] = {}

    def read(self, line: bytes) -> Known | None:
        """Return what a line certainly is, None where that takes a closer look."""
        if len(line) > MAX_LINE or not line.isascii() or b"\\" in line or b"\x7f" in line:
            return None
        try:
            entry = _LINE.decode(line)
        except _WRONG:
            return None
        if not is_id(entry.id) or not fits(entry, entry.price, entry.artifacts) or _is_for_later(entry.requires):
            return None
        about = b",".join((entry.api, entry.modalities, entry.capabilities))
        where = b",".join((entry.endpoint, entry.availability))
        has = self._has[about] if about in self._has else self._read_has(about)
        places = self._places[where] if where in self._places else self._read_places(where)
        if has is None or places is None:
            return None
        numbers, named = numbers_of(entry.limits, entry.price), named_of(entry, self._names)
        return Known(entry.id, (has, places, *numbers, *named), words_of(entry))

    def _read_has(self, about: bytes) -> int | None:
        try:
            bits = bits_of(has_of(*_HAS.decode(b"[%b]" % about)), self._names)
        except _WRONG:
            bits = None
        return _keep(self._has, about, bits)

    def _read_places(self, where: bytes) -> int | None:
        try:
            endpoint, availability = _PLACES.decode(b"[%b]" % where)
        except _WRONG:
            return _keep(self._places, where, None)
        if endpoint is not None and endpoint.base_url is not None and not is_address(endpoint.base_url):
            return _keep(self._places, where, None)
        return _keep(self._places, where, bits_of(places_of(endpoint, availability), self._names))


def _is_for_later(requires: Requires | None) -> bool:
    return requires is not None and requires.min_client is not None and is_newer(requires.min_client)


def _keep(where: dict[bytes, int | None], key: bytes, bits: int | None) -> int | None:
    if len(where) >= KEPT:
        where.clear()
    where[key] = bits
    return bits
