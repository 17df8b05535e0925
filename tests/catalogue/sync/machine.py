"""A machine that follows a hub of ours: the store, the trusted client and the sync as a server has them."""

import contextlib
import hashlib
import shutil
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from gateway.catalogue.canonical import canonical
from gateway.catalogue.hub.hub import Hub
from gateway.catalogue.hub.publish import index_of, published_entries
from gateway.catalogue.state_hash import StateHash, entry_sha
from gateway.catalogue.store.store import CatalogueStore
from gateway.catalogue.sync.lease import Lease, NoLease
from gateway.catalogue.sync.once import Sync
from gateway.catalogue.sync.outcome import Bundle, Event, Outcome
from gateway.catalogue.trust.deadlines import Deadlines
from gateway.catalogue.trust.floor import TimeFloor
from gateway.catalogue.trust.high_water import HighWater
from gateway.catalogue.trust.hub import TrustedHub
from gateway.tasks import Tasks
from gateway.upstream.egress import EgressPolicy, guarded_session
from gateway.upstream.session_transport import SessionTransport
from tests.catalogue.entries import entry
from tests.catalogue.hubs import make_hub
from tests.catalogue.sync.raw import RawHub
from tests.catalogue.trust.world import KeptMarks
from tests.clock import ManualClock
from tests.fakes.hub import FaultyHub, faulty_hub

EVERY_S = 900.0
QUICK = Deadlines(metadata_s=0.5, refresh_s=1.0, file_bytes_per_s=1e9, lock_s=0.2)
BUNDLED = [entry(number, id=f"known/model-{number}") for number in range(2)]
DAY_S = 24 * 3600


def many(count: int, start: int = 0, **changes: object) -> list[dict[str, object]]:
    """Return entries that compress as badly as those of a real list: else a delta is as long as the list."""
    return [varied(number, **changes) for number in range(start, start + count)]


def varied(number: int, **changes: object) -> dict[str, object]:
    """Return one of them."""
    return entry(number, **({"description": hashlib.sha512(str(number).encode()).hexdigest() * 3} | changes))


def bundle_of(entries: Iterable[dict[str, object]] = BUNDLED, *, signed_at_ms: int = 1_790_000_000_000) -> Bundle:
    """Return a list that came along with the program."""
    lines = [canonical(one) for one in entries]
    state = StateHash((str(one["id"]), entry_sha(one)) for one in entries)
    return Bundle(7, state.hexdigest(), signed_at_ms, lambda: lines)


@dataclass
class Machine:
    """What follows the hub. `restart` is what a new process finds."""

    place: Path
    clock: ManualClock
    hub: Hub
    served: FaultyHub
    transport: SessionTransport
    tasks: Tasks
    marks: KeptMarks = field(default_factory=KeptMarks)
    lease: Lease = field(default_factory=NoLease)
    suppressed: set[str] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)
    deadlines: Deadlines | None = None
    has_hub: bool = True
    root: bytes = b""
    built_at_ms: int = 0
    store: CatalogueStore = field(init=False)
    client: TrustedHub = field(init=False)
    sync: Sync = field(init=False)

    @property
    def path(self) -> Path:
        """The list's file."""
        return self.place / "data" / "catalog.db"

    def make(self) -> None:
        """Build everything as at a start."""
        self.store = CatalogueStore(self.path, self.clock)
        self.client = TrustedHub(
            self.served.url,
            self.place / "tuf",
            self.root or self.hub.root,
            transport=self.transport,
            floor=TimeFloor(self.clock, built_at_ms=self.built_at_ms),
            high_water=HighWater(self.store, self.marks),
            deadlines=self.deadlines,
        )
        self.sync = Sync(
            self.store,
            self.client if self.has_hub else None,
            clock=self.clock,
            lease=self.lease,
            tasks=self.tasks,
            bundle=bundle_of,
            suppressed=self._suppressed,
            folder=self.place / "data" / "incoming",
            every_s=EVERY_S,
            listeners=(self._heard,),
            chance=lambda: 0.5,
        )

    async def restart(self) -> None:
        """Go on as a new process does, with what lies on the disk."""
        await self.close()
        self.make()
        await self.sync.start()

    async def close(self) -> None:
        """End as a process does."""
        await self.client.close()
        await self.store.close()

    async def follow(self, other: RawHub) -> None:
        """Ask another hub from now on."""
        self.served.folder, self.root = other.folder, other.bootstrap
        shutil.rmtree(self.place / "tuf", ignore_errors=True)
        self.marks.kept.clear()
        await self.restart()

    async def look(self, *, after_s: float = EVERY_S) -> Outcome:
        """Let time pass, and look at the hub; whatever rest it was given is over."""
        self.clock.advance(after_s)
        rest_ms = self.sync.memory.situation.not_before_ms - self.clock.now_ms()
        self.clock.advance(max(rest_ms, 0) / 1000)
        self.served.date_s = self.clock.at_ms / 1000
        return await self.sync.once()

    def publish(self, *entries: dict[str, object], remove: Iterable[str] = ()) -> int:
        """Change what the hub says, and return its serial."""
        self.hub.put(entries)
        for id_ in remove:
            self.hub.remove(id_, "withdrawn", None)
        return self.hub.publish()

    def hub_state(self) -> str:
        """Return the state hash of the entries that are published, computed from their file."""
        repository = self.hub._open()
        entries = published_entries(repository, index_of(repository))
        return StateHash((id_, entry_sha(one)) for id_, one in entries.items()).hexdigest()

    @property
    def state(self) -> str:
        """The word of the status."""
        return self.sync.status().state

    async def shown(self) -> list[str]:
        """Return the ids that are shown."""
        return [one.id for one in await self.store.bodies()]

    async def _suppressed(self) -> set[str]:
        return self.suppressed

    async def _heard(self, event: Event) -> None:
        self.events.append(event)


@contextlib.asynccontextmanager
async def machine(place: Path, *, entries: int = 3, lease: Lease | None = None) -> AsyncIterator[Machine]:
    """Give a machine that never asked the hub, which has published `entries` entries as serial 1."""
    clock = ManualClock()
    hub = make_hub(place / "hub", entries, clock=clock)
    transport = SessionTransport(guarded_session(EgressPolicy("dev"), connect_timeout_s=5))
    tasks = Tasks()
    async with faulty_hub(hub.folder) as served:
        served.date_s = clock.at_ms / 1000
        made = Machine(place, clock, hub, served, transport, tasks)
        if lease is not None:
            made.lease = lease
        made.make()
        await made.sync.start()
        try:
            yield made
        finally:
            await made.close()
            await tasks.close()
            await transport.close()
