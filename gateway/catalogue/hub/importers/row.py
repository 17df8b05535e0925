"""What becomes of each thing in a list. Pure."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class Row(Struct, frozen=True):
    """One thing of the list. `id` is the entry that it becomes, None where it is none; `note` says what is lost."""

    source: str
    id: str | None
    note: str = ""


class Terms(Struct, frozen=True, kw_only=True):
    """What the importer is told besides the list."""

    today: str
    """The date, as 2026-11-21: what a list announces for a day that is over has happened."""
    addresses: Mapping[str, str] = {}
    """Public addresses of providers, by the list's name for them, where the list has none."""
    providers: frozenset[str] = frozenset()
    """Only these, by the list's names for them; all when empty."""
    version: str | None = None
    """Of the list, as a commit."""
    as_of: str | None = None
    """When its prices were read."""


class Imported(Struct, frozen=True):
    """A list read: every row, and the entries of those that became one."""

    kind: str
    rows: tuple[Row, ...]
    entries: tuple[dict[str, Any], ...]
