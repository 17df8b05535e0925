"""Refusals of the management API go on the record: who was not allowed what, and what the state of things forbade."""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from gateway.api.acting import act_as, acting_of
from gateway.api.operation import OPERATIONS, Operation
from gateway.api.principal import PRINCIPAL
from gateway.audit.event import Event, Outcome
from gateway.audit.trail import Trail
from gateway.errors import GatewayError

NoteRefusal = Callable[[web.Request, GatewayError], Awaitable[None]]
_DENIED = 403
_CONFLICTS = (409, 412, 428)
_SAFE = ("GET", "HEAD")


def note_refusals(trail: Trail) -> NoteRefusal:
    """Return what notes a refusal of a known caller; one without a valid key is nobody, and only counted (401)."""
    found: dict[web.Application, Mapping[str, Operation]] = {}

    async def note(request: web.Request, error: GatewayError) -> None:
        if PRINCIPAL not in request or (outcome := _outcome(request, error)) is None:
            return
        app = request.app
        if app not in found:
            found[app] = {one.name: one for one in app.get(OPERATIONS, ())}
        resource = request.match_info.route.resource
        operation = None if resource is None or resource.name is None else found[app].get(resource.name)
        if operation is None:
            return
        with act_as(acting_of(request, strict=False)):
            await trail.refuse(_event(request, operation, error, outcome))

    return note


async def note_nothing(request: web.Request, error: GatewayError) -> None:
    """Note no refusal: where there is no record."""
    del request, error


def _outcome(request: web.Request, error: GatewayError) -> Outcome | None:
    if error.status == _DENIED:
        return "denied"
    return "conflict" if error.status in _CONFLICTS and request.method not in _SAFE else None


def _event(request: web.Request, operation: Operation, error: GatewayError, outcome: Outcome) -> Event:
    """Return the event; the object is the one that the path names, whether it exists for the caller or not."""
    named = next(iter(request.match_info.values()), "")[:200]
    kind = operation.action.partition(".")[0]
    return Event(
        operation.action,
        kind,
        named or None,
        named,
        request[PRINCIPAL].team,
        outcome=outcome,
        status=error.status,
        after={"code": error.code, "message": error.message[:500]},
    )
