"""A way out of this process, and what a test of the engine needs besides a server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.downloads.artefact import Artefact
from gateway.downloads.engine import Download
from gateway.downloads.opening import HttpOpener
from gateway.downloads.progress import Progress
from gateway.downloads.sources import Rules
from gateway.upstream.egress import Egress, EgressPolicy
from gateway.upstream.session_transport import SessionTransport
from tests.downloads.server import FileServer, serving

QUICK = Rules(part=64 * 1024, backoff_s=0.002, max_backoff_s=0.01, stall_s=0.4)
"""As patient as the product, only faster."""


class Bench:
    """Where downloads of a test go, and what they told."""

    def __init__(self, folder: Path, egress: Egress) -> None:
        self.folder = folder
        self.target = folder / "f.gguf"
        self.told: list[Progress] = []
        self._egress = egress

    def download(
        self, server: FileServer, *, rules: Rules = QUICK, follows: bool = True, token: str | None = None, **more: Any
    ) -> Download:
        """Return a download of what the server has; `more` goes to the artefact, or to the download."""
        flags = {name: more.pop(name) for name in ("verify", "overwrite") if name in more}
        known = {"url": server.url, "sha256": server.sha256, **more}
        opener = self.opener(server, follows=follows, token=token)
        return Download(Artefact(**known), self.target, opener, rules=rules, notify=self.told.append, **flags)

    def opener(self, server: FileServer, *, follows: bool = True, token: str | None = None) -> HttpOpener:
        """Return the way to servers; the token is for this one."""
        transport = SessionTransport(self._egress.session)
        return HttpOpener(transport, self._egress.policy, follows=follows, token=token, token_for=server.url)

    @property
    def names(self) -> set[str]:
        """What lies in the folder."""
        return {one.name for one in self.folder.iterdir()}


async def reached(condition: Callable[[], bool], *, every_s: float = 0.001) -> None:
    """Return when the condition holds; what a server or another process does sends no event."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - as the docstring says
            await asyncio.sleep(every_s)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """Give a folder and a way out."""
    egress = Egress(EgressPolicy())
    yield Bench(tmp_path, egress)
    await egress.close()


@pytest.fixture
async def server() -> AsyncIterator[FileServer]:
    """Give a server with a file of a million bytes: 16 parts as these tests cut it."""
    async with serving() as one:
        yield one
