"""One model as a hub describes it, and the verdict on what a hub sent: used, hidden, or put into quarantine. Pure.

A line says more than is read here: unknown members are kept in the canonical form, which is what is hashed and passed
on, and are left out of `Entry`. Missing is unknown, never zero (CAT-8).
"""

import functools
from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta, Struct, ValidationError, convert, field

from gateway import __version__
from gateway.catalogue.canonical import MAX_LINE, NotCanonical, Value, canonical, canonical_decoded, decode
from gateway.catalogue.fitness import is_id, steering, unfit

__all__ = [
    "MAX_LINE",
    "SCHEMA",
    "Artifact",
    "Entry",
    "Hidden",
    "NotCanonical",
    "Quarantined",
    "Verdict",
    "canonical",
    "canonical_decoded",
    "decode",
    "is_id",
    "is_newer",
    "judge",
    "parse_entry",
]

SCHEMA: Final = 1
"""The only form of entries that this program reads."""

_KINDS = ("model", "offering")
_MAX_VERSION = 20  # characters

Word: TypeAlias = Annotated[str, Meta(max_length=100)]
Text: TypeAlias = Annotated[str, Meta(max_length=1000)]
Url: TypeAlias = Annotated[str, Meta(max_length=2048)]  # as addresses of models (resolver.address)
Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**53 - 1)]  # what every JSON reader keeps exactly
Words: TypeAlias = Annotated[tuple[Word, ...], Meta(max_length=100)]
Capabilities: TypeAlias = dict[Word, bool | None]


class _Facts(Struct, frozen=True, gc=False):
    """A msgspec Struct, whose unknown members are ignored: pydantic takes 20 us for an entry where this takes 5."""


class Endpoint(_Facts, frozen=True, gc=False):
    """Where a model is served. A path is one on the server that reads the entry, never on the hub (CAT-21)."""

    base_url: Url | None = None
    auth: Word | None = None
    region: Words = ()


class Modalities(_Facts, frozen=True, gc=False):
    """What goes in and comes out: text, image, audio, video, embedding."""

    into: Words | None = field(default=None, name="in")
    out: Words | None = None


class Limits(_Facts, frozen=True, gc=False):
    """Tokens."""

    context: Count | None = None
    max_output: Count | None = None


class Price(_Facts, frozen=True, gc=False):
    """What serving costs. An amount is a text for one `unit`; one that is missing is unknown."""

    currency: Word
    unit: Word
    into: Word | None = field(default=None, name="in")
    out: Word | None = None
    cache_read: Word | None = None
    cache_write: Word | None = None
    as_of: Word | None = None


class Availability(_Facts, frozen=True, gc=False):
    """Where it may be used, and where what is sent stays."""

    regions: Words = ()
    not_in: Words = ()
    residency: Words = ()


class Artifact(_Facts, frozen=True, gc=False):
    """A file of the model. Its URL names a commit or the content, so that it is the same file for ever (CAT-23)."""

    role: Word
    url: Url
    size: Count
    """Bytes."""
    sha256: Word
    quant: Word | None = None
    chunk: Annotated[int, Meta(ge=64 * 1024, le=2**30)] | None = None
    """Bytes of one part that has a hash of its own."""
    chunks_target: Annotated[str, Meta(max_length=300)] | None = None
    mirrors: Annotated[tuple[Url, ...], Meta(max_length=20)] = ()


class Requires(_Facts, frozen=True, gc=False):
    """What a client needs to run it."""

    min_client: Word | None = None
    ram_bytes: Count | None = None


class Source(_Facts, frozen=True, gc=False):
    """Where facts come from, and under which licence they may be passed on."""

    name: Word
    url: Url | None = None
    license: Word | None = None
    version: Word | None = None


class Named(_Facts, frozen=True, gc=False):
    """The members of an entry that are one text, number or date, and those that name it: what it is known by."""

    schema: Literal[1]
    id: str
    rev: Count
    kind: Literal["model", "offering"]
    display_name: Text | None = None
    description: Text | None = None
    base_model: str | None = None
    publisher: Word | None = None
    family: Word | None = None
    license: Word | None = None
    open_weights: bool | None = None
    status: Literal["active", "preview", "deprecated", "retired"] = "active"
    deprecated_at: Word | None = None
    sunset_at: Word | None = None
    successor: str | None = None
    tags: Words = ()
    aliases: Annotated[tuple[str, ...], Meta(max_length=100)] = ()
    updated_at: Word | None = None


class Entry(Named, frozen=True, gc=False):
    """One model, or one offering of it. `id` never changes; `rev` grows with substance."""

    api: Words = ()
    endpoint: Endpoint | None = None
    modalities: Modalities | None = None
    capabilities: Capabilities = {}
    limits: Limits | None = None
    price: Price | None = None
    availability: Availability | None = None
    artifacts: Annotated[tuple[Artifact, ...], Meta(max_length=200)] = ()
    requires: Requires | None = None
    source: Source | None = None


class Hidden(Struct, frozen=True, gc=False):
    """An entry for other programs than this one: kept and counted, not shown."""

    id: str
    reason: str


class Quarantined(Struct, frozen=True, gc=False):
    """What cannot be used, and why. `id` is None where none can be told: such a line has no place in the list."""

    id: str | None
    reason: str


Verdict: TypeAlias = Entry | Hidden | Quarantined


def parse_entry(line: bytes | str | Value) -> Verdict:
    """Return the entry, or why it is not used; nothing that a hub sends is an exception."""
    try:
        return judge(line if isinstance(line, Mapping) else decode(line))
    except NotCanonical as error:
        return Quarantined(None, str(error))


def judge(value: Value, form: bytes | None = None) -> Verdict:
    """Return the verdict on what `decode` gave (CAT-20); `form` is its canonical form, if that is at hand."""
    id_ = value.get("id")
    if not isinstance(id_, str) or not is_id(id_):
        return Quarantined(None, f"id: {id_!r:.100} is none" if "id" in value else "id: it has none")
    if hidden := _hidden(value):
        return Hidden(id_, hidden)
    try:
        entry = convert(value, Entry)
    except ValidationError as error:
        says, _, where = str(error).partition(" - at `$.")
        return Quarantined(id_, f"{where.rstrip('`')}: {says}"[:300] if where else says[:300])
    reason = next(unfit(entry), None) or steering(value, canonical_decoded(value) if form is None else form)
    return Quarantined(id_, reason[:300]) if reason else entry


def is_newer(wanted: str, version: str = __version__) -> bool:
    """Return whether a `min_client` asks for a later program than this; what is no version does.

    >>> is_newer("1.2", "1.10.0"), is_newer("1.2", "1.2.0"), is_newer("2", "1.9"), is_newer("soon")
    (False, False, True, True)
    """
    return (theirs := _version(wanted)) is None or theirs > (_version(version) or ())


@functools.lru_cache(maxsize=64)  # of 100,000 entries most say the same
def _version(text: str) -> tuple[int, ...] | None:
    parts = text.split(".")
    if len(text) > _MAX_VERSION or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    numbers = [int(part) for part in parts]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _hidden(value: Value) -> str | None:
    schema = value.get("schema")
    if isinstance(schema, int) and schema != SCHEMA:
        return f"schema {schema!r:.20} is not known here"
    kind = value.get("kind")
    if isinstance(kind, str) and kind not in _KINDS:
        return f"kind {kind!r:.50} is not known here"
    requires = value.get("requires")
    wanted = requires.get("min_client") if isinstance(requires, Mapping) else None
    if isinstance(wanted, str) and is_newer(wanted):
        return f"it needs modelport {wanted:.20} or later"
    return None
