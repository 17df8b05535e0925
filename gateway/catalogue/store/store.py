"""The list of what exists, as this installation keeps it: `CatalogueStore` is the only door to `catalog.db`.

Everything runs in threads of its own. It may be asked by any process of the machine; who changes it holds the lease.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from gateway.catalogue.namespace import Vouch
from gateway.catalogue.store import local, read, search, whole
from gateway.catalogue.store.apply import Step, apply_all
from gateway.catalogue.store.build import Source
from gateway.catalogue.store.change import Change, Policy
from gateway.catalogue.store.files import Files
from gateway.catalogue.store.sweep import checked
from gateway.catalogue.store.threads import Threads
from gateway.catalogue.store.vouching import is_noted, unvouch, vouch
from gateway.catalogue.store.whole import Lines
from gateway.catalogue.trust.high_water import Mark, Marks
from gateway.storage.clock import Clock


class CatalogueStore:
    """One list in one folder. Its methods raise `Broken`, `Full` or `Empty` where the file does not serve."""

    def __init__(self, path: Path, clock: Clock, *, full_text: bool | None = None) -> None:
        self._files = Files(path)
        self._clock = clock
        self._full_text = full_text
        self._threads = Threads(self._files)
        self._closing = threading.Event()
        self.version: read.Version | None = None
        """Which list was in use at the last look; None: an empty one."""

    @property
    def is_broken(self) -> bool:
        """Whether somebody met damage since the last file was put in use."""
        return self._threads.broken is not None

    async def open(self) -> None:
        """Look at the file that is there, thoroughly after a kill; make an empty one where there is none.

        Raises:
            Broken: `rebuild` is to be called, which sets it aside.
        """
        await self._threads.alone(lambda: whole.open_checked(self._files, full_text=self._full_text))
        await self.poll()

    async def close(self) -> None:
        """Stop a list that is being built, and let go of everything."""
        self._closing.set()
        await asyncio.to_thread(self._threads.close)
        self._files.closed()

    async def poll(self) -> bool:
        """Look which list is in use, and return whether it is another one than before."""
        before, self.version = self.version, await self._threads.read(read.version)
        return before != self.version

    # what one can ask

    async def get(self, id_: str) -> read.Stored | None:
        """Return an entry, also one that is not shown; None where there is none."""
        return await self._threads.read(lambda conn: read.get(conn, id_))

    async def search(self, query: search.Query) -> search.Page:
        """Return a page of what is shown, by id."""
        return await self._threads.read(lambda conn: search.search(conn, query))

    async def bodies(self, *, after: str = "", limit: int = 1000) -> list[read.Stored]:
        """Return a page of everything that is shown, by id."""
        return await self._threads.read(lambda conn: list(read.bodies(conn, after=after, limit=limit)))

    async def changes_since(self, serial: int, *, after: str = "", limit: int = 1000) -> list[read.Changed]:
        """Return a page of what changed after a serial, by id.

        Raises:
            Older: that is longer ago than is remembered.
        """
        return await self._threads.read(lambda conn: read.changes_since(conn, serial, after=after, limit=limit))

    async def find_change(self, id_: str) -> read.Changed | None:
        """Return the last change of an id, as far as it is remembered."""
        return await self._threads.read(lambda conn: read.find_change(conn, id_))

    async def counts(self) -> read.Counts:
        """Count what is shown and what is not."""
        return await self._threads.read(read.counts)

    async def reasons(self, *, after: str = "", limit: int = 100) -> list[read.Reason]:
        """Return a page of what is hidden or in quarantine, and why."""
        return await self._threads.read(lambda conn: read.reasons(conn, after=after, limit=limit))

    async def find_reason(self, id_: str) -> str | None:
        """Return why an entry is hidden or in quarantine; None where it is neither."""
        return await self._threads.read(lambda conn: read.find_reason(conn, id_))

    async def pins(self) -> list[local.Pin]:
        """Return what is pinned."""
        return await self._threads.read(local.pins)

    async def verify(self) -> int:
        """Hash every entry again and return how many there are.

        Raises:
            Broken: one is not what its hash says.
        """
        return await self._threads.read(checked)

    # what an installation says about it

    async def pin(self, id_: str, *, by: str) -> bool:
        """Keep showing an entry as it is now, whatever the hub says; return whether there is one."""
        now_ms = self._clock.now_ms()
        return await self._threads.write(lambda conn: local.pin(conn, id_, at_ms=now_ms, by=by))

    async def unpin(self, id_: str) -> bool:
        """Show what the hub says again; return whether it was pinned."""
        return await self._threads.write(lambda conn: local.unpin(conn, id_))

    async def set_pinned(self, pinned: Iterable[tuple[str, bytes, int, str]]) -> bool:
        """Show exactly these as they were (id, that form, when, by whom); return whether that changed anything."""
        wanted = list(pinned)
        if await self._threads.read(local.pinned_forms) == {row[0]: row[1] for row in wanted}:
            return False
        await self._threads.write(lambda conn: local.set_pinned(conn, wanted))
        return True

    async def set_suppressed(self, ids: Iterable[str]) -> bool:
        """Put exactly these out of sight; return whether that is another set than before."""
        return await self._threads.write(lambda conn: local.set_suppressed(conn, ids))

    async def marks(self, hub: str) -> Marks:
        """Return what was seen of a hub: one of the two places (CAT-31)."""
        return await self._threads.read(lambda conn: local.read_marks(conn, hub))

    async def keep_mark(self, hub: str, mark: Mark) -> None:
        """Remember the highest that was seen of a hub."""
        await self._threads.write(lambda conn: local.keep_mark(conn, hub, mark))

    async def bad_deltas(self) -> frozenset[str]:
        """Return the deltas that did not lead where they should."""
        return await self._threads.read(local.bad_deltas)

    async def mark_bad(self, path: str) -> None:
        """Never take this delta again."""
        await self._threads.write(lambda conn: local.mark_bad(conn, path))

    async def read_note(self, key: str) -> str | None:
        """Return a text that was left here under a name."""
        return await self._threads.read(lambda conn: local.read_note(conn, key))

    async def write_note(self, key: str, text: str | None) -> None:
        """Leave a text for other processes; it survives a new list."""
        await self._threads.write(lambda conn: local.write_note(conn, key, text))

    # another list

    async def build(self, source: Source, lines: Lines, *, policy: Policy | None = None) -> Change:
        """Take a whole list, when it is proved and the policy has nothing against it.

        Raises:
            WrongState, Unfit: it is not what the index says; the old list stays in use, as with every failure.
        """
        new = whole.New(self._files, source, lines, full_text=self._full_text, stop=self._closing.is_set)
        change = await self._threads.alone(lambda: new.take(policy))
        await self._in_use()
        return change

    async def apply(self, source: Source, steps: Sequence[Step], *, policy: Policy | None = None) -> Change:
        """Take deltas, all or none.

        Raises:
            WrongState: one does not lead where it should; the list stays as it is, as with every failure.
        """
        stop = self._closing.is_set
        change = await self._threads.write(lambda conn: apply_all(conn, source, steps, policy, stop=stop))
        await self.poll()
        return change

    async def vouch(self, vouches: Sequence[Vouch]) -> bool:
        """Judge the list again by what publishers say now, and return whether that is something else than before."""
        if await self._threads.read(lambda conn: is_noted(conn, vouches)):
            return False

        def judge(conn: sqlite3.Connection) -> None:
            unvouch(conn)
            vouch(conn, vouches)

        await self._threads.write(judge)
        await self.poll()
        return True

    async def rebuild(self, source: Source, lines: Lines) -> None:
        """Set a damaged file aside and build another one; what can still be read of marks and pins is kept."""
        now_s = self._clock.now_ms() // 1000
        new = whole.New(self._files, source, lines, full_text=self._full_text, stop=self._closing.is_set)
        await self._threads.alone(lambda: new.replace_damaged(now_s))
        await self._in_use()

    async def _in_use(self) -> None:
        self._threads.broken = None
        await self.poll()
