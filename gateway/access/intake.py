"""Read a call as far as needed to know where it goes: the model, whether it streams, which stored object it means.

Bodies are not re-encoded: only the model's name and our own wish for the usage event are spliced in (PRX-10, USE-3).
Requests that name no model go to the endpoint that made their object, else to the team's default endpoint.
"""

from collections.abc import AsyncIterator
from http import HTTPStatus

from aiohttp import web

from gateway.access.admission import admit, admit_unnamed, may_use, require_staying, unreachable
from gateway.access.body import read_call, rewrite
from gateway.access.call import Call
from gateway.access.dispatch import Outgoing
from gateway.access.fallback import tiers
from gateway.access.headers import to_upstream, via
from gateway.access.mentions import mentioned_files
from gateway.access.multipart import read_head
from gateway.access.object_list import read_list
from gateway.access.refusals import is_json
from gateway.errors import InvalidRequest, NotFound, PermissionDenied
from gateway.listener.body import limited_chunks, read_limited
from gateway.registry.farewell import may_know, model_retired
from gateway.registry.objects import StoredObjects, not_found
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

    def adopt(self, server: ServerSettings) -> None:
        """Go by these limits with the next bodies."""
        self._server = server

    async def read(self, request: web.Request, call: Call, suffix: str) -> Outgoing:
        """Return what to send and where it may go.

        Raises:
            GatewayError: the body cannot be used, or nobody answers for it.
        """
        if call.operation.hides_models and call.principal.models:
            raise PermissionDenied(
                f"this key may use some models only, and {call.operation.path} names models where nobody looks",
                hint="use a key without a list of models",
            )
        outgoing = Outgoing(
            method=call.operation.method,
            suffix=suffix,
            query=request.rel_url.raw_query_string,
            headers=to_upstream(request.headers, extra=self._server.forward_headers),
        )
        outgoing.headers["Via"] = via(request.headers, self._instance)
        outgoing.headers["X-Request-Id"] = call.request_id
        begun = self._registry.snapshot
        if call.operation.body == "json":
            await self._read_json(request, call, outgoing)
        elif call.operation.body == "multipart":
            await self._read_multipart(request, call, outgoing)
        else:
            outgoing.endpoints = await self._by_object(call, call.object_id)
        if call.route is not None and self._registry.snapshot is not begun:
            require_staying(call.principal, call.route, call.model, self._registry.snapshot)
        return outgoing

    def forget(self, call: Call) -> None:
        """Forget the object that the call deleted, if its endpoint agreed."""
        if call.object_id is not None and call.status < HTTPStatus.BAD_REQUEST:
            self._objects.forget(call.team, call.object_id)

    async def keep_own(self, call: Call, answer: web.Response) -> None:
        """Take the objects of other teams out of a list; an upstream account may be shared (decisions/0004).

        Raises:
            BadUpstreamResponse: it is no list that can be read.
        """
        if call.status != HTTPStatus.OK or not isinstance(answer.body, bytes):
            return
        listed = read_list(answer.body)
        if foreign := await self._objects.foreign(call.team, listed.ids):
            answer.body = listed.without(foreign)
            call.bytes_out = len(answer.body)

    async def _read_json(self, request: web.Request, call: Call, outgoing: Outgoing) -> None:
        server = self._server
        body = await read_limited(
            request, server.max_body_bytes, deadline_s=server.body_timeout_s, min_rate=server.min_body_rate
        )
        call.bytes_in = len(body)
        asked = read_call(body, model=call.operation.model)
        call.stream = asked.stream
        operation, snapshot = call.operation, self._registry.snapshot
        call.stored = operation.remembers(store=asked.store)
        takes_model = operation.model != "none"
        await self._route(call, outgoing, asked.model if takes_model else None, asked.refers_to(operation.refers_to))
        if len(snapshot.teams) > 1 and (files := mentioned_files(body)):
            await self._require_own(call, files)
        route = call.route
        injectable = asked.can_inject_usage and operation.terminal == "done"
        call.injected_usage = injectable and route is not None and route.stream_usage
        if outgoing.fallbacks is not None:
            outgoing.injects = lambda taking_over: injectable and taking_over.stream_usage
        if not is_json(outgoing.headers.get("Content-Type", "")):
            outgoing.headers["Content-Type"] = (
                "application/json"  # curl -d says something else; the body was read as JSON
            )

        def body_for(endpoint: EndpointRoute) -> bytes:
            name = endpoint.upstream_model if takes_model else None
            return rewrite(body, asked, model=name, inject_usage=call.injected_usage)

        outgoing.body_for = body_for

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
        snapshot = self._registry.snapshot
        if snapshot.find(call.team, model) is None:
            snapshot = await self._registry.newest()
        route = call.route = admit(call.principal, call.team, model, snapshot)
        outgoing.endpoints = tuple([endpoint for endpoint in route.endpoints if endpoint.enabled])
        if referred is not None:  # an earlier response is known only where it was made
            maker = await self._objects.find(call.team, referred)
            found = self._registry.snapshot.endpoint(maker) if maker is not None else None
            if found is not None and not may_use(call.principal, found[0], self._registry.snapshot):
                raise not_found(referred)
            only = tuple(endpoint for endpoint in outgoing.endpoints if endpoint.id == maker)
            outgoing.endpoints = only or outgoing.endpoints
        elif route.fallbacks:
            outgoing.fallbacks = tiers(call.principal, route, lambda: self._registry.snapshot)
        if not outgoing.endpoints and outgoing.fallbacks is None:
            raise unreachable(model)

    async def _require_own(self, call: Call, files: frozenset[str]) -> None:
        for file in await self._objects.foreign(call.team, files):
            raise not_found(file)

    async def _by_object(self, call: Call, object_id: str | None) -> tuple[EndpointRoute, ...]:
        """Return the endpoint that made the object, else the team's default one; for a key that may use its model."""
        snapshot = self._registry.snapshot
        if object_id is not None:
            maker = await self._objects.find(call.team, object_id)
            found = snapshot.endpoint(maker) if maker is not None else None
            if found is None and maker is not None:
                await self._require_no_retired(call, object_id, maker)
            if found is not None:
                if not admit_unnamed(call.principal, *found, snapshot):
                    raise not_found(object_id)
                call.route = found[0]
                call.stored = call.stored or call.operation.remembers(store=None)  # a batch gets its output later
                return (found[1],)
        default = snapshot.default_endpoint(call.team, call.operation.group)
        found = snapshot.endpoint(default.id) if default is not None else None
        if found is None or not admit_unnamed(call.principal, *found, snapshot):
            raise _nobody(call, object_id)
        call.route = found[0]
        return (found[1],)

    async def _require_no_retired(self, call: Call, object_id: str, maker: str) -> None:
        """Raise NotFound when a model that was deleted made the object: nobody else knows it."""
        uid = await self._objects.deleted_model(maker)
        retired = self._registry.snapshot.retired.get(uid) if uid is not None else None
        if retired is None:
            return
        if not any(may_know(call.principal, name, retired) for name in retired.names):
            raise not_found(object_id)
        raise model_retired(call.principal, retired.name, retired, self._registry.snapshot)


def _require_model(call: Call, model: str | None) -> None:
    if model is None and call.operation.model == "required":
        raise InvalidRequest("the form names no model", code="missing_field", param="model")


def _nobody(call: Call, object_id: str | None) -> NotFound:
    group = call.operation.group
    what = f"{object_id!r} was not made through this gateway" if object_id else "this request names no model"
    return NotFound(
        f"{what}, and the team {call.team!r} has no default endpoint for {group!r} that this key may use",
        hint=f"an operator can set one: PATCH /api/v1/teams/… default_endpoints: {{{group!r}: endpoint id}}",
        headers={"x-should-retry": "false"},
    )
