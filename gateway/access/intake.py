"""Read a call as far as needed to know where it goes: the model, whether it streams, which stored object it means.

Bodies are not re-encoded: only the model's name and our own wish for the usage event are spliced in (PRX-10, USE-3).
Requests that name no model go to the endpoint that made their object, else to the team's default endpoint.
"""

from collections.abc import AsyncIterator
from http import HTTPStatus

from aiohttp import web

from gateway.access.admission import admit
from gateway.access.body import read_call, rewrite
from gateway.access.call import Call
from gateway.access.dispatch import Outgoing
from gateway.access.headers import to_upstream, via
from gateway.access.multipart import read_head
from gateway.access.refusals import is_json
from gateway.errors import InvalidRequest, NotFound
from gateway.listener.body import limited_chunks, read_limited
from gateway.registry.objects import StoredObjects
from gateway.registry.registry import Registry
from gateway.registry.snapshot import EndpointRoute
from gateway.settings import ServerSettings


class Intake:
    """Turns a request into what goes upstream. `instance` is this process' own name in `Via` headers."""

    def __init__(self, registry: Registry, objects: StoredObjects, server: ServerSettings, *, instance: str) -> None:
        self._registry = registry
        self._objects = objects
        self._server = server
        self._instance = instance

    async def read(self, request: web.Request, call: Call, suffix: str) -> Outgoing:
        """Return what to send and where it may go.

        Raises:
            GatewayError: the body cannot be used, or nobody answers for it.
        """
        outgoing = Outgoing(
            method=call.operation.method,
            suffix=suffix,
            query=request.rel_url.raw_query_string,
            headers=to_upstream(request.headers),
        )
        outgoing.headers["Via"] = via(request.headers, self._instance)
        outgoing.headers["X-Request-Id"] = call.request_id
        if call.operation.body == "json":
            await self._read_json(request, call, outgoing)
        elif call.operation.body == "multipart":
            await self._read_multipart(request, call, outgoing)
        else:
            outgoing.endpoints = await self._by_object(call, call.object_id)
        return outgoing

    async def forget(self, call: Call) -> None:
        """Forget the object that the call deleted, if its endpoint agreed."""
        if call.object_id is not None and call.status < HTTPStatus.BAD_REQUEST:
            await self._objects.forget(call.team, call.object_id)

    async def _read_json(self, request: web.Request, call: Call, outgoing: Outgoing) -> None:
        body = await self._body(request)
        call.bytes_in = len(body)
        asked = read_call(body, model=call.operation.model)
        call.stream = asked.stream
        call.stored = call.operation.remembers(store=asked.store)
        await self._route(call, outgoing, asked.model, asked.refers_to(call.operation.refers_to))
        route = call.route
        call.injected_usage = (
            route is not None and route.stream_usage and asked.can_inject_usage and call.operation.terminal == "done"
        )
        if not is_json(outgoing.headers.get("Content-Type", "")):
            outgoing.headers["Content-Type"] = (
                "application/json"  # curl -d says something else; the body was read as JSON
            )

        def body_for(endpoint: EndpointRoute) -> bytes:
            return rewrite(body, asked, model=endpoint.upstream_model, inject_usage=call.injected_usage)

        outgoing.body_for = body_for

    async def _body(self, request: web.Request) -> bytes:
        server = self._server
        return await read_limited(
            request, server.max_body_bytes, deadline_s=server.body_timeout_s, min_rate=server.min_body_rate
        )

    async def _read_multipart(self, request: web.Request, call: Call, outgoing: Outgoing) -> None:
        """Read up to the model's part; the rest streams through (PRX-36)."""
        chunks = self._counted(request, call)
        announced = request.content_length
        if call.operation.model == "none":
            await self._route(call, outgoing, None, None)
            outgoing.body_for = lambda _: chunks
            outgoing.length_for = lambda _: announced
            outgoing.replayable = lambda: call.bytes_in == 0
            return
        upload = await read_head(chunks, request.headers.get("Content-Type", ""))
        outgoing.close = upload.close
        try:
            _require_model(call, upload.model)
            await self._route(call, outgoing, upload.model, None)
        except BaseException:
            upload.close()
            raise
        outgoing.body_for = lambda endpoint: upload.body(model=endpoint.upstream_model)
        outgoing.length_for = lambda endpoint: upload.length(announced, model=endpoint.upstream_model)
        outgoing.replayable = lambda: upload.replayable

    async def _counted(self, request: web.Request, call: Call) -> AsyncIterator[bytes]:
        server = self._server
        call.stored = call.operation.remembers(store=None)
        async for chunk in limited_chunks(
            request, server.max_upload_bytes, deadline_s=server.body_timeout_s, min_rate=server.min_body_rate
        ):
            call.bytes_in += len(chunk)
            yield chunk

    async def _route(self, call: Call, outgoing: Outgoing, model: str | None, referred: str | None) -> None:
        """Find the endpoints of a call that names a model, an earlier object, both or neither."""
        if model is None:
            outgoing.endpoints = await self._by_object(call, referred or call.object_id)
            return
        call.model = model
        route = call.route = admit(call.principal, call.team, model, self._registry.snapshot)
        outgoing.endpoints = tuple(endpoint for endpoint in route.endpoints if endpoint.enabled)
        if referred is not None and len(outgoing.endpoints) > 1:
            outgoing.endpoints = await self._only_maker(call, referred, outgoing.endpoints)

    async def _only_maker(
        self, call: Call, object_id: str, endpoints: tuple[EndpointRoute, ...]
    ) -> tuple[EndpointRoute, ...]:
        """An earlier response is known only where it was made."""
        maker = await self._objects.find(call.team, object_id)
        return tuple(endpoint for endpoint in endpoints if endpoint.id == maker) or endpoints

    async def _by_object(self, call: Call, object_id: str | None) -> tuple[EndpointRoute, ...]:
        snapshot = self._registry.snapshot
        if object_id is not None:
            maker = await self._objects.find(call.team, object_id)
            found = snapshot.endpoint(maker) if maker is not None else None
            if found is not None:
                call.route = found[0]
                return (found[1],)
        default = snapshot.default_endpoint(call.team, call.operation.group)
        if default is None:
            raise _nobody(call, object_id)
        found = snapshot.endpoint(default.id)
        call.route = found[0] if found is not None else None
        return (default,)


def _require_model(call: Call, model: str | None) -> None:
    if model is None and call.operation.model == "required":
        raise InvalidRequest("the form names no model", code="missing_field", param="model")


def _nobody(call: Call, object_id: str | None) -> NotFound:
    group = call.operation.group
    what = f"{object_id!r} was not made through this gateway" if object_id else "this request names no model"
    return NotFound(
        f"{what}, and the team {call.team!r} has no default endpoint for {group!r}",
        hint=f"an operator can set one: PATCH /api/v1/teams/… default_endpoints: {{{group!r}: endpoint id}}",
        headers={"x-should-retry": "false"},
    )
