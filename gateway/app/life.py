"""How models of this installation leave and come back, for one process."""

from gateway.app.work import Work
from gateway.audit.trail import Trail
from gateway.declared.hot import Live
from gateway.lifecycle.impact import Neighbours, Watch
from gateway.lifecycle.service import LifecycleService
from gateway.lifecycle.withdrawal import Withdrawal
from gateway.registry.service.registry_service import RegistryService
from gateway.storage.clock import Clock


def make_lifecycle(live: Live, service: RegistryService, clock: Clock, *, trail: Trail, work: Work) -> LifecycleService:
    """Return what deletes and restores models, by the settings in force."""
    return LifecycleService(
        service.changes,
        clock,
        trail=trail,
        watch=make_watch(work),
        rules=lambda: live.settings.lifecycle,
        operations=work.operations,
    )


def make_withdrawal(live: Live, work: Work) -> Withdrawal:
    """Return how a file's models leave and come back."""
    return Withdrawal(watch=make_watch(work), rules=lambda: live.settings.lifecycle, operations=work.operations)


def make_watch(work: Work) -> Watch:
    """Return what counts calls under way, here and elsewhere."""
    neighbours = Neighbours(work.heartbeat.worker, dead_after_s=work.heartbeat.dead_after_s)
    return Watch(work.running_of, neighbours)
