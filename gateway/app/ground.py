"""What everything in a process stands on: database, registry, keys, secrets, the way out, checks, reloads."""

import secrets
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from gateway import __version__
from gateway.app.catalogue import Catalogue
from gateway.app.downloads import Downloads
from gateway.app.life import make_lifecycle, make_watch, make_withdrawal
from gateway.app.many import Many
from gateway.app.recommend import Recommending
from gateway.app.record import Record
from gateway.app.work import Work
from gateway.configuration.loading import Configuration
from gateway.declared.hot import Live
from gateway.declared.setup import make_reconciler, make_reloader
from gateway.demo import EchoServer, publish_echo
from gateway.keys.ring import KeyRing
from gateway.keys.service import KeyService
from gateway.keys.store import KeyUse, note_uses
from gateway.lifecycle.openai import OpenAiDeletion
from gateway.observe.logs import configure_logs
from gateway.observe.metrics import Metrics
from gateway.observe.recent import RecentTroubles
from gateway.preflight.setup import is_here, make_checking
from gateway.registry.objects import ObjectStore
from gateway.registry.registry import Registry
from gateway.registry.service.registry_service import RegistryService
from gateway.settings import Settings, make_data_dir
from gateway.storage.clock import SystemClock
from gateway.storage.engine import Database
from gateway.storage.migrate import migrate
from gateway.storage.writer import BatchWriter
from gateway.tasks import Tasks
from gateway.upstream.egress import Egress
from gateway.upstream.session_transport import SessionTransport
from gateway.usage.model import DAY_MS, UsageRecord
from gateway.usage.retention import Retention
from gateway.usage.store import add as add_usage
from gateway.vault.setup import load_peppers, make_vault


class Ground:
    """Made in two steps: what needs no database by the constructor, the rest by `open`. `closing` undoes it in reverse.

    `settings` are those in force: they follow the configuration's file.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        configuration: Configuration,
        environment: Mapping[str, str],
        reread: Callable[[], Configuration] | None,
    ) -> None:
        self.settings = settings
        self.configuration = configuration
        self._environment = environment
        self._reread = reread
        self.clock = SystemClock()
        self.tasks = Tasks()
        self.metrics = Metrics(version=__version__)
        self.troubles = RecentTroubles()
        self.closing: list[Callable[[], Coroutine[Any, Any, object]]] = []
        self.instance = secrets.token_hex(6)
        self.port = 0

    async def open(self) -> None:
        """Open the database and make what reads it; then bring about what the configuration's file declares.

        Raises:
            ConfigError: one sentence why it cannot.
        """
        self._write_logs(self.settings)
        make_data_dir(self.settings.data_dir)
        await self._open_database()
        await self._open_keys()
        echo = await self._open_echo() if self.settings.demo else None
        self._open_ways([echo.network] if echo else [])
        self._open_registry()
        self._open_rooms()
        await self.service.ensure_default()
        await self.ring.reload()
        if echo is not None:
            await publish_echo(self.service, self.registry, echo.base_url)
        self._open_reloader()
        await self.reloader.start()

    async def close(self) -> None:
        """Close everything that is open, last first."""
        while self.closing:
            await self.closing.pop()()

    def writer(self, write: Callable[[Sequence[Any]], Coroutine[Any, Any, None]], name: str) -> BatchWriter[Any]:
        """Return what writes rows behind the calls, and writes the last of them when the process closes."""
        writer: BatchWriter[Any] = BatchWriter(write, name=name, tasks=self.tasks)
        self.closing.append(writer.drain)
        return writer

    async def sweep(self) -> None:
        """Delete usage and places of objects that are older than the settings keep them."""
        now_ms, kept = self.clock.now_ms(), self.settings.usage
        await Retention(self.database, call_days=kept.call_days).sweep(now_ms)
        await ObjectStore(self.database).sweep(now_ms - kept.object_days * DAY_MS)
        await self.work.sweep(days=self.settings.operations.days)
        await self.recommending.sweep()

    async def _write_usage(self, rows: Sequence[UsageRecord]) -> None:
        async with self.database.write() as conn:
            await add_usage(conn, rows)

    async def _open_database(self) -> None:
        settings = self.settings.database
        self.database = await Database.open(self.settings.database_url, pgbouncer=settings.pgbouncer)
        self.closing.append(self.database.close)
        automatic = self.database.dialect == "sqlite" or settings.auto_migrate
        self.record = Record(self.settings, self.database, self.clock, self._environment)
        self.trail = self.record.trail
        await migrate(self.database, clock=self.clock, automatic=automatic, note=self.record.migrated)
        self.closing.append(self.tasks.close)  # before the database: what runs in the background uses it

    async def _open_keys(self) -> None:
        """Make what knows secrets and who may call: the record of changes, the keys, the vault."""
        settings, database, clock = self.settings, self.database, self.clock
        self.closing.append(self.record.close)
        await self.record.open()
        peppers = load_peppers(settings, environment=self._environment)
        uses = self.writer(self._write_uses, "key uses")
        self.ring = KeyRing(
            database, peppers, note_use=uses.put, refused=lambda reason: self.metrics.key_refusals.add((reason,))
        )
        self.keys = KeyService(database, peppers, clock, self.ring, trail=self.trail)
        self.vault = make_vault(settings, database, environment=self._environment, clock=clock)

    def _open_ways(self, own_networks: Sequence[str]) -> None:
        """Make what follows the settings, and the way out to upstreams."""
        live = self.live = Live(self.configuration.settings, running=self.settings, own_networks=own_networks)
        egress = self._egress = Egress(live.policy, connect_timeout_s=self.settings.timeouts.connect_s)
        live.on_change(lambda _: egress.adopt(live.policy))
        live.on_change(self._adopt)
        self.transport = SessionTransport(egress.session)
        self.closing.append(self.transport.close)

    def _open_registry(self) -> None:
        """Make what publishes models and takes them away again, and the operations that this takes."""
        settings, database, clock, live = self.settings, self.database, self.clock, self.live
        self.registry = Registry(database)
        self.service = RegistryService(
            database,
            self.registry,
            clock,
            secrets=self.vault,
            judge_url=live.judge,
            trail=self.trail,
            reload_keys=self.ring.reload,
        )
        self.usage = self.writer(self._write_usage, "usage")
        self.work = Work(settings, database, clock, self.tasks, registry=self.registry, trail=self.trail)
        self.closing += self.work.closing()
        self.lifecycle = make_lifecycle(live, self.service, clock, trail=self.trail, work=self.work)
        self.delete_model = OpenAiDeletion(self.lifecycle.retirement, self.trail)
        self.many = Many(
            database,
            self.service.changes,
            clock,
            live=live,
            trail=self.trail,
            work=self.work,
            watch=make_watch(self.work),
            lifecycle=self.lifecycle,
        )

    def _open_rooms(self) -> None:
        """Make what stands around the registry: catalogue, downloads, recommendations, checks."""
        settings, database, clock, live = self.settings, self.database, self.clock, self.live
        self.catalogue = Catalogue(
            settings,
            database=database,
            clock=clock,
            tasks=self.tasks,
            trail=self.trail,
            changes=self.service.changes,
            transport=self.transport,
            operations=self.work.operations,
            lifecycle=self.lifecycle,
            instance=self.instance,
        )
        self.closing.append(self.catalogue.close)
        self.registry.on_change(lambda _now, _closed: self.catalogue.service.look_again())
        self.downloads = Downloads(
            live,
            database=database,
            clock=clock,
            trail=self.trail,
            work=self.work,
            transport=self.transport,
            catalogue=self.catalogue,
        )
        self.recommending = Recommending(
            database=database,
            clock=clock,
            trail=self.trail,
            vault=self.vault,
            catalogue=self.catalogue.service,
            rules=self.catalogue.rules,
            settings=lambda: live.settings.catalogue,
        )
        self.checking = make_checking(
            self.transport,
            egress=self._egress,
            registry=self.registry,
            credentials=self.service.credentials,
            vault=self.vault,
            clock=clock,
            tasks=self.tasks,
            settings=lambda: live.settings,
            port=lambda: self.port,
            instance=self.instance,
            usage=self.usage.put,
        )

    def _open_reloader(self) -> None:
        """Make what follows the configuration's file."""
        live, clock = self.live, self.clock
        self.reloader = make_reloader(
            live,
            clock,
            self.metrics,
            configuration=self.configuration,
            reread=self._reread,
            reconciler=make_reconciler(
                self.database,
                self.service,
                clock,
                configuration=self.configuration,
                withdrawal=make_withdrawal(live, self.work),
                is_own=lambda url: is_here(url, live.settings, port=self.port or self.settings.server.port),
            ),
            changed=self.checking.follow,
            trail=self.trail,
        )

    async def _open_echo(self) -> EchoServer:
        echo = EchoServer()
        await echo.start()
        self.closing.append(echo.stop)
        return echo

    def _adopt(self, settings: Settings) -> None:
        """Follow a change of settings in what hangs on this process as a whole."""
        if settings.log.level != self.settings.log.level:
            self._write_logs(settings)
        self.settings = settings

    def _write_logs(self, settings: Settings) -> None:
        configure_logs(level=settings.log.level, fmt=settings.log.format, keep=self.troubles.keep)

    async def _write_uses(self, rows: Sequence[KeyUse]) -> None:
        async with self.database.write() as conn:
            await note_uses(conn, rows)
