"""A publisher, its hub on loopback, and clients that believe it: what every test of trust plays with."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.catalogue.trust.deadlines import Deadlines
from gateway.catalogue.trust.errors import HubError, Kind
from gateway.catalogue.trust.floor import TimeFloor
from gateway.catalogue.trust.high_water import HighWater, Mark, Marks
from gateway.catalogue.trust.hub import Trusted, TrustedHub
from gateway.upstream.transport import Transport
from tests.catalogue.trust.repository import Repository
from tests.clock import ManualClock
from tests.fakes.hub import FaultyHub

DAY_S = 24 * 3600
QUICK = Deadlines(metadata_s=0.3, refresh_s=0.6, file_bytes_per_s=1e9, lock_s=0.2)
"""For hubs that keep one waiting."""


class KeptMarks:
    """A `MarkStore` that outlives clients, as a database does."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, int], Mark] = {}
        self.is_broken = False
        self.writes = 0

    async def marks(self, hub: str) -> Marks:
        """Return what was seen of this hub."""
        self._check()
        return {version: mark for (name, version), mark in self.kept.items() if name == hub}

    async def keep_mark(self, hub: str, mark: Mark) -> None:
        """Remember it."""
        self._check()
        self.writes += 1
        key = (hub, mark.root_version)
        self.kept[key] = mark.joined(self.kept.get(key, mark))

    def _check(self) -> None:
        if self.is_broken:
            raise OSError("the disk is on fire")


@dataclass
class World:
    """One hub and one machine that reads it. `clock` is the machine's; the publisher has its own."""

    place: Path
    clock: ManualClock
    repository: Repository
    hub: FaultyHub
    transport: Transport
    marks: list[KeptMarks] = field(default_factory=lambda: [KeptMarks(), KeptMarks()])
    built_at_ms: int = 0
    clients: list[TrustedHub] = field(default_factory=list)

    @property
    def cache(self) -> Path:
        """Where the machine keeps what it trusts."""
        return self.place / "cache"

    @property
    def metadata(self) -> Path:
        """python-tuf's files in it."""
        return self.cache / "metadata"

    def client(self, deadlines: Deadlines | None = None, *, transport: Transport | None = None) -> TrustedHub:
        """Return a client as a new process has it."""
        made = TrustedHub(
            self.hub.url,
            self.cache,
            self.repository.bootstrap,
            transport=transport or self.transport,
            floor=TimeFloor(self.clock, built_at_ms=self.built_at_ms),
            high_water=HighWater(*self.marks),
            deadlines=deadlines,
        )
        self.clients.append(made)
        return made

    async def refresh(self, deadlines: Deadlines | None = None) -> Trusted:
        """Ask as a new process does."""
        return await self.client(deadlines).refresh()

    async def refused(self, kind: Kind, deadlines: Deadlines | None = None) -> HubError:
        """Ask, and expect this failure."""
        with pytest.raises(HubError) as caught:
            await self.refresh(deadlines)
        assert caught.value.kind == kind, f"{caught.value.kind}: {caught.value.message}"
        return caught.value

    def advance(self, seconds: float) -> None:
        """Let time pass for everybody."""
        self.clock.advance(seconds)
        if self.repository.clock is not self.clock:
            self.repository.clock.advance(seconds)

    def copy_of_hub(self, name: str) -> Path:
        """Keep what the hub serves now, and return where."""
        return Path(shutil.copytree(self.repository.folder, self.place / name))

    def lose_cache(self) -> None:
        """Delete everything that the machine keeps in files."""
        shutil.rmtree(self.cache)

    async def close(self) -> None:
        """Close every client."""
        for one in self.clients:
            await one.close()
