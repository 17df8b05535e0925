"""Many models at once, and what is due by itself, for one process."""

from gateway.app.work import Work
from gateway.audit.trail import Trail
from gateway.declared.hot import Live
from gateway.lifecycle.bulk import DELETE_MODELS, Bulk
from gateway.lifecycle.bulk_routes import BulkRoutes
from gateway.lifecycle.impact import Watch
from gateway.lifecycle.mass import PURGE_MODELS, MassService
from gateway.lifecycle.mass_delete import MassDelete
from gateway.lifecycle.service import LifecycleService
from gateway.lifecycle.settle import Settling
from gateway.lifecycle.sunset import LOOK_S, Janitor
from gateway.observe.metrics import Metrics
from gateway.registry.service.change import Changes
from gateway.settings import LifecycleSettings
from gateway.storage.clock import Clock
from gateway.storage.engine import Database
from gateway.tasks import Tasks


class Many:
    """`janitor` retires and purges what is due."""

    def __init__(  # noqa: PLR0913 - keyword-only from the fourth on
        self,
        database: Database,
        changes: Changes,
        clock: Clock,
        *,
        live: Live,
        trail: Trail,
        work: Work,
        watch: Watch,
        lifecycle: LifecycleService,
    ) -> None:
        def rules() -> LifecycleSettings:
            return live.settings.lifecycle

        self._work = work
        operations = work.operations
        self._bulk = Bulk(changes, clock, trail=trail, watch=watch, rules=rules, operations=operations)
        self.mass = MassService(changes, clock, trail=trail, rules=rules, operations=operations, nudge=operations.nudge)
        self._purging = lifecycle.purging
        settling = Settling(changes, work.heartbeat, operations)
        self._deleting = MassDelete(changes, watch=watch, rules=rules, settling=settling, operations=operations)
        self.janitor = Janitor(
            database,
            changes,
            clock,
            retirement=lifecycle.retirement,
            operations=operations,
            owner=work.heartbeat.worker,
        )

    def routes(self) -> BulkRoutes:
        """Return what the API has of it."""
        return BulkRoutes(self._bulk, self.mass)

    def begin(self, tasks: Tasks, metrics: Metrics) -> None:
        """Carry out what is begun anywhere, and look for what is due."""
        self._work.runner.register(DELETE_MODELS, self._deleting, attempts=None)
        self._work.runner.register(PURGE_MODELS, self._purging)
        metrics.read_at_scrape(
            "modelport_models_overdue",
            "Models whose sunset has come and that something keeps.",
            lambda: self.janitor.overdue,
        )
        tasks.repeat(self.janitor.step, every_s=LOOK_S, name="look for models whose time has come")
