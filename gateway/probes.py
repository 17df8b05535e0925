"""`/-/healthy`, `/-/ready` and `/metrics`: may this process live, should it get calls, what does it count.

Healthy is answered as long as the loop runs. Ready turns false the moment the process is told to stop, so that a load
balancer sends nothing more while running calls end (PRX-40). None of them asks the database: a call does not either.
"""

from aiohttp import web

from gateway.api.operation import Content, answer, operation
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL
from gateway.described import Described
from gateway.errors import PermissionDenied
from gateway.observe.metrics import Metrics, metrics_response


class Health(Described):
    """What a probe says."""

    status: str


class Probes:
    """The probes and the numbers. `ready` is switched by the composition root."""

    def __init__(self, metrics: Metrics) -> None:
        self.ready = False
        self._metrics = metrics

    @operation("GET", "/-/healthy", public=True, answers={200: Health}, tag="about", summary="Does the process live")
    async def get_healthy(self, request: web.Request) -> web.StreamResponse:
        """Answer 200 while the event loop runs."""
        del request
        return answer(Health(status="ok"))

    @operation(
        "GET",
        "/-/ready",
        public=True,
        answers={200: Health, 503: Health},
        tag="about",
        summary="May calls be sent here",
    )
    async def get_ready(self, request: web.Request) -> web.StreamResponse:
        """Answer 200 when calls may be sent here, 503 while the process starts or stops."""
        del request
        return answer(Health(status="ready")) if self.ready else answer(Health(status="not ready"), status=503)

    @operation(
        "GET",
        "/metrics",
        permission=Permission.REGISTRY_READ,
        answers={200: Content("text/plain")},
        tag="about",
        summary="Numbers for Prometheus",
    )
    async def get_metrics(self, request: web.Request) -> web.StreamResponse:
        """Every series of this process in Prometheus' text form, with names of every team's models."""
        if request[PRINCIPAL].team is not None:
            raise PermissionDenied(
                "these numbers are of every team, and this key is bound to one",
                hint="make a key for it: modelport keys create prometheus --role viewer --team all",
            )
        return await metrics_response(self._metrics)
