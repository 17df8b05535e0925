"""The quick way to a verdict, for the entries that nearly all are; every other one goes by `entry.judge`.

Only an `Entry` comes out of here, and only one that `judge` would give as well (a property test compares them): members
that are not known, at any depth, and texts that are not plain ASCII are left to it, because they may hold what an entry
must not.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, field

from gateway.catalogue.canonical import MAX_LINE
from gateway.catalogue.entry import (
    Artifact,
    Availability,
    Endpoint,
    Entry,
    Limits,
    Modalities,
    Price,
    Requires,
    Source,
    Words,
    is_newer,
)
from gateway.catalogue.fitness import fits, is_id


class _Endpoint(Endpoint, frozen=True, gc=False, forbid_unknown_fields=True):
    pass


class _Modalities(Modalities, frozen=True, gc=False, forbid_unknown_fields=True):
    # a subclass forgets how the member is called
    into: Words | None = field(default=None, name="in")


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


class _Known(Entry, frozen=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    endpoint: _Endpoint | None = None
    modalities: _Modalities | None = None
    limits: _Limits | None = None
    price: _Price | None = None
    availability: _Availability | None = None
    artifacts: Annotated[tuple[_Artifact, ...], Meta(max_length=200)] = ()
    requires: _Requires | None = None
    source: _Source | None = None


_DECODER: Final = msgspec.json.Decoder(_Known)


def known(line: bytes) -> Entry | None:
    """Return the entry that a line certainly is, None where that takes a closer look."""
    if len(line) > MAX_LINE or not line.isascii() or b"\\" in line or b"\x7f" in line:
        return None
    try:
        entry = _DECODER.decode(line)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if not is_id(entry.id):
        return None
    if entry.requires is not None and (wanted := entry.requires.min_client) is not None and is_newer(wanted):
        return None
    return entry if fits(entry) else None
