"""The composition root: every object is made once, here, and handed down by constructor.

Read it from the top to learn what the product consists of; nothing else in the program knows all of it.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from aiohttp import web

from gateway import __version__
from gateway.access.account import Account
from gateway.access.dispatch import Dispatcher
from gateway.access.intake import Intake
from gateway.access.relay import Relay
from gateway.access.routes import DataPlane
from gateway.api.operation import register
from gateway.api.request import ORIGIN
from gateway.demo import EchoServer, publish_echo
from gateway.errors import ConfigError, GatewayError
from gateway.keys.local import anonymous_local
from gateway.keys.ring import KeyRing
from gateway.keys.routes import KeyRoutes
from gateway.keys.service import KeyService
from gateway.middleware.host import Hosts, host_middleware
from gateway.middleware.identity import Identity, identity_middleware
from gateway.middleware.report import dress, report_middleware
from gateway.observe.access_log import AccessLog
from gateway.observe.logs import configure_logs, wants_json
from gateway.observe.metrics import Metrics
from gateway.probes import Probes
from gateway.registry.objects import ObjectStore, StoredObjects
from gateway.registry.registry import Registry
from gateway.registry.routes import registry_routes
from gateway.registry.service.registry_service import RegistryService
from gateway.settings import Settings
from gateway.storage.clock import SystemClock
from gateway.storage.engine import Database
from gateway.storage.migrate import migrate
from gateway.tasks import Tasks
from gateway.upstream.egress import Egress, EgressPolicy
from gateway.upstream.session_transport import SessionTransport
from gateway.vault.secret import Secret
from gateway.vault.setup import load_peppers, make_vault

POLL_S = 1.0
"""How often another process' changes are looked for (LIF-6)."""


class Modelport:
    """One process of the product, server or gateway by its settings."""

    def __init__(self, settings: Settings, *, environment: Mapping[str, str]) -> None:
        self._settings = settings
        self._environment = environment
        self._clock = SystemClock()
        self._tasks = Tasks()
        self._metrics = Metrics(version=__version__)
        self._probes = Probes()
        self._closing: list[Callable[[], Coroutine[Any, Any, object]]] = []
        self.admin_key: Secret | None = None
        self.address = ""

    async def start(self) -> None:
        """Open the database, read the registry, listen; `address` and `admin_key` are known afterwards.

        Raises:
            ConfigError: one sentence why it cannot start.
        """
        settings = self._settings
        configure_logs(level=settings.log.level, fmt=settings.log.format)
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._database = await Database.open(settings.database_url, pgbouncer=settings.database.pgbouncer)
        self._closing.append(self._database.close)
        await migrate(
            self._database,
            clock=self._clock,
            automatic=self._database.dialect == "sqlite" or settings.database.auto_migrate,
        )
        await self._start_services()
        app = self._application()
        await self._listen(app)
        self._tasks.start(self._watch(), name="watch for changes of other processes")
        self._probes.ready = True

    async def stop(self) -> None:
        """Take no more calls, let running ones finish for the drain time, then close everything."""
        self._probes.ready = False
        while self._closing:
            await self._closing.pop()()
        await self._tasks.close()

    def greeting(self) -> list[str]:
        """Return what a person needs to know first, in at most eight lines."""
        settings = self._settings
        lines = [f"modelport {__version__} ({settings.role})  {self.address}"]
        if settings.role == "server":
            lines.append(f"  API       {self.address}api/v1       docs {self.address}api/docs")
        lines.append(f"  base_url  {self.address}access/models/default/")
        if self.admin_key is not None:
            lines.append(f"  admin key {self.admin_key.reveal()}  (shown this once: export MODELPORT_KEY=…)")
        if settings.demo:
            lines.append("  model     echo, built in: it repeats what it is told. Try it:")
            lines.append(
                f"curl -N {self.address}v1/chat/completions -H 'Content-Type: application/json' "
                """-d '{"model":"echo","stream":true,"messages":[{"role":"user","content":"good morning"}]}'"""
            )
        else:
            lines.append("  Try: modelport models add NAME --endpoint http://localhost:8000/v1")
        return lines

    async def _start_services(self) -> None:
        settings, database, clock = self._settings, self._database, self._clock
        self._registry = Registry(database)
        peppers = load_peppers(settings, environment=self._environment)
        self._ring = KeyRing(database, peppers, note_use=lambda _use: None)
        self._keys = KeyService(database, peppers, clock, self._ring)
        self._vault = make_vault(settings, database, environment=self._environment, clock=clock)
        policy = EgressPolicy(
            settings.egress.profile,
            allow_networks=settings.egress.allow_networks,
            allow_hosts=settings.egress.allow_hosts,
        )
        egress = Egress(policy, connect_timeout_s=settings.timeouts.connect_s)
        self._transport = SessionTransport(egress.session)
        self._closing.append(self._transport.close)
        self._service = RegistryService(database, self._registry, clock, secrets=self._vault, judge_url=policy.judge)
        await self._service.ensure_default()
        await self._ring.reload()
        self.admin_key = await self._keys.ensure_admin_key()
        if settings.demo:
            echo = EchoServer()
            await echo.start()
            self._closing.append(echo.stop)
            await publish_echo(self._service, self._registry, echo.base_url)

    def _application(self) -> web.Application:
        settings = self._settings
        mount = settings.server.mount
        identity = Identity(
            self._ring,
            self._clock.now_ms,
            local=anonymous_local() if settings.loopback and settings.server.open_to_localhost else None,
            cors_origins=settings.server.cors_origins,
        )
        app = web.Application(
            client_max_size=settings.server.max_body_bytes,
            middlewares=[
                report_middleware(self._metrics, management_prefix=f"{mount}api/"),
                host_middleware(Hosts(settings.server)),
                identity_middleware(identity, frozenset({f"{mount}-/healthy", f"{mount}-/ready"})),
            ],
        )
        app.on_response_prepare.append(dress)
        self._probes.register(app, mount)
        if settings.role == "server":
            register(
                app,
                *registry_routes(self._service, lambda request: request[ORIGIN] + mount),
                KeyRoutes(self._keys, self._clock),
                prefix=f"{mount}api/v1",
            )
        self._data_plane().register(app, at_root=settings.role == "gateway")
        return app

    def _data_plane(self) -> DataPlane:
        settings = self._settings
        objects = StoredObjects(ObjectStore(self._database), _Nowhere(), self._registry, self._clock)
        dispatcher = Dispatcher(self._transport, self._vault, settings.timeouts)
        log = None
        if settings.log.requests:
            log = AccessLog(self._tasks, as_json=wants_json(settings.log.format, __import__("sys").stderr))
            log.start()
        return DataPlane(
            self._registry,
            Intake(self._registry, objects, settings.server),
            Relay(dispatcher, settings.timeouts),
            Account(self._metrics, self._clock, log=log),
            mount=settings.server.mount,
        )

    async def _listen(self, app: web.Application) -> None:
        server = self._settings.server
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, auto_decompress=False)
        await runner.setup()
        self._closing.append(runner.cleanup)
        site = web.TCPSite(runner, server.host, server.port)
        try:
            await site.start()
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {server.host}:{server.port}: {error.strerror}",
                hint="another program may have the port: find it with `ss -ltnp`, or choose another with --port",
            ) from error
        host = "localhost" if server.host in {"127.0.0.1", "::1"} else server.host
        self.address = f"http://{host}:{site.port}{server.mount}"

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(POLL_S)
            try:
                await self._registry.poll()
                await self._ring.poll()
            except GatewayError:
                continue


class _Nowhere:
    def put(self, _row: object, /) -> bool:
        return True
