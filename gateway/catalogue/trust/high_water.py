"""What was seen once is never less again, even when the cache is lost: kept in two places outside it (CAT-31).

python-tuf remembers versions in its directory alone: without that, a hub that was rolled back looks new (section 8).
A mark belongs to one version of the root: a key that was stolen can sign a version of a million, and whoever then makes
new keys, and so a new root, must not be locked out by it. The version of the root itself only grows.
"""

import logging
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from gateway.catalogue.trust.errors import HubError
from gateway.errors import GatewayError

logger = logging.getLogger("modelport.catalogue")

_FAILURES = (OSError, sqlite3.Error, GatewayError)


class Mark(Struct, frozen=True):
    """The highest that was ever seen under one version of the root; 0 where nothing was."""

    root_version: int
    serial: int = 0
    timestamp_version: int = 0
    signed_at_ms: int = 0

    def joined(self, other: "Mark") -> "Mark":
        """Return the higher of both, member by member.

        >>> Mark(1, serial=5, timestamp_version=2).joined(Mark(1, serial=4, timestamp_version=3))
        Mark(root_version=1, serial=5, timestamp_version=3, signed_at_ms=0)
        """
        return Mark(
            self.root_version,
            max(self.serial, other.serial),
            max(self.timestamp_version, other.timestamp_version),
            max(self.signed_at_ms, other.signed_at_ms),
        )


Marks = Mapping[int, Mark]
"""By version of the root."""


class MarkStore(Protocol):
    """One of the places. `hub` names the hub and whose root it has: another one has other versions."""

    async def marks(self, hub: str) -> Marks:
        """Return what was seen of this hub."""
        ...

    async def keep_mark(self, hub: str, mark: Mark) -> None:
        """Remember it; a member that is lower than what is known stays as it is."""
        ...


class HighWater:
    """All places as one: what any of them knows counts, and one that is broken does not stop the others."""

    def __init__(self, *stores: MarkStore) -> None:
        self._stores: Sequence[MarkStore] = stores

    async def read(self, hub: str) -> Marks:
        """Return the highest marks.

        Raises:
            HubError: disk: not one of the places can be read, so a rollback would not be noticed.
        """
        found: dict[int, Mark] = {}
        failures: list[Exception] = []
        for store in self._stores:
            try:
                known = await store.marks(hub)
            except _FAILURES as error:
                failures.append(error)
                continue
            for version, mark in known.items():
                found[version] = mark.joined(found.get(version, mark))
        self._report("read", failures)
        return found

    async def keep(self, hub: str, mark: Mark) -> None:
        """Write the mark in every place.

        Raises:
            HubError: disk: it could not be written anywhere.
        """
        failures: list[Exception] = []
        for store in self._stores:
            try:
                await store.keep_mark(hub, mark)
            except _FAILURES as error:
                failures.append(error)
        self._report("written", failures)

    def _report(self, done: str, failures: Sequence[Exception]) -> None:
        if failures and len(failures) == len(self._stores):
            raise HubError("disk", f"what was seen of the hub before can be {done} nowhere: {failures[0]}")
        for error in failures:
            logger.warning("one of the catalogue's high-water marks cannot be %s: %s", done, error)
