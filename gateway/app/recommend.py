"""Recommendations of one process; nothing of them is loaded before somebody asks."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.audit.trail import Trail
from gateway.catalogue.recommend.routes import RecommendRoutes
from gateway.catalogue.service import CatalogueService
from gateway.settings import CatalogueSettings
from gateway.storage.clock import Clock
from gateway.storage.engine import Database
from gateway.vault.vault import Vault

if TYPE_CHECKING:
    from gateway.catalogue.recommend.rules_file import RulesFile
    from gateway.catalogue.recommend.service import RecommendService


class Recommending:
    """Makes the service at the first question. `rules` gives the hub's file, `settings` those in force."""

    def __init__(  # noqa: PLR0913 - keyword-only, all of it from the composition root
        self,
        *,
        database: Database,
        clock: Clock,
        trail: Trail,
        vault: Vault,
        catalogue: CatalogueService,
        rules: "Callable[[], RulesFile]",
        settings: Callable[[], CatalogueSettings],
    ) -> None:
        self._database = database
        self._clock = clock
        self._trail = trail
        self._vault = vault
        self._catalogue = catalogue
        self._rules = rules
        self._settings = settings
        self._service: RecommendService | None = None

    def routes(self) -> RecommendRoutes:
        """Return what the API has of it."""
        return RecommendRoutes(self.service)

    def service(self) -> "RecommendService":
        """Return the service."""
        if self._service is None:
            # Inner imports: see the module.
            from gateway.catalogue.experiments.secret import InstallSecret
            from gateway.catalogue.experiments.showing import Experiments
            from gateway.catalogue.recommend.service import RecommendService

            self._service = RecommendService(
                database=self._database,
                clock=self._clock,
                trail=self._trail,
                catalogue=self._catalogue,
                experiments=Experiments(self._database, InstallSecret(self._database, self._vault)),
                rules=self._rules(),
                settings=self._settings,
            )
        return self._service

    async def sweep(self) -> None:
        """Delete what was counted of experiments that are long gone, where anything was asked since the start."""
        if self._service is not None:
            await self._service.sweep()
