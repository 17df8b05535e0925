"""The composition root: every object is made once, here, and handed down by constructor.

Read it from the top to learn what the product consists of; nothing else in the program knows all of it.
"""

import asyncio
import gc
import operator
import random
import secrets
import socket
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from aiohttp import web

from gateway import __version__
from gateway.access.account import Account
from gateway.access.balance import Balancer
from gateway.access.dispatch import Dispatcher
from gateway.access.headers import request_id
from gateway.access.intake import Intake
from gateway.access.openapi import COMPONENTS, data_plane_paths
from gateway.access.read_on import ReadOn
from gateway.access.relay import Relay
from gateway.access.routes import DataPlane
from gateway.api.openapi import document
from gateway.api.openapi_routes import ERRORS_PAGE, OpenApiRoutes
from gateway.api.operation import Operation, register
from gateway.api.principal import PRINCIPAL, REQUEST_ID
from gateway.api.request import ORIGIN, PEER
from gateway.configuration.loading import Configuration
from gateway.configuration.routes import SettingsRoutes
from gateway.declared.hot import Live
from gateway.declared.routes import ReloadRoutes, StatusRoutes
from gateway.declared.setup import make_reconciler, make_reloader
from gateway.declared.watch import LOOK_S
from gateway.demo import EchoServer, publish_echo
from gateway.keys.local import anonymous_local
from gateway.keys.ring import KeyRing
from gateway.keys.routes import KeyRoutes
from gateway.keys.service import KeyService
from gateway.keys.store import KeyUse, note_uses
from gateway.listener.limits import ListenerLimits
from gateway.listener.listener import Listener
from gateway.middleware.cors import allow_origin, cors_middleware
from gateway.middleware.host import Hosts, host_middleware
from gateway.middleware.identity import Identity, identity_middleware
from gateway.middleware.report import report_middleware
from gateway.observe.access_log import AccessLog
from gateway.observe.logs import configure_logs, wants_json
from gateway.observe.metrics import Metrics
from gateway.observe.recent import RecentTroubles
from gateway.observe.routes import ErrorRoutes
from gateway.preflight.rounds import LOOK_S as HEALTH_LOOK_S
from gateway.preflight.setup import make_checking
from gateway.probes import Probes
from gateway.registry.objects import ObjectStore, StoredObjects
from gateway.registry.registry import Registry
from gateway.registry.routes import registry_routes
from gateway.registry.service.registry_service import RegistryService
from gateway.registry.snapshot import EndpointRoute, Snapshot
from gateway.settings import Settings, make_data_dir, shown_host
from gateway.storage.clock import SystemClock
from gateway.storage.engine import Database
from gateway.storage.migrate import migrate
from gateway.storage.writer import BatchWriter
from gateway.tasks import Tasks
from gateway.upstream.egress import Egress
from gateway.upstream.session_transport import SessionTransport
from gateway.usage.model import DAY_MS, UsageRecord
from gateway.usage.retention import Retention
from gateway.usage.routes import UsageRoutes
from gateway.usage.service import UsageService
from gateway.usage.store import add as add_usage
from gateway.vault.secret import Secret
from gateway.vault.setup import load_peppers, make_vault

POLL_S = 1.0
"""How often another process' changes are looked for (LIF-6)."""
SWEEP_S = 3600.0
"""How often usage and places of objects that are too old are deleted."""
_GC_THRESHOLDS = (100_000, 50, 100)
"""A young collection after so many allocations: the default's 700 costs a tenth of the CPU (measured)."""
_CUT_GRACE_S = 2.0
"""What calls that were ended by the drain may take to say so."""
_DESCRIPTION = "Publish models, resolve their addresses, call them. Model calls take and give what OpenAI's API does."


class Modelport:
    """One process of the product, server or gateway by its settings."""

    def __init__(
        self,
        settings: Settings,
        *,
        environment: Mapping[str, str],
        sock: socket.socket | None = None,
        configuration: Configuration | None = None,
        reread: Callable[[], Configuration] | None = None,
    ) -> None:
        self._settings = settings
        self._configuration = configuration or Configuration(settings)
        self._reread = reread
        self._sock = sock  # a listening one that somebody else opened, at the address in `settings`
        self._environment = environment
        self._clock = SystemClock()
        self._tasks = Tasks()
        self._metrics = Metrics(version=__version__)
        self._probes = Probes(self._metrics)
        self._troubles = RecentTroubles()
        self._closing: list[Callable[[], Coroutine[Any, Any, object]]] = []
        self._instance = secrets.token_hex(6)
        self.admin_key: Secret | None = None
        self.address = ""
        self.port = 0

    async def start(self) -> None:
        """Open the database, read the registry, listen; `address` and `admin_key` are known afterwards.

        Raises:
            ConfigError: one sentence why it cannot start.
        """
        settings = self._settings
        configure_logs(level=settings.log.level, fmt=settings.log.format, keep=self._troubles.keep)
        make_data_dir(settings.data_dir)
        await self._open_database()
        await self._open_services()
        await self._reloader.start()
        await self._listen(self._application())
        await self._ensure_key()
        self._tasks.repeat(self._registry.poll, every_s=POLL_S, name="look for changes of the registry")
        self._tasks.repeat(self._ring.poll, every_s=POLL_S, name="look for changes of keys")
        if self._reloader.watches:
            self._tasks.repeat(self._reloader.look, every_s=LOOK_S, name="look for changes of the configuration")
        self._tasks.repeat(self._checking.rounds.step, every_s=HEALTH_LOOK_S, name="look at the health of endpoints")
        self._tasks.repeat(self._sweep, every_s=SWEEP_S, name="delete what is too old")
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        self._probes.ready = True

    async def answer(self, request: Callable[[str], bytes]) -> bytes:
        """Answer one request without listening: `request` is told the address and gives the bytes of the request.

        Nothing goes on in the background, and no first key is made: nobody would see it.

        Raises:
            ConfigError: one sentence why it cannot start.
        """
        settings = self._settings
        configure_logs(level=settings.log.level, fmt=settings.log.format, keep=self._troubles.keep)
        make_data_dir(settings.data_dir)
        await self._open_database()
        await self._open_services()
        await self._reloader.start()
        listener = Listener(self._application(), _limits(settings))
        await listener.open()
        self._closing.append(partial(listener.stop, 0))
        self.port, self._probes.ready = settings.server.port, True
        return await listener.answer(request(self._own_address()), host=settings.server.host, port=self.port)

    def reload(self, why: str) -> None:
        """Have the configuration file read again, without waiting for it; not while the process starts or stops."""
        if self._probes.ready:
            self._tasks.start(self._reloader.reload(why), name="read the configuration again")

    async def stop(self) -> None:
        """Take no more calls, let running ones finish for the drain time, then close everything."""
        self._probes.ready = False
        while self._closing:
            await self._closing.pop()()

    @property
    def running_calls(self) -> int:
        """How many calls to models are under way."""
        return len(self._relay) if self.address else 0

    def hurry(self) -> None:
        """End the running calls now instead of letting them finish; while it starts there are none."""
        if self.address:
            self._relay.end_all()

    async def _open_database(self) -> None:
        settings = self._settings.database
        self._database = await Database.open(self._settings.database_url, pgbouncer=settings.pgbouncer)
        self._closing.append(self._database.close)
        automatic = self._database.dialect == "sqlite" or settings.auto_migrate
        await migrate(self._database, clock=self._clock, automatic=automatic)
        self._closing.append(self._tasks.close)  # before the database: what runs in the background uses it

    async def _open_services(self) -> None:
        settings, database, clock = self._settings, self._database, self._clock
        self._registry = Registry(database)
        peppers = load_peppers(settings, environment=self._environment)
        uses = self._writer(self._write_uses, "key uses")
        self._ring = KeyRing(
            database, peppers, note_use=uses.put, refused=lambda reason: self._metrics.key_refusals.add((reason,))
        )
        self._keys = KeyService(database, peppers, clock, self._ring)
        self._vault = make_vault(settings, database, environment=self._environment, clock=clock)
        echo = await self._open_echo() if settings.demo else None
        started = self._configuration.settings
        live = self._live = Live(started, running=settings, own_networks=[echo.network] if echo else [])
        egress = Egress(live.policy, connect_timeout_s=settings.timeouts.connect_s)
        live.on_change(lambda _: egress.adopt(live.policy))
        live.on_change(self._adopt)
        self._transport = SessionTransport(egress.session)
        self._closing.append(self._transport.close)
        self._service = RegistryService(database, self._registry, clock, secrets=self._vault, judge_url=live.judge)
        self._checking = make_checking(
            self._transport,
            egress=egress,
            registry=self._registry,
            credentials=self._service.credentials,
            vault=self._vault,
            clock=clock,
            tasks=self._tasks,
            settings=lambda: live.settings,
            port=lambda: self.port,
            instance=self._instance,
        )
        await self._service.ensure_default()
        await self._ring.reload()
        if echo is not None:
            await publish_echo(self._service, self._registry, echo.base_url)
        self._reloader = make_reloader(
            live,
            clock,
            self._metrics,
            configuration=self._configuration,
            reread=self._reread,
            reconciler=make_reconciler(database, self._service, clock, self._ring, configuration=self._configuration),
        )

    def _adopt(self, settings: Settings) -> None:
        """Follow a change of settings in what hangs on this process as a whole."""
        if settings.log.level != self._settings.log.level:
            configure_logs(level=settings.log.level, fmt=settings.log.format, keep=self._troubles.keep)
        self._settings = settings

    async def _open_echo(self) -> EchoServer:
        echo = EchoServer()
        await echo.start()
        self._closing.append(echo.stop)
        return echo

    async def _ensure_key(self) -> None:
        """Make the first key when nothing can fail any more: a start that failed would take it along, unseen."""
        self.admin_key = await self._keys.ensure_admin_key()
        if not self._settings.loopback:
            self._ring.require_usable(self._clock.now_ms())

    def _application(self) -> web.Application:
        server = self._settings.server
        mount = server.mount
        local = anonymous_local() if self._settings.keyless else None
        identity = Identity(self._ring, self._clock.now_ms, local=local, cors_origins=server.cors_origins)
        hosts = Hosts(server)
        self._live.on_change(lambda now: hosts.adopt(now.server))
        self._live.on_change(lambda now: identity.adopt(now.server.cors_origins))

        async def identify(request: web.Request) -> None:
            request[REQUEST_ID] = request_id(request.headers)
            request[ORIGIN], request[PEER] = hosts.admit(request)
            if (principal := identity.of(request)) is not None:
                request[PRINCIPAL] = principal

        app = web.Application(
            middlewares=[
                report_middleware(
                    self._metrics,
                    problems_below=(f"{mount}api/", f"{mount}-/", f"{mount}metrics"),
                    help_page=f"{mount}api/{ERRORS_PAGE}" if self._settings.role == "server" else None,
                ),
                host_middleware(hosts),
                identity_middleware(identity, frozenset({f"{mount}-/healthy", f"{mount}-/ready"})),
            ],
        )
        if server.cors_origins:
            origins = list(server.cors_origins)
            self._live.on_change(lambda now: operator.setitem(origins, slice(None), now.server.cors_origins))
            app.middlewares.insert(1, cors_middleware(origins, management_prefix=f"{mount}api/"))
            app.on_response_prepare.append(allow_origin(origins, management_prefix=f"{mount}api/"))
        register(app, self._probes, prefix=mount.rstrip("/"))
        if self._settings.role == "server":
            self._register_management(app, mount)
        self._data_plane().register(app, at_root=self._settings.role == "gateway", identify=identify)
        return app

    def _register_management(self, app: web.Application, mount: str) -> None:
        describe = partial(_describe, mount)
        register(app, OpenApiRoutes(describe), prefix=f"{mount}api")

        def origin_of(request: web.Request) -> str:
            return request[ORIGIN] + mount

        checking = self._checking
        register(
            app,
            *registry_routes(self._service, origin_of, gate=checking.gate, book=checking.book),
            checking.routes(origin_of),
            KeyRoutes(self._keys, self._clock),
            UsageRoutes(UsageService(self._database, self._clock)),
            SettingsRoutes(self._in_force, hot=self._live.is_hot),
            StatusRoutes(self._reloader),
            ErrorRoutes(self._troubles),
            prefix=f"{mount}api/v1",
        )
        if self._settings.server.reload_endpoint:
            register(app, ReloadRoutes(self._reloader), prefix=mount.rstrip("/"))

    def _in_force(self) -> Configuration:
        """Return the configuration with the settings that really run: some wait for a restart."""
        return replace(self._reloader.configuration, settings=self._live.settings)

    def _data_plane(self) -> DataPlane:
        settings = self._settings
        store = ObjectStore(self._database)
        objects = StoredObjects(store, self._writer(store.add, "stored objects"), self._registry, self._clock)
        usage = self._writer(self._write_usage, "usage")
        self._metrics.read_at_scrape("modelport_usage_rows_waiting", "Usage rows that wait.", lambda: len(usage))
        self._metrics.count_at_scrape("modelport_usage_rows_lost", "Usage rows not written.", lambda: usage.lost)
        as_json = wants_json(settings.log.format, sys.stderr)
        log = AccessLog(
            self._tasks, as_json=as_json, lost=self._metrics.log_lines_lost.add, written=self._troubles.keep_calls
        )
        log.start()
        self._closing.append(log.flush)
        account = Account(self._metrics, usage.put, objects, self._clock, log=log if settings.log.requests else None)
        self._live.on_change(lambda now: account.write_lines(log if now.log.requests else None))
        balancer = Balancer(self._clock.monotonic, random.random)
        self._registry.on_change(lambda now, _: balancer.retain(now.endpoints))
        self._registry.on_change(self._drop_idle)
        dispatcher = Dispatcher(
            self._transport, self._vault, balancer, settings.timeouts, retried=account.attempt_given_up
        )
        streams = settings.streams
        keepalive_s = streams.keepalive_s if streams.keepalive else None
        relay = self._relay = Relay(dispatcher, settings.timeouts, made=account.object_made, keepalive_s=keepalive_s)
        read_on = ReadOn(self._tasks, default_ms=settings.usage.drain_for_usage_ms)
        self._closing.append(read_on.end)
        self._live.on_change(lambda now: relay.adopt(now.timeouts))
        plane = DataPlane(
            self._registry,
            Intake(self._registry, objects, settings.server, instance=self._instance),
            relay,
            account,
            read_on=read_on,
            server=settings.server,
        )
        self._live.on_change(lambda now: plane.adopt(now.server))
        return plane

    def _drop_idle(self, _now: Snapshot, closed: tuple[EndpointRoute, ...]) -> None:
        for endpoint in closed:
            self._transport.drop_idle(endpoint.base_url)

    async def _listen(self, app: web.Application) -> None:
        server = self._settings.server
        listener = Listener(app, _limits(self._settings))
        self._live.on_change(lambda now: listener.adopt(_limits(now)))
        self.port = await listener.start(server.host, server.port, sock=self._sock)
        self._metrics.read_at_scrape("modelport_connections", "Open connections.", lambda: listener.connections)
        self._closing.append(partial(self._drain, listener))
        self.address = self._own_address()

    def _own_address(self) -> str:
        server = self._settings.server
        return f"{server.public_origin or f'http://{shown_host(server.host)}:{self.port}'}{server.mount}"

    async def _drain(self, listener: Listener) -> None:
        """Let running calls finish; those that do not are ended with an error event (PRX-40)."""
        drain_s = self._settings.timeouts.drain_s
        timer = asyncio.get_running_loop().call_later(drain_s, self.hurry)
        await listener.stop(drain_s + _CUT_GRACE_S)
        timer.cancel()

    def _writer(self, write: Callable[[Sequence[Any]], Coroutine[Any, Any, None]], name: str) -> BatchWriter[Any]:
        writer: BatchWriter[Any] = BatchWriter(write, name=name, tasks=self._tasks)
        self._closing.append(writer.drain)
        return writer

    async def _sweep(self) -> None:
        now_ms, kept = self._clock.now_ms(), self._settings.usage
        await Retention(self._database, call_days=kept.call_days).sweep(now_ms)
        await ObjectStore(self._database).sweep(now_ms - kept.object_days * DAY_MS)

    async def _write_usage(self, rows: Sequence[UsageRecord]) -> None:
        async with self._database.write() as conn:
            await add_usage(conn, rows)

    async def _write_uses(self, rows: Sequence[KeyUse]) -> None:
        async with self._database.write() as conn:
            await note_uses(conn, rows)


def _limits(settings: Settings) -> ListenerLimits:
    server = settings.server
    return ListenerLimits(
        header_timeout_s=server.header_timeout_s,
        keepalive_timeout_s=server.keepalive_timeout_s,
        max_connections=server.max_connections,
        max_connections_per_ip=server.max_connections_per_ip,
        slow_client_s=settings.timeouts.slow_client_s,
    )


def _describe(mount: str, operations: list[Operation]) -> dict[str, Any]:
    """Return the API's description; its paths count from the mount."""
    return document(
        [replace(one, path=one.path[len(mount) - 1 :]) for one in operations],
        title="modelport",
        version=__version__,
        description=_DESCRIPTION,
        server_url=mount,
        extra_paths=data_plane_paths(),
        extra_components=COMPONENTS,
    )
