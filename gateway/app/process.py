"""One process of the product: how it starts, follows its configuration, and ends."""

import asyncio
import gc
import socket
from collections.abc import Callable, Mapping
from functools import partial

from aiohttp import web

from gateway.access.relay import Relay
from gateway.app.calls import make_data_plane
from gateway.app.front import make_application
from gateway.app.ground import Ground
from gateway.catalogue.making import Making
from gateway.configuration.loading import Configuration
from gateway.declared.setup import own_address
from gateway.declared.watch import LOOK_S
from gateway.lifecycle.give_up import GIVE_UP, GiveUp
from gateway.listener.limits import ListenerLimits
from gateway.listener.listener import Listener
from gateway.preflight.rounds import LOOK_S as HEALTH_LOOK_S
from gateway.probes import Probes
from gateway.settings import Settings, shown_host
from gateway.vault.secret import Secret

POLL_S = 1.0
"""How often another process' changes are looked for (LIF-6)."""
SWEEP_S = 3600.0
"""How often usage and places of objects that are too old are deleted."""
GC_THRESHOLDS = (100_000, 50, 100)
"""A young collection after so many allocations: the default's 700 costs a tenth of the CPU (measured)."""
_CUT_GRACE_S = 2.0
"""What calls that were ended by the drain may take to say so."""


class Modelport:
    """One process, server or gateway by its settings."""

    _relay: Relay

    def __init__(
        self,
        settings: Settings,
        *,
        environment: Mapping[str, str],
        sock: socket.socket | None = None,
        configuration: Configuration | None = None,
        reread: Callable[[], Configuration] | None = None,
    ) -> None:
        self.ground = Ground(
            settings,
            configuration=configuration or Configuration(settings),
            environment=environment,
            reread=reread,
        )
        self._sock = sock  # a listening one that somebody else opened, at the address in `settings`
        self._probes = Probes(self.ground.metrics)
        self.admin_key: Secret | None = None
        self.address = ""

    @property
    def port(self) -> int:
        """The port on which this process listens, 0 before it does."""
        return self.ground.port

    async def start(self) -> None:
        """Open the database, read the registry, listen; `address` and `admin_key` are known afterwards.

        Raises:
            ConfigError: one sentence why it cannot start.
        """
        await self.ground.open()
        await self.ground.work.begin(self._running_by_model, self.ground.metrics)
        await self._listen()
        await self._ensure_key()
        self._watch()
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        self._probes.ready = True

    async def answer(self, request: Callable[[str], bytes]) -> bytes:
        """Answer one request without listening: `request` is told the address and gives the bytes of the request.

        Nothing goes on in the background, and no first key is made: nobody would see it.

        Raises:
            ConfigError: one sentence why it cannot start.
        """
        await self.ground.open()
        server, listener = self.ground.settings.server, self._listener()
        await listener.open()
        self.ground.closing.append(partial(listener.stop, 0))
        self.ground.port, self._probes.ready = server.port, True
        return await listener.answer(request(self._own_address()), host=server.host, port=server.port)

    def reload(self, why: str) -> None:
        """Have the configuration file read again, without waiting for it; not while the process starts or stops."""
        if self._probes.ready:
            self.ground.tasks.start(self.ground.reloader.reload(why), name="read the configuration again")

    async def stop(self) -> None:
        """Take no more calls, let running ones finish for the drain time, then close everything."""
        self._probes.ready = False
        await self.ground.close()

    @property
    def running_calls(self) -> int:
        """How many calls to models are under way."""
        return len(self._relay) if self.address else 0

    def hurry(self) -> None:
        """End the running calls now instead of letting them finish; while it starts there are none."""
        if self.address:
            self._relay.end_all()

    def _running_by_model(self) -> Mapping[str, int]:
        return self._relay.running_by_model() if self.address else {}

    def _application(self) -> web.Application:
        plane, self._relay = make_data_plane(self.ground)
        return make_application(self.ground, self._probes, plane)

    def _listener(self) -> Listener:
        return Listener(self._application(), _limits(self.ground.settings))

    async def _listen(self) -> None:
        ground, server, listener = self.ground, self.ground.settings.server, self._listener()
        ground.live.on_change(lambda now: listener.adopt(_limits(now)))
        ground.port = await listener.start(server.host, server.port, sock=self._sock)
        ground.metrics.read_at_scrape("modelport_connections", "Open connections.", lambda: listener.connections)
        ground.closing.append(partial(self._drain, listener))
        self.address = self._own_address()

    def _own_address(self) -> str:
        server = self.ground.settings.server
        return f"{server.public_origin or f'http://{shown_host(server.host)}:{self.port}'}{server.mount}"

    async def _ensure_key(self) -> None:
        """Make the first key when nothing can fail any more: a start that failed would take it along, unseen."""
        ground = self.ground
        self.admin_key = await ground.keys.ensure_admin_key()
        if not ground.settings.loopback:
            ground.ring.require_usable(ground.clock.now_ms())

    def _watch(self) -> None:
        """Begin what goes on in the background, other than the writers."""
        ground, repeat = self.ground, self.ground.tasks.repeat
        repeat(ground.registry.poll, every_s=POLL_S, name="look for changes of the registry")
        repeat(ground.ring.poll, every_s=POLL_S, name="look for changes of keys")
        if ground.reloader.watches:
            repeat(ground.reloader.look, every_s=LOOK_S, name="look for changes of the configuration")
        repeat(ground.checking.rounds.step, every_s=HEALTH_LOOK_S, name="look at the health of endpoints")
        repeat(ground.sweep, every_s=SWEEP_S, name="delete what is too old")
        ground.record.watch(ground.tasks, ground.transport)
        ground.work.drain(ground.lifecycle.restoration, self._relay.end)
        ground.work.runner.register(
            GIVE_UP,
            GiveUp(
                ground.database,
                ground.transport,
                ground.vault,
                connect_timeout_s=ground.settings.timeouts.connect_s,
            ),
        )
        ground.many.begin(ground.tasks, ground.metrics)
        if ground.settings.role == "server":
            making = Making(ground.service.models, ground.checking.gate, own_address(ground.settings))
            ground.catalogue.begin(ground.work.runner, ground.metrics, making)
            ground.downloads.begin(ground.work.runner)

    async def _drain(self, listener: Listener) -> None:
        """Let running calls finish; those that do not are ended with an error event (PRX-40)."""
        self.ground.work.operations.hush()
        drain_s = self.ground.settings.timeouts.drain_s
        timer = asyncio.get_running_loop().call_later(drain_s, self.hurry)
        await listener.stop(drain_s + _CUT_GRACE_S)
        timer.cancel()


def _limits(settings: Settings) -> ListenerLimits:
    server = settings.server
    return ListenerLimits(
        header_timeout_s=server.header_timeout_s,
        keepalive_timeout_s=server.keepalive_timeout_s,
        max_connections=server.max_connections,
        max_connections_per_ip=server.max_connections_per_ip,
        slow_client_s=settings.timeouts.slow_client_s,
    )
