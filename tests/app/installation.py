"""The product started inside the test: the same object that `modelport serve` runs, with its inside in reach."""

import contextlib
import gc
import logging
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp import web
from yarl import URL

from gateway.app import Modelport
from gateway.configuration.loading import load
from tests.app.caller import Caller

ELSEWHERE = "modelport.test"
"""A name under which a caller does not count as a program on this machine (docs/decisions/0003)."""


class Opened(Modelport):
    """A product whose router can be walked."""

    app: web.Application

    def _application(self) -> web.Application:
        self.app = super()._application()
        return self.app


@dataclass(frozen=True, slots=True)
class Installation:
    """A running product. `anonymous` is a program on this machine without a key; it calls 127.0.0.1."""

    inside: Opened
    anonymous: Caller
    key: str

    @property
    def app(self) -> web.Application:
        """The application, for its router."""
        return self.inside.app

    @property
    def stranger(self) -> Caller:
        """A caller from elsewhere, without a key."""
        return self.anonymous.having(Host=ELSEWHERE)

    @property
    def admin(self) -> Caller:
        """The administrator, from elsewhere."""
        return self.stranger.keyed(self.key)

    async def key_of(self, role: str, **fields: Any) -> str:
        """Make a key of a role and return its text."""
        return str((await self.admin.make("keys", name=f"a {role}", role=role, **fields))["key"])

    async def as_role(self, role: str, **fields: Any) -> Caller:
        """Return a caller with a new key of the role."""
        return self.stranger.keyed(await self.key_of(role, **fields))

    async def publish(self, name: str, *base_urls: str, **fields: Any) -> Any:
        """Publish a model whose endpoints are at these addresses."""
        return await self.admin.make("models", name=name, endpoints=[{"base_url": url} for url in base_urls], **fields)


@contextlib.asynccontextmanager
async def installed(
    caller: Caller,
    data_dir: Path,
    settings: Mapping[str, Any],
    environment: Mapping[str, str],
    *,
    file: Path | None = None,
) -> AsyncIterator[Installation]:
    """Start the product with these settings (sections as in the configuration file), stop it at the end."""
    server = {"port": 0, "allowed_hosts": [ELSEWHERE], **settings.get("server", {})}
    if "public_origin" in server:  # then no address says the port
        server["port"] = free_port()
    log = {"level": "error", "requests": False, **settings.get("log", {})}
    health = {"interval_s": 0, **settings.get("health", {})}  # what nobody asked for would disturb the journals
    flags = {**settings, "health": health, "data_dir": data_dir, "server": server, "log": log}
    reread = partial(load, file, flags=flags, environment={})
    configuration = reread()
    read = configuration.settings
    inside = Opened(
        read, environment=environment, configuration=configuration, reread=reread if file is not None else None
    )
    try:
        await inside.start()
        key = inside.admin_key.reveal() if inside.admin_key is not None else ""
        port = server["port"] or URL(inside.address).port
        yield Installation(inside, caller.at(f"http://127.0.0.1:{port}{read.server.mount}"), key)
    finally:
        await inside.stop()


@contextlib.contextmanager
def process_settings_kept() -> Iterator[list[str]]:
    """Put back what a starting product sets for its whole process: logging and the garbage collector.

    Freezing is only noted, in the list that is given: thawing would give the collector all collected tests again.
    """
    root = logging.getLogger()
    handlers, level, thresholds = list(root.handlers), root.level, gc.get_threshold()
    configured, structured = structlog.is_configured(), structlog.get_config()
    notes: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gc, "freeze", lambda: notes.append("frozen"))
        try:
            yield notes
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)
            structlog.reset_defaults()
            if configured:
                structlog.configure(**structured)
            gc.set_threshold(*thresholds)


def free_port() -> int:
    """Return a port of loopback that nobody uses now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
