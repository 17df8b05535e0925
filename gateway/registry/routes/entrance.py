"""What the routes of models and endpoints share: the gate before a registration, and the health in their answers."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from aiohttp import web

from gateway.api.idempotency import Once
from gateway.api.principal import PRINCIPAL
from gateway.registry.gate import Candidate, Gate, admit, authorise, rehearse
from gateway.registry.health import HealthBook
from gateway.registry.inputs import ChangeQuery, EndpointFields, EndpointPatch, RegisterQuery
from gateway.registry.offer import Offers
from gateway.registry.record import EndpointRecord
from gateway.registry.render import Told
from gateway.registry.routes.origin import OriginOf
from gateway.registry.verdict import PreflightView, Verdict

T = TypeVar("T")


def failed(found: PreflightView | None, number: int = 0) -> bool:
    """Whether an endpoint is registered although its check failed: then it lands switched off."""
    return found is not None and found.endpoints[number].verdict is Verdict.FAIL


_NOTHING = PreflightView(verdict=Verdict.SKIPPED, endpoints=(), notice="there was nothing to check")


def candidate(fields: EndpointFields, *, model: str, team: str | None, task: str | None = None) -> Candidate:
    """Return what is to be checked of an endpoint that comes in."""
    return Candidate(
        base_url=fields.base_url,
        model=model,
        team=team,
        task=task,
        upstream_model=fields.upstream_model,
        api_key=fields.api_key,
    )


class Entrance:
    """One for the whole registry."""

    def __init__(
        self, gate: Gate | None, book: HealthBook, origin_of: OriginOf, *, offers: Offers | None = None
    ) -> None:
        self._gate = gate
        self.offers = offers
        self._book = book
        self.origin_of = origin_of

    def told(self, request: web.Request) -> Told:
        """Return what this caller is told of health."""
        return Told(self._book, request[PRINCIPAL])

    async def admit(
        self,
        request: web.Request,
        candidates: Sequence[Candidate],
        query: RegisterQuery,
        *,
        create: Callable[[Once[T]], Awaitable[T]],
        once: Once[T],
    ) -> tuple[PreflightView | None, web.Response | None]:
        """Return what a check found before something is made, and the answer when nothing is to be made at all.

        It is rehearsed first: a name that is taken is told at once, not after a check that takes a minute.

        Raises:
            Unprocessable, PermissionDenied, RateLimited: as `gate.admit`, and what making it raises.
        """
        authorise(request[PRINCIPAL], query)
        checks = self._gate is not None and bool(candidates) and query.preflight != "skip"
        if checks or query.validate_only:
            await rehearse(create, once)
        server = self.origin_of(request)
        found = await admit(self._gate, request[PRINCIPAL], candidates, query, server=server)
        if not query.validate_only:
            return found, None
        body = (found or _NOTHING).model_dump_json().encode()
        return found, web.Response(body=body, content_type="application/json", headers={"Cache-Control": "no-store"})

    async def admit_change(
        self, request: web.Request, endpoint_id: str, body: EndpointPatch, query: ChangeQuery
    ) -> PreflightView | None:
        """Return what a check found before an endpoint is changed in what a call depends on."""
        given = body.model_fields_set
        switched_off = "enabled" in given and not body.enabled
        matters = not switched_off and bool(given & {"base_url", "upstream_model", "api_key", "enabled"})
        candidate = Candidate(
            base_url=body.base_url if "base_url" in given else None,
            upstream_model=body.upstream_model,
            api_key=body.api_key,
            endpoint=endpoint_id,
            changes=frozenset(given),
        )
        candidates = [candidate] if matters else []
        return await admit(self._gate, request[PRINCIPAL], candidates, query, server=self.origin_of(request))

    def note(self, found: PreflightView | None, records: Sequence[EndpointRecord], *, now_ms: int) -> None:
        """Note what the check found as the health of what was registered."""
        if found is not None and len(found.endpoints) == len(records):
            for report, record in zip(found.endpoints, records, strict=True):
                self._book.note(record.id, record.base_url, report.stages, now_ms=now_ms)
