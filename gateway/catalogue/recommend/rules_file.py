"""The hub's `recommend.json` as it lies here: fetched with a new list, read again when it has changed.

Beside the list's own file, so that every process of the machine has it. It was verified when it was fetched.
"""

import hashlib
import logging
from pathlib import Path
from typing import Protocol

from gateway.catalogue.recommend.rules import MAX_BYTES, NONE, PATH, BadRules, Left, Rules, read_rules
from gateway.catalogue.trust.hub import Trusted
from gateway.errors import GatewayError

logger = logging.getLogger("modelport.catalogue")


class Hub(Protocol):
    """Whom signed files come from: `trust.hub.TrustedHub`."""

    name: str

    async def refresh(self) -> Trusted:
        """Return what is current."""
        ...

    async def has(self, path: str) -> bool:
        """Return whether the last refresh vouches for such a file."""
        ...

    async def fetch(self, path: str, into: Path, *, max_length: int, deadline_s: float | None = None) -> None:
        """Bring the file; nothing is fetched when it is there already."""
        ...


class RulesFile:
    """The file of one hub. Its name tells which hub's: rules of another one are not in force here."""

    def __init__(self, folder: Path, hub: str | None) -> None:
        self.path = None if hub is None else folder / f"recommend-{hashlib.sha256(hub.encode()).hexdigest()[:16]}.json"
        self._stamp: tuple[int, int, int] | None = None
        self._rules = NONE

    @property
    def rules(self) -> Rules:
        """What is in force; nothing where there is no file. One that cannot be read says so in `left`."""
        stamp = self.stamp
        if stamp != self._stamp:
            self._rules = NONE if stamp is None else self._read()
            self._stamp = stamp
        return self._rules

    @property
    def stamp(self) -> tuple[int, int, int] | None:
        """What changes with the file; None where there is none."""
        try:
            found = None if self.path is None else self.path.stat()
        except OSError:
            return None
        if found is None:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    async def follow(self, hub: Hub) -> None:
        """Have the file that the hub has now, or none. A failure leaves what was there: a list goes without rules."""
        assert self.path is not None  # there is a hub
        try:
            if await hub.has(PATH):
                await hub.fetch(PATH, self.path, max_length=MAX_BYTES)
            else:
                self.path.unlink(missing_ok=True)
        except (GatewayError, OSError) as error:
            logger.warning("the rules for recommendations stay as they were: %s", error)

    def _read(self) -> Rules:
        assert self.path is not None  # it has a stamp
        try:
            return read_rules(self.path.read_bytes())
        except (OSError, BadRules) as error:
            return Rules(left=(Left(PATH, str(error)),))


class FollowedHub:
    """A hub whose rules come along with each look at it, whatever becomes of its list: a killed experiment ends now."""

    def __init__(self, hub: Hub, rules: RulesFile) -> None:
        self.name = hub.name
        self._hub = hub
        self._rules = rules

    async def refresh(self) -> Trusted:
        """Return what is current, as the hub does."""
        trusted = await self._hub.refresh()
        await self._rules.follow(self._hub)
        return trusted

    async def fetch(self, path: str, into: Path, *, max_length: int, deadline_s: float | None = None) -> None:
        """Bring a file, as the hub does."""
        await self._hub.fetch(path, into, max_length=max_length, deadline_s=deadline_s)
