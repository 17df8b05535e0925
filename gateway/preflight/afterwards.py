"""The check of endpoints that a configuration file declares: after they are in force, in the background, once.

A start or a reload does not wait for it and does not fail by it (the upstream may be away); what fails is told in the
log, and stands in `health` and `last_error`. A server that loads a model when it is called is not called.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final

from gateway.api.permissions import ROLES, Role
from gateway.api.principal import Principal
from gateway.errors import GatewayError, RateLimited
from gateway.preflight.existence import loads_on_call
from gateway.preflight.run import Level, Wish
from gateway.preflight.service import Preflight
from gateway.preflight.wishes import Wishes
from gateway.registry.health import Health, HealthBook, HealthState
from gateway.registry.registry import Registry
from gateway.registry.snapshot import EndpointRoute, ModelRoute
from gateway.registry.verdict import EndpointReport, StageView, Verdict
from gateway.storage.clock import Clock

Place = tuple[str, str, str]
"""Team, model and address of an endpoint."""

_AT_ONCE: Final = 4
_AGAIN_S: Final = 5.0  # after others have taken all turns
_WHO: Final = Principal(None, "configuration file", Role.ADMIN, ROLES[Role.ADMIN])
logger = logging.getLogger("modelport.preflight")


class Afterwards:
    """Checks declared endpoints. `server` gives the URL of this server."""

    def __init__(  # noqa: PLR0913, PLR0917 - from the composition root
        self,
        preflight: Preflight,
        wishes: Wishes,
        registry: Registry,
        book: HealthBook,
        clock: Clock,
        server: Callable[[], str],
    ) -> None:
        self._preflight = preflight
        self._wishes = wishes
        self._registry = registry
        self._book = book
        self._clock = clock
        self._server = server

    async def check(self, places: Iterable[Place]) -> None:
        """Check the endpoints that are still there and switched on; note and tell what was found."""
        wanted = set(places)
        gate = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._one(*found, gate) for place in sorted(wanted) for found in self._find(place)))

    def _find(self, place: Place) -> list[tuple[ModelRoute, EndpointRoute]]:
        team, name, address = place
        model = self._registry.snapshot.find(team, name)
        found = () if model is None else model.endpoints
        return [(model, one) for one in found if model and one.enabled and str(one.base_url) == address]

    def note(self, report: EndpointReport) -> None:
        """Note what a check of a registered endpoint found as its health."""
        if report.endpoint is not None:
            self._book.note(report.endpoint, report.base_url, report.stages, now_ms=self._clock.now_ms())

    async def _one(self, model: ModelRoute, endpoint: EndpointRoute, gate: asyncio.Semaphore) -> None:
        async with gate:
            try:
                wish = await self._wishes.registered(model, endpoint)
            except GatewayError as error:
                health = Health(HealthState.UNHEALTHY, error.message, self._clock.now_ms())
                self._book.put(endpoint.id, str(endpoint.base_url), health)
                _warn(model, endpoint, error.message, error.hint)
                return
            report = await self._run(wish, "existence")
            if report.verdict is not Verdict.FAIL and not loads_on_call(report.stages):
                report = await self._run(wish, "trial")
        self.note(report)
        if (failed := _failed(report)) is not None:
            _warn(model, endpoint, failed.message, failed.hint)

    async def _run(self, wish: Wish, level: Level) -> EndpointReport:
        while True:
            try:
                found = await self._preflight.run(_WHO, [wish], level=level, server=self._server())
            except RateLimited:
                await asyncio.sleep(_AGAIN_S)
            else:
                return found.endpoints[0]


def _failed(report: EndpointReport) -> StageView | None:
    return next((one for one in report.stages if one.verdict is Verdict.FAIL), None)


def _warn(model: ModelRoute, endpoint: EndpointRoute, message: str, hint: str | None) -> None:
    told = f"{message}; {hint}" if hint else message
    logger.warning(
        "the model %r of the configuration file would not work at %s: %s (modelport check %s --live)",
        model.name, endpoint.base_url, told, model.name,
    )  # fmt: skip
