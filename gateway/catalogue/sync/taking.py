"""Files of a hub into the list: deltas where they cost less, else the whole (catalogue.md section 5, steps 3 and 4)."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol

from gateway.catalogue.canonical import MAX_LINE
from gateway.catalogue.index import Delta, Snapshot, find_path
from gateway.catalogue.store.apply import Step
from gateway.catalogue.store.build import Source
from gateway.catalogue.store.change import Change, Policy
from gateway.catalogue.store.errors import WrongState
from gateway.catalogue.store.lines import MAX_TOTAL, lines_of
from gateway.catalogue.store.store import CatalogueStore
from gateway.catalogue.trust.hub import Trusted
from gateway.storage.clock import Clock

logger = logging.getLogger("modelport.catalogue")

_MAX_DELTA: Final = 1024**3
"""Bytes of one delta unpacked: a fortieth of the list's bound would do for all that are taken."""


class Hub(Protocol):
    """Whom a list is taken from: `trust.hub.TrustedHub`."""

    name: str

    async def refresh(self) -> Trusted:
        """Return what is current."""
        ...

    async def fetch(self, path: str, into: Path, *, max_length: int, deadline_s: float | None = None) -> None:
        """Bring a file that is what was signed."""
        ...


class Taking:
    """Fetches into a folder of its own, which is empty afterwards."""

    def __init__(self, store: CatalogueStore, hub: Hub, folder: Path, clock: Clock) -> None:
        self._store = store
        self._hub = hub
        self._folder = folder
        self._clock = clock

    async def take(self, trusted: Trusted, serial: int | None, policy: Policy) -> Change:
        """Follow the hub from `serial`, None where the list is not one of its own.

        Raises:
            HubError: a file cannot be had. Held: the policy is against it. WrongState, Unfit: files that are signed do
                not lead where the index says. Full, Broken: the list's own file. The list is then as it was.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        for leftover in self._folder.iterdir():  # of a process that was killed
            leftover.unlink()
        way = find_path(trusted.index, serial, bad=await self._store.bad_deltas())
        if way and not isinstance(way, Snapshot):
            try:
                return await self._deltas(trusted, way, policy)
            except WrongState as error:
                logger.warning("%s; it is not taken again, the whole list is fetched instead", error.message)
                await self._store.mark_bad(error.path)
        return await self._snapshot(trusted, policy)

    async def _deltas(self, trusted: Trusted, way: Sequence[Delta], policy: Policy) -> Change:
        files = [self._folder / f"{number}.delta" for number in range(len(way))]
        try:
            for delta, file in zip(way, files, strict=True):
                await self._hub.fetch(delta.path, file, max_length=delta.size)
            steps = [
                Step(delta.path, delta.to, delta.state_to, _Lines(file, _MAX_DELTA))
                for delta, file in zip(way, files, strict=True)
            ]
            return await self._store.apply(self._source(trusted, way[-1].path), steps, policy=policy)
        finally:
            for file in files:
                file.unlink(missing_ok=True)

    async def _snapshot(self, trusted: Trusted, policy: Policy) -> Change:
        snapshot, file = trusted.index.snapshot, self._folder / "list"
        try:
            await self._hub.fetch(snapshot.path, file, max_length=snapshot.size)
            lines = _Lines(file, min(MAX_TOTAL, (snapshot.count + 1) * MAX_LINE))
            return await self._store.build(self._source(trusted, snapshot.path), lines, policy=policy)
        finally:
            file.unlink(missing_ok=True)

    def _source(self, trusted: Trusted, path: str) -> Source:
        return Source(
            serial=trusted.index.serial,
            path=path,
            state_sha256=trusted.index.snapshot.state_sha256,
            origin="hub",
            hub=self._hub.name,
            signed_at_ms=trusted.signed_at_ms,
            taken_at_ms=self._clock.now_ms(),
            root_version=trusted.root_version,
            publishers=trusted.publishers,
        )


class _Lines:
    """The lines of a file, as often as they are asked for."""

    def __init__(self, path: Path, max_total: int) -> None:
        self._path = path
        self._max_total = max_total

    def __call__(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            yield from lines_of(file, max_total=self._max_total)
