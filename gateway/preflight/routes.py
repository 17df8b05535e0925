"""`POST /api/v1/preflight`: a check, as one document or stage by stage as it happens."""

import json
from collections.abc import Callable
from typing import Literal

from aiohttp import hdrs, web

from gateway.api.operation import answer, operation
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL, REQUEST_ID
from gateway.api.problem import problem_response
from gateway.errors import GatewayError, Unprocessable
from gateway.preflight.address import shown
from gateway.preflight.run import Tell, Wish
from gateway.preflight.service import Preflight
from gateway.preflight.wishes import Wishes
from gateway.registry.gate import Candidate
from gateway.registry.inputs import Address, Input, Name, Task
from gateway.registry.routes.origin import OriginOf
from gateway.registry.verdict import EndpointReport, PreflightView, StageView
from gateway.vault.secret import Secret

_EVENTS = "text/event-stream"
Note = Callable[[EndpointReport], object]
"""Takes what a check of a registered endpoint found as its health."""


class PreflightInput(Input):
    """What to check: an address, a registered model with all its endpoints, or one endpoint."""

    base_url: Address | None = None
    """Full URL of an upstream that need not be registered."""
    model: Name | None = None
    """A registered model's uid or name; with base_url, the name that would be published."""
    endpoint: Name | None = None
    """A registered endpoint's id."""
    team: Name | None = None
    """The team of the name; the key's own team when left out."""
    upstream_model: Name | None = None
    """With base_url: the upstream's own name of the model."""
    task: Task | None = None
    """With base_url: what the model does; chat when left out."""
    api_key: Secret | None = None
    """With base_url: the upstream's key, or an administrator's reference; it is not kept."""
    level: Literal["address", "existence", "trial"] = "trial"
    """How far to go: address asks nobody, existence costs nothing, trial makes a call of a few tokens."""
    stream: bool = False
    """Also try a streamed chat, and tell whether something on the way holds it back."""


class PreflightRoutes:
    """`/api/v1/preflight`."""

    def __init__(self, preflight: Preflight, wishes: Wishes, note: Note, origin_of: OriginOf) -> None:
        self._preflight = preflight
        self._wishes = wishes
        self._note = note
        self._origin_of = origin_of

    @operation(
        "POST",
        "/preflight",
        permission=Permission.REGISTRY_WRITE,
        body=PreflightInput,
        answers={200: PreflightView},
        errors=(403, 404, 422, 429),
        tag="endpoints",
        summary="Check an upstream, an endpoint or a model",
    )
    async def check(self, request: web.Request, body: PreflightInput) -> web.StreamResponse:
        """Nothing is kept but that it was in order.

        With `Accept: text/event-stream` each stage is an event `stage` as soon as it ends; the last event, `report`,
        is the document.
        """
        wishes = await self._wanted(request, body)
        if _EVENTS in request.headers.get(hdrs.ACCEPT, ""):
            return await self._told(request, body, wishes)
        return answer(await self._run(request, body, wishes))

    async def _wanted(self, request: web.Request, body: PreflightInput) -> list[Wish]:
        principal = request[PRINCIPAL]
        if body.base_url is not None:
            candidate = Candidate(
                base_url=body.base_url,
                model=body.model,
                team=body.team,
                task=body.task,
                upstream_model=body.upstream_model,
                api_key=body.api_key,
            )
            return [await self._wishes.of(principal, candidate)]
        if body.endpoint is not None:
            return [await self._wishes.of_endpoint(principal, body.endpoint)]
        if body.model is not None:
            return await self._wishes.of_model(principal, body.model, body.team)
        raise Unprocessable("there is nothing to check", hint="send base_url, model or endpoint")

    async def _run(
        self, request: web.Request, body: PreflightInput, wishes: list[Wish], tell: Tell | None = None
    ) -> PreflightView:
        server = self._origin_of(request)
        view = await self._preflight.run(
            request[PRINCIPAL], wishes, level=body.level, stream=body.stream, server=server, tell=tell
        )
        if body.base_url is None and body.level != "address":
            for report in view.endpoints:
                self._note(report)
        return view

    async def _told(self, request: web.Request, body: PreflightInput, wishes: list[Wish]) -> web.StreamResponse:
        """Answer event by event; when the caller leaves, the check ends."""
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: _EVENTS, hdrs.CACHE_CONTROL: "no-store"})
        await response.prepare(request)

        async def tell(wish: Wish, found: StageView) -> None:
            where = {"base_url": shown(wish.base_url), "endpoint": wish.endpoint, "model": wish.model}
            await response.write(_event("stage", json.dumps({**where, **found.model_dump(mode="json")})))

        try:
            view = await self._run(request, body, wishes, tell)
        except GatewayError as error:
            problem = problem_response(error, request_id=request[REQUEST_ID])
            await response.write(_event("problem", bytes(problem.body or b"").decode()))  # type: ignore[arg-type]  # it is bytes
        else:
            await response.write(_event("report", view.model_dump_json()))
        await response.write_eof()
        return response


def _event(name: str, data: str) -> bytes:
    return f"event: {name}\ndata: {data}\n\n".encode()
