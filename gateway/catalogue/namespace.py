"""Namespaces that a hub's owner has handed to a publisher's own key: what they are called, and what lies in them. Pure.

The namespace of `acme` is every id that begins with `acme/`. Its publisher signs a list of its own, whose state a
client compares with the entries of that namespace: whoever carries them, nobody else can change one (catalogue.md
section 2).
"""

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Final

from msgspec import Meta, Struct, ValidationError, convert

_ROLE: Final = "publisher."
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_DEPTH: Final = 5
"""Parts of a chunk list's path after the publisher's name."""


class Vouch(Struct, frozen=True):
    """What a publisher says of its namespace: the state of its list; None where nothing it says can be believed."""

    publisher: str
    state_sha256: str | None
    reason: str = ""
    """Why not."""


class Promise(Struct, frozen=True):
    """What a publisher signs beside its list: how many entries it has, and their state (section 4)."""

    count: Annotated[int, Meta(ge=0)]
    state_sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


def is_publisher(name: str) -> bool:
    """Return whether this may be a publisher's name.

    >>> is_publisher("acme"), is_publisher("Acme"), is_publisher("acme/coder")
    (True, False, False)
    """
    return _NAME.fullmatch(name) is not None


def role_of(publisher: str) -> str:
    """Return the role that signs a publisher's list."""
    return f"{_ROLE}{publisher}"


def publisher_of(role: str) -> str | None:
    """Return the publisher whose role this is; None of any other role."""
    name = role.removeprefix(_ROLE)
    return name if name != role and is_publisher(name) else None


def list_path(publisher: str) -> str:
    """Return the path of a publisher's list."""
    return f"publisher/{publisher}/entries.jsonl.gz"


def removed_path(publisher: str) -> str:
    """Return the path of what a publisher has withdrawn, with the reasons."""
    return f"publisher/{publisher}/removed.ndjson"


def paths_of(publisher: str) -> tuple[str, ...]:
    """Return the patterns of everything that a publisher may sign: its list, and lists of chunks of its files."""
    chunks = (f"artifacts/{publisher}/{'/'.join('*' * depth)}" for depth in range(1, _DEPTH + 1))
    return f"publisher/{publisher}/*", *chunks


def is_within(publisher: str, id_: str) -> bool:
    """Return whether an entry is in the publisher's namespace."""
    return id_.startswith(f"{publisher}/")


def owner_of(id_: str, publishers: Collection[str]) -> str | None:
    """Return in whose namespace an entry is, None in that of none of these."""
    name, slash, _ = id_.partition("/")
    return name if slash and name in publishers else None


def bounds(publisher: str) -> tuple[str, str]:
    """Return the first id that could be in the namespace, and the first one after it.

    >>> bounds("acme")
    ('acme/', 'acme0')
    """
    return f"{publisher}/", f"{publisher}0"


def matches(path: str, patterns: Collection[str]) -> bool:
    """Return whether a path fits one of these, part by part as TUF matches them: a star is one part."""
    parts = path.split("/")
    return any(
        len(parts) == len(wanted) and all(part and one in {"*", part} for part, one in zip(parts, wanted, strict=True))
        for wanted in (pattern.split("/") for pattern in patterns)
    )


def read_promise(custom: Mapping[str, Any] | None) -> Promise | None:
    """Return what stands beside a list, None where it is no promise."""
    try:
        return convert(custom, Promise)
    except ValidationError:
        return None
