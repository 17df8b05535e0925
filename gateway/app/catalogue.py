"""The catalogue of one process: what it is made of, when its files are opened, and what follows from a new list.

Nothing of it is opened before somebody asks, or before the server answers (CAT-7). Calls and `/-/ready` know nothing of
it. The list's own part (files, search, signatures) is imported when it is opened: a start without a hub never does.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.app.catalogue_deeds import make_deeds
from gateway.app.catalogue_numbers import show_numbers
from gateway.audit.trail import Trail
from gateway.catalogue.adopting import Adoption, Fact
from gateway.catalogue.decided import EVERYBODY
from gateway.catalogue.deciding_routes import CatalogueDeeds
from gateway.catalogue.making import Making
from gateway.catalogue.memory import Memory
from gateway.catalogue.offering import Offering
from gateway.catalogue.proposing import Proposing
from gateway.catalogue.routes import CatalogueRoutes
from gateway.catalogue.service import CatalogueService, Opened
from gateway.catalogue.syncing import SYNC, Syncing
from gateway.errors import ConfigError, GatewayError, Unavailable
from gateway.lifecycle.service import LifecycleService
from gateway.observe.metrics import Metrics
from gateway.operations.runner import Runner
from gateway.operations.service import OperationService
from gateway.registry.routes.origin import OriginOf
from gateway.registry.service.change import Changes
from gateway.settings import Settings
from gateway.storage.clock import Clock
from gateway.storage.engine import Database
from gateway.tasks import Tasks
from gateway.upstream.transport import Transport

if TYPE_CHECKING:
    from gateway.catalogue.policy import Policy
    from gateway.catalogue.recommend.rules_file import RulesFile
    from gateway.catalogue.store.store import CatalogueStore
    from gateway.catalogue.sync.lease import DatabaseLease
    from gateway.catalogue.sync.once import Sync
    from gateway.catalogue.sync.outcome import Event
    from gateway.catalogue.sync.worker import Worker
    from gateway.catalogue.trust.hub import TrustedHub

logger = logging.getLogger("modelport.catalogue")

_AGAIN_S: Final = 60.0


class Catalogue:
    """`service` is what others ask; `offering` is what the registry makes models of."""

    def __init__(  # noqa: PLR0913 - keyword-only, all of it from the composition root
        self,
        settings: Settings,
        *,
        database: Database,
        clock: Clock,
        tasks: Tasks,
        trail: Trail,
        changes: Changes,
        transport: Transport,
        operations: OperationService,
        lifecycle: LifecycleService,
        instance: str,
    ) -> None:
        self._settings = settings.catalogue
        self._folder = settings.data_dir / "catalogue"
        self._database = database
        self._clock = clock
        self._tasks = tasks
        self._transport = transport
        self._instance = instance
        self._opening = asyncio.Lock()
        self._opened: Opened | None = None
        self._hub: TrustedHub | None = None
        self._worker: Worker | None = None
        self._following: asyncio.Task[None] | None = None
        self._lease: DatabaseLease | None = None
        self._rules: RulesFile | None = None
        self._policy: Policy | None = None
        self._making: asyncio.Task[None] | None = None
        self.service = CatalogueService(
            database=database,
            clock=clock,
            trail=trail,
            memory=Memory(clock.monotonic, tasks),
            opened=self.opened,
            suppressed=self._suppress,
        )
        self.offering = Offering(self.service)
        self._proposing = Proposing(database, clock, trail, make_deeds(lifecycle))
        self._syncing = Syncing(
            service=self.service,
            proposing=self._proposing,
            operations=operations,
            database=database,
            trail=trail,
            settings=self._settings,
            look=self._look,
        )
        self._adoption = Adoption(changes, self._fact)
        self._check_root()

    def routes(self, origin_of: OriginOf) -> tuple[object, ...]:
        """Return what the API has of it."""
        routes = (
            CatalogueRoutes(self.service, self._syncing, origin_of),
            CatalogueDeeds(self.service, self._syncing, self._proposing),
        )
        if not (self._settings.mirror and self._has_hub):
            return routes
        # Inner import: few installations are a mirror.
        from gateway.catalogue.mirror import Mirror, MirrorRoutes

        mirror = Mirror(
            self._folder / "tuf" / "metadata",
            self._folder / "mirror",
            fetch=self.fetch,
            most_bytes=self._settings.max_blob_bytes,
        )
        return (*routes, MirrorRoutes(mirror))

    def begin(self, runner: Runner, metrics: Metrics, making: Making) -> None:
        """Follow the hub from now on, if there is one, and carry out syncs that somebody asks for.

        Entries that a rule of the configuration allows become models by `making`.
        """
        if self._settings.adopt:
            # Inner import: few installations have such rules.
            from gateway.catalogue.policy import Policy

            self._policy = Policy(self.service, self.offering, self._database, self._settings.adopt, making)
        runner.register(SYNC, self._syncing.carry_out)
        show_numbers(metrics, lambda: self._opened)
        if self._has_hub:
            self._following = self._tasks.start(self._follow(), name="follow the catalogue's hub")

    async def close(self) -> None:
        """End what is under way, at once; nothing that was taken is lost."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        if self._making is not None:
            self._making.cancel()
            await asyncio.gather(self._making, return_exceptions=True)
        if self._hub is not None:
            await self._hub.close()
        if self._opened is not None:
            await self._opened.lists.close()
        if self._lease is not None:
            with contextlib.suppress(Unavailable):
                await self._lease.give_back()

    async def fetch(self, path: str, into: Path, *, max_length: int) -> bool:
        """Bring a further file of the hub that its signatures vouch for; False where there is no hub.

        Raises:
            GatewayError: it cannot be had.
        """
        await self.opened()
        if self._hub is None:
            return False
        await self._hub.fetch(path, into, max_length=max_length)
        return True

    async def opened(self) -> Opened:
        """Open the files the first time.

        Raises:
            GatewayError: they cannot be opened just now; the next one who asks tries again.
        """
        if self._opened is None:
            async with self._opening:
                if self._opened is None:
                    try:
                        self._opened = await self._open()
                    except OSError as error:
                        raise Unavailable(
                            f"the catalogue's files cannot be opened: {(error.strerror or str(error)).lower()}",
                            code="catalogue_empty",
                            hint="see to the folder `catalogue` of the data directory; it is tried again by itself",
                        ) from error
        return self._opened

    def rules(self) -> "RulesFile":
        """Return the hub's rules for recommendations; without a hub there are none."""
        if self._rules is None:
            # Inner import: see the module.
            from gateway.catalogue.recommend.rules_file import RulesFile

            self._rules = RulesFile(self._folder, self._settings.url if self._has_hub else None)
        return self._rules

    @property
    def _has_hub(self) -> bool:
        return self._settings.mode != "static" and self._settings.url is not None

    def _check_root(self) -> None:
        """Raise ConfigError, and end the start, for a root that nobody could be believed from."""
        if self._has_hub and (root := self._root()) is not None:
            # Inner import: see the module.
            from gateway.catalogue.trust.hub import root_print

            root_print(root)

    def _root(self) -> bytes | None:
        path = self._settings.root
        try:
            return None if path is None else path.read_bytes()
        except OSError as error:
            raise ConfigError(
                f"catalogue.root: cannot read {path}: {(error.strerror or '').lower()}",
                hint="take the file root.json that the hub's owner gave you",
            ) from error

    async def _open(self) -> Opened:
        # Inner imports: see the module.
        from gateway.catalogue.modes import Lists, StaticList, read_static, take_static

        mode, static, given = self._settings.mode, None, StaticList({})
        if mode != "dynamic":
            given = await asyncio.to_thread(read_static, self._settings.static)
            static = await self._store(self._folder / "static" / "catalog.db")
            await take_static(static, given, now_ms=self._clock.now_ms())
            if mode == "static":
                await static.set_pinned(await self.service.pinned())
        if mode == "static":
            return Opened(Lists(None, static, given), None)
        sync = await self._sync()
        return Opened(Lists(sync.store, static, given), sync)

    async def _store(self, path: Path) -> "CatalogueStore":
        # Inner import: see the module.
        from gateway.catalogue.store.store import CatalogueStore

        store = CatalogueStore(path, self._clock)
        await store.open()
        return store

    async def _sync(self) -> "Sync":
        # Inner imports: see the module.
        from gateway.catalogue.recommend.rules_file import FollowedHub
        from gateway.catalogue.store.store import CatalogueStore
        from gateway.catalogue.sync.lease import DatabaseLease
        from gateway.catalogue.sync.once import Sync
        from gateway.catalogue.sync.worker import Worker

        store = CatalogueStore(self._folder / "catalog.db", self._clock)
        self._hub = await self._trusted(store) if self._has_hub else None
        place = f"{socket.gethostname()}:{self._folder.absolute()}"
        self._lease = DatabaseLease(self._database, self._clock, id_=place, owner=self._instance)
        sync = Sync(
            store,
            None if self._hub is None else FollowedHub(self._hub, self.rules()),
            clock=self._clock,
            lease=self._lease,
            tasks=self._tasks,
            bundle=_bundle,
            suppressed=self._suppressed_ids,
            pinned=self.service.pinned,
            folder=self._folder / "incoming",
            every_s=self._settings.every_s,
            listeners=[self._taken],
        )
        await sync.start()
        self._worker = Worker(sync, tasks=self._tasks, clock=self._clock)
        return sync

    async def _trusted(self, store: "CatalogueStore") -> "TrustedHub":
        # Inner imports: see the module.
        from yarl import URL

        from gateway.catalogue.bundled.loader import stamp
        from gateway.catalogue.trust.floor import TimeFloor
        from gateway.catalogue.trust.high_water import HighWater
        from gateway.catalogue.trust.hub import TrustedHub
        from gateway.catalogue.trust.mark_table import MarkTable

        own = await asyncio.to_thread(stamp)
        root = await asyncio.to_thread(self._root)
        return TrustedHub(
            URL(str(self._settings.url)),
            self._folder / "tuf",
            own.root if root is None else root,
            transport=self._transport,
            floor=TimeFloor(self._clock, built_at_ms=own.signed_at_ms),
            high_water=HighWater(store, MarkTable(self._database)),
        )

    async def _follow(self) -> None:
        """Open the files, again and again where that fails for a while, and then follow the hub for good."""
        while True:
            try:
                await self._adopt()
                break
            except GatewayError as error:
                logger.warning(
                    "the catalogue cannot be opened, and is tried again in %d s: %s", _AGAIN_S, error.message
                )
            await asyncio.sleep(_AGAIN_S)
        if self._worker is not None:
            await self._worker.run()

    async def _look(self) -> Any:
        await self.opened()
        assert self._worker is not None, "an operation begins only where there is a hub"
        return await self._worker.look()

    async def _taken(self, _event: "Event") -> None:
        if self._opened is not None:  # while it opens, `_follow` comes next
            await self._adopt()

    async def _adopt(self) -> None:
        """Have the registry follow, unless this list is no reason to: another machine's may be newer."""
        opened = await self.opened()
        version = opened.lists.version
        if version is None or (self._hub is not None and version.hub != self._hub.name):
            return
        if self._hub is not None:
            # Inner import: see the module.
            from gateway.catalogue.trust.mark_table import MarkTable

            marks = await MarkTable(self._database).marks(self._hub.name)
            if any(mark.serial > version.serial for mark in marks.values()):
                return
        await self._adoption.follow()
        if self._policy is not None and (self._making is None or self._making.done()):
            # In the background: each model is tried out before there is one, and the next look must not wait for that.
            self._making = self._tasks.start(self._policy.carry_out(), name="make models of what a rule allows")

    async def _fact(self, entry_id: str) -> Fact:
        # Inner imports: see the module.
        from gateway.catalogue.entry import Entry, parse_entry

        lists = (await self.opened()).lists
        found = await lists.get(entry_id)
        if found is None or found[0].is_gone:
            gone = await lists.first.find_change(entry_id)
            return Fact(is_there=False, reason=gone.reason, successor=gone.successor) if gone else Fact(is_there=False)
        entry = parse_entry(found[0].body)
        if not isinstance(entry, Entry):
            return Fact(is_there=True)
        return Fact(
            is_there=True,
            status=entry.status,
            deprecated_at=entry.deprecated_at,
            sunset_at=entry.sunset_at,
            successor=entry.successor,
        )

    async def _suppressed_ids(self) -> Iterable[str]:
        found = await self.service.all_suppressions()
        return {one.entry_id for one in found if one.team == EVERYBODY}

    async def _suppress(self) -> None:
        """Put out of sight at once what nobody wants to see."""
        if self._opened is not None and self._opened.lists.hub is not None:
            await self._opened.lists.hub.set_suppressed(await self._suppressed_ids())


def _bundle() -> Any:
    # Inner imports: see the module.
    from gateway.catalogue.bundled.loader import bundled
    from gateway.catalogue.sync.outcome import Bundle

    own = bundled()
    return Bundle(own.index.serial, own.index.snapshot.state_sha256, own.signed_at_ms, lambda: own.lines)
