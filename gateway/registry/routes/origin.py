"""Under which address a caller reached this server: the server URL that every published path is resolved for."""

from collections.abc import Callable
from typing import TypeAlias

from aiohttp import web

OriginOf: TypeAlias = Callable[[web.Request], str]
"""Given by the composition root: scheme, host and mount prefix, taken from a checked Host header or from settings."""
