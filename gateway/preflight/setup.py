"""The parts of this package put together for the composition root."""

import socket
from collections.abc import Callable

from msgspec import Struct
from yarl import URL

from gateway.preflight.address import Surroundings, is_this_process
from gateway.preflight.afterwards import Afterwards, Place
from gateway.preflight.asking import Asker
from gateway.preflight.books import Books
from gateway.preflight.rounds import HealthRounds
from gateway.preflight.routes import PreflightRoutes
from gateway.preflight.service import Preflight
from gateway.preflight.wishes import Wishes
from gateway.registry.health import HealthBook, HealthState, together
from gateway.registry.registry import Registry
from gateway.registry.routes.origin import OriginOf
from gateway.registry.service.credential import Credentials
from gateway.registry.snapshot import ModelRoute
from gateway.settings import Settings
from gateway.storage.clock import Clock
from gateway.tasks import Tasks
from gateway.upstream.egress import Egress
from gateway.upstream.transport import Transport
from gateway.usage.model import UsageRecord
from gateway.vault.vault import Vault

_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not bound to
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Checking(Struct, frozen=True):
    """What the composition root needs of checks: the gate of registrations, the book of health and its rounds."""

    preflight: Preflight
    gate: Wishes
    book: HealthBook
    rounds: HealthRounds
    afterwards: Afterwards
    tasks: Tasks
    settings: Callable[[], Settings]

    def follow(self, places: tuple[Place, ...]) -> None:
        """Check in the background what a configuration file has brought about."""
        self.tasks.start(self.afterwards.check(places), name="check the endpoints of the configuration file")

    def routes(self, origin_of: OriginOf) -> PreflightRoutes:
        """Return the routes of checks."""
        return PreflightRoutes(self.preflight, self.gate, self.afterwards.note, origin_of)

    def is_down(self, model: ModelRoute) -> bool:
        """Whether the model is left out of the data plane's list: none of its endpoints is well, and that hides it."""
        if not self.settings().health.hide_unhealthy:
            return False
        each = [self.book.of(one.id, str(one.base_url)) for one in model.endpoints if one.enabled]
        return together(each).state is HealthState.UNHEALTHY


def make_checking(  # noqa: PLR0913 - keyword-only, from the composition root
    transport: Transport,
    *,
    egress: Egress,
    registry: Registry,
    credentials: Credentials,
    vault: Vault,
    clock: Clock,
    tasks: Tasks,
    settings: Callable[[], Settings],
    port: Callable[[], int],
    instance: str,
    usage: Callable[[UsageRecord], object],
) -> Checking:
    """Return the parts; `settings` gives those in force, `port` the one that this process listens on.

    `usage` takes a row for each trial call.
    """
    asker, book = Asker(transport, via=f"1.1 modelport-{instance}"), HealthBook()
    preflight = Preflight(
        asker,
        egress=egress,
        registry=registry,
        clock=clock,
        own=lambda: (own_hosts(settings().server.host), port()),
        allow_insecure_http=lambda: settings().egress.allow_insecure_http,
        books=Books(usage, registry, clock),
    )
    rounds = HealthRounds(
        asker,
        egress=egress,
        registry=registry,
        vault=vault,
        book=book,
        clock=clock,
        tasks=tasks,
        interval_s=lambda: _interval_s(settings()),
    )
    wishes = Wishes(preflight, registry, credentials, vault)
    afterwards = Afterwards(
        preflight,
        wishes,
        registry,
        book,
        clock,
        server=lambda: f"http://localhost:{port() or settings().server.port or 1}",
    )
    return Checking(preflight, wishes, book, rounds, afterwards, tasks, settings)


def _interval_s(settings: Settings) -> float:
    """Return how often endpoints are looked at: in a gateway only when that has an effect there."""
    needed = settings.role == "server" or settings.health.hide_unhealthy
    return settings.health.interval_s if needed else 0


def is_here(url: URL, settings: Settings, *, port: int) -> bool:
    """Whether a URL leads to this process, judged by what is written; names are not looked up.

    >>> [is_here(URL(f"http://{host}/v1"), Settings(), port=3000) for host in ("127.0.0.1:3000", "localhost:8000")]
    [True, False]
    """
    around = Surroundings(server="", own_port=port, own_hosts=own_hosts(settings.server.host))
    return is_this_process(url, [url.host or ""], around)


def own_hosts(host: str) -> frozenset[str]:
    """Return the names and addresses under which a process is reached that listens on this one.

    >>> sorted(own_hosts("127.0.0.1"))
    ['127.0.0.1', '::1', 'localhost']
    """
    if host in _EVERYWHERE:
        return _LOOPBACK | {socket.gethostname()}
    return _LOOPBACK if host in _LOOPBACK else frozenset({host})
