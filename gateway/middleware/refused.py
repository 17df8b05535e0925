"""Denials of the management API go on the record: who was not allowed what.

What the state of things forbade (409, 412) is recorded by the services, which know the object.
"""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from gateway.api.acting import act_as, acting_of
from gateway.api.operation import OPERATIONS, Operation
from gateway.api.principal import PRINCIPAL
from gateway.audit.event import Event
from gateway.audit.trail import Trail
from gateway.errors import GatewayError

NoteRefusal = Callable[[web.Request, GatewayError], Awaitable[None]]
_DENIED = 403


def note_refusals(trail: Trail) -> NoteRefusal:
    """Return what notes a denial of a known caller; one without a valid key is nobody, and only counted (401)."""
    found: dict[web.Application, Mapping[str, Operation]] = {}

    async def note(request: web.Request, error: GatewayError) -> None:
        if error.status != _DENIED or PRINCIPAL not in request:
            return
        app = request.app
        if app not in found:
            found[app] = {one.name: one for one in app.get(OPERATIONS, ())}
        resource = request.match_info.route.resource
        operation = None if resource is None or resource.name is None else found[app].get(resource.name)
        if operation is None:
            return
        with act_as(acting_of(request, strict=False)):
            await trail.refuse(_event(request, operation, error))

    return note


async def note_nothing(request: web.Request, error: GatewayError) -> None:
    """Note no refusal: where there is no record."""
    del request, error


def _event(request: web.Request, operation: Operation, error: GatewayError) -> Event:
    """Return the event; the object is the one that the path names, whether it exists for the caller or not."""
    named = next(iter(request.match_info.values()), "")[:200]
    kind = operation.action.partition(".")[0]
    return Event(
        operation.action,
        kind,
        named or None,
        named,
        request[PRINCIPAL].team,
        outcome="denied",
        status=error.status,
        after={"code": error.code, "message": error.message[:500]},
    )
