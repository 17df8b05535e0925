"""How the last reading of the configuration file went, and `POST /-/reload`, which is off unless it is switched on."""

from typing import Literal

from aiohttp import web
from msgspec.structs import replace

from gateway.api.operation import answer, operation
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL
from gateway.configuration.finding import Finding
from gateway.declared.reload import Reloader, Status
from gateway.described import Described
from gateway.errors import Unprocessable
from gateway.storage.clock import rfc3339


class FindingView(Described):
    """Something that is wrong in the configuration."""

    where: str
    """File and line, the variable's name, or the flag."""
    key: str
    message: str
    hint: str | None


class ReloadView(Described):
    """How the last reading went. Times are RFC 3339 in UTC."""

    watched: bool
    """Whether there is a file, which is read again when it changes."""
    successful: bool
    """Whether what the file says is in force; otherwise the last good one is."""
    result: Literal["changed", "unchanged", "refused"]
    at: str
    """When the configuration was read last."""
    loaded_at: str
    """When the one in force was read."""
    findings: tuple[FindingView, ...]
    """Why the last one is not in force."""
    changes: tuple[str, ...]
    """What changed with it: `+ model qwen3`, `~ log.level`, `- alias fast`."""
    needs_restart: tuple[str, ...]
    """Settings that the file has changed and that take effect with the next start."""
    waiting: tuple[FindingView, ...]
    """Keys that the file names and that nobody has made yet."""
    declared_by: str | None
    """Another server of this database that declares the same objects; null when this one does."""


class StatusRoutes:
    """`/api/v1/settings/reload`."""

    def __init__(self, reloader: Reloader) -> None:
        self._reloader = reloader

    @operation(
        "GET",
        "/settings/reload",
        permission=Permission.SETTINGS_READ,
        answers={200: ReloadView},
        tag="settings",
        summary="Say how the last reading of the configuration file went",
    )
    async def show_reload(self, request: web.Request) -> web.StreamResponse:
        """Each server answers for itself. A key that is bound to a team sees no objects and no findings."""
        status = self._reloader.status
        if request[PRINCIPAL].team is not None:
            status = replace(status, changes=(), findings=(), waiting=())
        return answer(_view(status, watched=self._reloader.watches))


class ReloadRoutes:
    """`/-/reload`."""

    def __init__(self, reloader: Reloader) -> None:
        self._reloader = reloader

    @operation(
        "POST",
        "/-/reload",
        permission=Permission.SETTINGS_WRITE,
        answers={200: ReloadView},
        errors=(422,),
        tag="settings",
        summary="Read the configuration file again now",
        action="settings.reload",
    )
    async def reload(self, request: web.Request) -> web.StreamResponse:
        """Answer when it is in force; 422 with every finding when it is refused, and then nothing has changed."""
        del request
        status = await self._reloader.reload("POST /-/reload")
        if not status.successful:
            raise Unprocessable(
                "the configuration is refused, the last good one stays in force",
                code="config_refused",
                hint="mend the findings; modelport config check tells them without a server",
                findings=[_finding(one).model_dump() for one in status.findings],
            )
        return answer(_view(status, watched=self._reloader.watches))


def _view(status: Status, *, watched: bool) -> ReloadView:
    return ReloadView(
        watched=watched,
        successful=status.successful,
        result=status.result,
        at=rfc3339(status.at),
        loaded_at=rfc3339(status.loaded_at),
        findings=tuple(map(_finding, status.findings)),
        changes=status.changes,
        needs_restart=status.needs_restart,
        waiting=tuple(map(_finding, status.waiting)),
        declared_by=status.declared_by,
    )


def _finding(finding: Finding) -> FindingView:
    return FindingView(where=finding.where, key=finding.key, message=finding.message, hint=finding.hint)
