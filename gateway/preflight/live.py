"""Endpoints checked from the command line as a server started here would: without one, and without a database."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from msgspec import Struct, field

from gateway.api.permissions import ROLES, Role
from gateway.api.principal import Principal
from gateway.preflight.asking import Asker
from gateway.preflight.run import Level, Wish
from gateway.preflight.service import Preflight
from gateway.preflight.setup import own_hosts
from gateway.registry.snapshot import Snapshot
from gateway.registry.verdict import EndpointReport, StageView
from gateway.settings import Settings
from gateway.storage.clock import SystemClock
from gateway.upstream.egress import Egress
from gateway.upstream.policy import EgressPolicy
from gateway.upstream.session_transport import SessionTransport

_WHO = Principal(None, "command line", Role.ADMIN, ROLES[Role.ADMIN])


class _Nothing(Struct, frozen=True):
    """A registry without anything: what is compared with it is no duplicate."""

    snapshot: Snapshot = field(default_factory=Snapshot)


def check_each(
    wishes: Iterable[Wish], settings: Settings, *, tell: Callable[[int, StageView], Awaitable[None]], level: Level
) -> list[EndpointReport]:
    """Return what a check of each finds, one after the other; `tell` hears each stage with the wish's number."""

    async def run() -> list[EndpointReport]:
        egress = settings.egress
        policy = EgressPolicy(egress.profile, egress.allow_networks, egress.allow_hosts)
        way = Egress(policy, connect_timeout_s=settings.timeouts.connect_s)
        transport = SessionTransport(way.session)
        preflight = Preflight(
            Asker(transport, via="1.1 modelport-check"),
            egress=way,
            registry=_Nothing(),
            clock=SystemClock(),
            own=lambda: (own_hosts(settings.server.host), settings.server.port),
            allow_insecure_http=lambda: egress.allow_insecure_http,
        )
        server = f"http://localhost:{settings.server.port or 1}/"
        reports: list[EndpointReport] = []
        try:
            for number, wish in enumerate(wishes):

                async def told(_: Wish, found: StageView, number: int = number) -> None:
                    await tell(number, found)

                reports += (await preflight.run(_WHO, [wish], level=level, server=server, tell=told)).endpoints
        finally:
            await transport.close()
        return reports

    return asyncio.run(run())
