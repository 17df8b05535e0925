"""`DELETE /v1/models/{id}` of OpenAI's surface: the same retirement as everywhere, with nothing to choose.

What points at the model blocks, calls under way may end first. The data plane answers; it knows this as a function.
"""

from aiohttp import web

from gateway.api.acting import act_as, acting_of
from gateway.api.etag import parse_if_match
from gateway.api.principal import PRINCIPAL
from gateway.audit.event import Event
from gateway.audit.trail import Trail
from gateway.errors import PermissionDenied
from gateway.lifecycle.case import Wanted
from gateway.lifecycle.retire import Retirement


class OpenAiDeletion:
    """Retires a model that somebody deletes on the data plane."""

    def __init__(self, retirement: Retirement, trail: Trail) -> None:
        self._retirement = retirement
        self._trail = trail

    async def __call__(self, request: web.Request, team: str, name: str) -> None:
        """Retire the model of this name; a denial goes on the record, as those of the management API do.

        Raises:
            PermissionDenied, NotFound, Conflict, PreconditionFailed: as `Retirement.retire`.
        """
        principal, wanted = request[PRINCIPAL], Wanted(team=team, if_match=parse_if_match(request))
        with act_as(acting_of(request)):
            try:
                await self._retirement.retire(principal, name, wanted)
            except PermissionDenied as error:
                event = Event(
                    "model.delete", "model", name=name[:200], team=team, outcome="denied", status=error.status
                )
                await self._trail.refuse(event)
                raise
