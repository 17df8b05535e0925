"""The parts of this package put together for the composition root."""

import socket
from collections.abc import Callable

from yarl import URL

from gateway.audit.trail import Trail
from gateway.configuration.loading import Configuration
from gateway.declared.batch import Withdrawal
from gateway.declared.hot import Live
from gateway.declared.reconcile import Reconciler
from gateway.declared.reload import RESULTS, Reloader, Result
from gateway.observe.metrics import Metrics
from gateway.observe.series import Counter
from gateway.registry.service.registry_service import RegistryService
from gateway.settings import Settings, shown_host
from gateway.storage.clock import Clock
from gateway.storage.engine import Database


def make_reconciler(  # noqa: PLR0913 - keyword-only where it matters, all of it from the composition root
    database: Database,
    service: RegistryService,
    clock: Clock,
    *,
    configuration: Configuration,
    withdrawal: Withdrawal,
    is_own: Callable[[URL], bool],
) -> Reconciler | None:
    """Return what brings declared objects about: in servers that have a file, never in the gateway role.

    `is_own` tells this server's own host and port however they are written, as the checks before a registration do.
    """
    settings, document = configuration.settings, configuration.document
    if settings.role != "server" or document is None:
        return None
    name = f"{socket.gethostname()}:{document.path.absolute()}"
    return Reconciler(
        database,
        service,
        clock,
        name=name,
        server=own_address(settings),
        withdrawal=withdrawal,
        is_own=is_own,
    )


def make_reloader(  # noqa: PLR0913 - keyword-only where it matters, all of it from the composition root
    live: Live,
    clock: Clock,
    metrics: Metrics,
    *,
    configuration: Configuration,
    reread: Callable[[], Configuration] | None,
    reconciler: Reconciler | None,
    changed: Callable[[tuple[tuple[str, str, str], ...]], object],
    trail: Trail,
) -> Reloader:
    """Return what reads the file again, with its numbers on /metrics; `changed` as the Reloader has it."""
    reloads = Counter("modelport_config_reloads", "Readings of the configuration file, by result.", ("result",))

    for known in RESULTS:
        reloads.add((known,), 0)

    def counted(result: Result) -> None:
        reloads.add((result,))

    reloader = Reloader(
        live,
        clock,
        configuration=configuration,
        reread=reread,
        reconciler=reconciler,
        counted=counted,
        changed=changed,
        note=trail.note,
    )
    metrics.add(reloads)
    metrics.read_at_scrape(
        "modelport_config_last_reload_successful",
        "1 when what the configuration file says is in force, 0 while the last good one is kept.",
        lambda: float(reloader.status.successful),
    )
    metrics.read_at_scrape(
        "modelport_config_last_reload_timestamp_seconds",
        "When the configuration in force was read.",
        lambda: reloader.status.loaded_at / 1000,
    )
    return reloader


def own_address(settings: Settings) -> str:
    """Return the address under which this server would call itself; a free port that is yet to be had is nobody's."""
    server = settings.server
    origin = server.public_origin or f"http://{shown_host(server.host)}:{server.port or 1}"
    return f"{origin}{server.mount}"
