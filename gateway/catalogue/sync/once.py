"""One look at the hub, and all that follows from it (catalogue.md sections 5 and 7)."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from gateway import __version__
from gateway.catalogue.store.build import Source
from gateway.catalogue.store.change import Change
from gateway.catalogue.store.errors import Broken, Empty, Full, Unfit
from gateway.catalogue.store.store import CatalogueStore
from gateway.catalogue.sync.brake import Held, brake
from gateway.catalogue.sync.lease import RENEW_S, Lease
from gateway.catalogue.sync.memory import SituationMemory
from gateway.catalogue.sync.outcome import Bundle, Event, Listener, Outcome, Pinned, Suppressed
from gateway.catalogue.sync.situation import Accepted
from gateway.catalogue.sync.status import Seen, Status, status_of
from gateway.catalogue.sync.taking import Hub, Taking
from gateway.catalogue.trust.errors import HubError
from gateway.catalogue.trust.hub import Trusted
from gateway.errors import Conflict, GatewayError
from gateway.storage.clock import Clock
from gateway.tasks import Tasks

logger = logging.getLogger("modelport.catalogue")

_OF = "bundle"
"""Note of the program whose list is in use: to verify it at each start would take a fifth of a second and 10 MB."""


class Sync:
    """Keeps the store's list at what the hub says. `hub` None: the list that came along is all there is."""

    def __init__(  # noqa: PLR0913 - keyword-only but the first two, each a seam to somebody else
        self,
        store: CatalogueStore,
        hub: Hub | None,
        *,
        clock: Clock,
        lease: Lease,
        tasks: Tasks,
        bundle: Callable[[], Bundle],
        suppressed: Suppressed,
        pinned: Pinned | None = None,
        folder: Path,
        every_s: float,
        listeners: Sequence[Listener] = (),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.store = store
        self._hub = hub
        self._clock = clock
        self._lease = lease
        self._tasks = tasks
        self._bundle = bundle
        self._suppressed = suppressed
        self._pinned = pinned
        self._listeners = listeners
        self._every_s = every_s
        self._memory = SituationMemory(store, clock, every_s=every_s, chance=chance)
        self._taking = None if hub is None else Taking(store, hub, folder, clock)
        self._turn = asyncio.Lock()
        self._is_syncing = False
        self._is_rebuilding = False
        self._is_started = False

    @property
    def memory(self) -> SituationMemory:
        """What is remembered from look to look."""
        return self._memory

    async def start(self) -> None:
        """Open the list, and see that there is one: the one that came along, until the hub was asked (L0).

        To start again does nothing.
        """
        async with self._turn:
            if self._is_started:
                return
            try:
                await self.store.open()
            except Broken:
                await self._rebuild_if_ours()
            await self._memory.learn()
            if await self._lease.take():
                await self._bundled_if_empty()
            self._is_started = True

    async def once(self, *, forced: bool = False) -> Outcome:
        """Look at the hub, and take what is new. Nothing that a hub, a network or a disk does is an exception.

        `forced`: somebody asked; the breaker does not count then, what the hub asked for does.
        """
        async with self._turn:
            if not await self._lease.take():
                await self._memory.learn()
                await self.store.poll()
                return Outcome("elsewhere")
            renewing = self._tasks.start(self._renew(), name="renew the catalogue's lease")
            try:
                outcome = await self._look(forced=forced)
            finally:
                renewing.cancel()
                self._is_syncing = False
            await self._memory.keep()  # not where this was cancelled: it would wait for the list that is being built
            return outcome

    async def accept(self, serial: int, *, by: str) -> None:
        """Want a list that is held; the next look takes it.

        Raises:
            Conflict: that is not the serial which is held.
        """
        await self._memory.learn()
        held = self._memory.situation.held
        if held is None or held.serial != serial:
            waits = "nothing is held" if held is None else f"serial {held.serial} is held"
            raise Conflict(
                f"{waits}, not serial {serial}", code="catalogue_not_held", hint="see `modelport catalogue status`"
            )
        accepted = Accepted(serial, held.removed, by, self._clock.now_ms())
        self._memory.change(accepted=accepted)
        await self._memory.keep()

    async def verify(self) -> int:
        """Hash every entry again; damage is healed by building the list anew. Return the number of entries.

        Raises:
            Broken: there was damage; what is in use now was built anew.
        """
        try:
            return await self.store.verify()
        except Broken:
            async with self._turn:
                await self._rebuild_if_ours()
            raise

    def status(self) -> Status:
        """Return how fresh the list is, as this process knows it."""
        broken = self._is_rebuilding or self.store.is_broken
        seen = Seen(
            version=self.store.version,
            situation=self._memory.situation,
            now_ms=self._clock.now_ms(),
            every_s=self._every_s,
            has_hub=self._hub is not None,
            is_syncing=self._is_syncing,
            is_broken=broken,
        )
        return status_of(seen)

    async def notice(self) -> bool:
        """Look whether another process took a list, and tell the listeners; return whether it did."""
        before = self.store.version
        with contextlib.suppress(Broken, Empty):
            if await self.store.poll() and (now := self.store.version) is not None:
                await self._memory.learn()
                await self._tell(Change(None if before is None else before.serial, now.serial))
                return True
        return False

    async def _look(self, *, forced: bool) -> Outcome:
        await self._memory.learn()
        try:
            if self.store.is_broken:
                await self._rebuild()
            await self._heed()
            if self._hub is None:
                return Outcome("current")
            if self._memory.is_resting(forced=forced):
                return Outcome("waiting")
            return await self._follow(await self._hub.refresh())
        except Held as error:
            self._memory.held(error)
            return Outcome("held", error=error)
        except Broken as error:
            await self._rebuild()
            return Outcome("failed", error=error)
        except (HubError, Full, Unfit, Empty) as error:
            self._memory.failed(error)
            return Outcome("failed", error=error)

    async def _follow(self, trusted: Trusted) -> Outcome:
        assert self._taking is not None
        assert self._hub is not None
        index, version = trusted.index, self.store.version
        is_ours = version is not None and version.origin == "hub" and version.hub == self._hub.name
        serial = version.serial if version is not None and is_ours else None
        state = version.state_sha256 if version is not None and is_ours else None
        if (serial, state) == (index.serial, index.snapshot.state_sha256):
            await self.store.vouch(trusted.publishers)
            self._memory.believed(trusted)
            return Outcome("current")
        situation = self._memory.situation
        accepted, held = situation.accepted, situation.held
        if held is not None and held.serial == index.serial and (accepted is None or accepted.serial != index.serial):
            self._memory.believed(trusted, held=held)
            return Outcome("held")
        self._is_syncing = True
        change = await self._taking.take(trusted, serial, brake(accepted))
        self._is_syncing = False
        self._memory.believed(trusted)
        await self._tell(change)
        return Outcome("taken", change)

    async def _tell(self, change: Change) -> None:
        event = Event(change.start, change.to, change.added, change.changed, change.removed)
        for listener in self._listeners:
            try:
                await listener(event)
            except GatewayError as error:
                logger.warning("a new catalogue was taken, and not everybody could be told: %s", error.message)
            except Exception:  # a list that was taken stays taken: the background loop of house style 11
                logger.exception("a new catalogue was taken, and not everybody could be told")

    async def _bundled_if_empty(self) -> None:
        version = self.store.version
        if version is not None and (version.origin != "bundled" or await self.store.read_note(_OF) == __version__):
            return
        try:
            bundle = await asyncio.to_thread(self._bundle)
            change = await self.store.build(_source(bundle, self._clock.now_ms()), bundle.lines)
            await self.store.write_note(_OF, __version__)
        except GatewayError as error:
            self._memory.failed(error)
        else:
            await self._tell(change)

    async def _rebuild_if_ours(self) -> None:
        if await self._lease.take():
            await self._rebuild()

    async def _rebuild(self) -> None:
        """Set a damaged file aside and begin with the list that came along; the hub is asked next (section 7)."""
        self._is_rebuilding = True
        logger.error("the catalogue's file is damaged: it is kept beside as .corrupt, and built anew")
        try:
            bundle = await asyncio.to_thread(self._bundle)
            await self.store.rebuild(_source(bundle, self._clock.now_ms()), bundle.lines)
            self._memory.rebuilt()
            await self._heed()
        except GatewayError as error:
            self._memory.failed(error)
        finally:
            self._is_rebuilding = False

    async def _heed(self) -> None:
        """Show and hide what people decided; what they did is kept outside the list's file (`pinned` None: in it)."""
        await self.store.set_suppressed(await self._suppressed())
        if self._pinned is not None:
            await self.store.set_pinned(await self._pinned())

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            await self._lease.take()


def _source(bundle: Bundle, now_ms: int) -> Source:
    return Source(
        serial=bundle.serial,
        path="the list that came along",
        state_sha256=bundle.state_sha256,
        origin="bundled",
        signed_at_ms=bundle.signed_at_ms,
        taken_at_ms=now_ms,
    )
