"""`/api/v1/errors`: what went wrong lately in this process."""

from typing import Any

from aiohttp import web

from gateway.api.operation import answer, operation
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL
from gateway.described import Described
from gateway.errors import PermissionDenied
from gateway.observe.recent import RecentTroubles


class ErrorView(Described):
    """A warning or error of the log, or a call that ended with 5xx (while request lines are written)."""

    at: str
    """RFC 3339, UTC."""
    level: str
    event: str
    details: dict[str, Any]
    """Values of that log line; credentials in them are ***."""


class ErrorsView(Described):
    """The last troubles of the process that answered, the newest first."""

    items: tuple[ErrorView, ...]


class ErrorRoutes:
    """What the ring holds."""

    def __init__(self, troubles: RecentTroubles) -> None:
        self._troubles = troubles

    @operation(
        "GET",
        "/errors",
        permission=Permission.SETTINGS_READ,
        answers={200: ErrorsView},
        errors=(403,),
        tag="settings",
        summary="Show the last errors",
    )
    async def show_errors(self, request: web.Request) -> web.StreamResponse:
        """Up to 100 of them, kept in memory since the process started. They are of every team."""
        if request[PRINCIPAL].team is not None:
            raise PermissionDenied(
                "these errors are of every team, and this key is bound to one", hint="use an administrator's key"
            )
        found = self._troubles.newest_first()
        items = (ErrorView(at=one.at, level=one.level, event=one.event, details=dict(one.details)) for one in found)
        return answer(ErrorsView(items=tuple(items)))
