"""The configuration of the running server over HTTP: what is in effect, where it came from, no secret among it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from aiohttp import web

from gateway.api.operation import answer, operation
from gateway.api.permissions import Permission
from gateway.api.principal import PRINCIPAL
from gateway.configuration.loading import Configuration
from gateway.configuration.view import of_team, settings_data
from gateway.described import Described


class OriginView(Described):
    """Where a value came from."""

    source: Literal["default", "file", "variable", "flag"]
    place: str
    """File and line, the variable's name, or the flag; empty for a default."""


class SettingView(Described):
    """One setting."""

    name: str
    """Its path, like server.port."""
    value: Any
    """As JSON; passwords and keys in it are ***."""
    default: Any
    origin: OriginView
    hot: bool
    """Whether a change in the file takes effect while the server runs; else after a restart."""


class DeclaredValueView(Described):
    """One value of an object that the file declares."""

    name: str
    """The keys that lead to it, like models.qwen3.task."""
    value: Any
    origin: OriginView


class SettingsView(Described):
    """The configuration in effect."""

    file: str | None
    """The configuration file that the server reads; null when it has none."""
    settings: tuple[SettingView, ...]
    declared: tuple[DeclaredValueView, ...]


class SettingsRoutes:
    """`/api/v1/settings`. `current` gives the configuration in effect now, `hot` the settings that need no restart."""

    def __init__(self, current: Callable[[], Configuration], *, hot: Callable[[str], bool]) -> None:
        self._current = current
        self._hot = hot

    @operation(
        "GET",
        "/settings",
        permission=Permission.SETTINGS_READ,
        answers={200: SettingsView},
        tag="settings",
        summary="Show the configuration",
    )
    async def show_settings(self, request: web.Request) -> web.StreamResponse:
        """Every setting with its origin, and what the configuration file declares. Secrets are masked.

        A key that is bound to a team sees the objects of that team.
        """
        current, team = self._current(), request[PRINCIPAL].team
        if team is not None:
            current = replace(current, declared=of_team(current.declared, team))
        data = settings_data(current, hot=self._hot)
        return answer(SettingsView.model_validate(data))
