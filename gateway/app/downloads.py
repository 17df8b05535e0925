"""Downloads of one process: where the catalogue's files are named, where they go, and who carries them out.

What fetches is imported when the first download begins: a start without one never does.
"""

import asyncio
import contextlib
import json
import tempfile
from pathlib import Path
from typing import Any, Final

from yarl import URL

from gateway.app.catalogue import Catalogue
from gateway.app.work import Work
from gateway.audit.trail import Trail
from gateway.catalogue.service import unknown
from gateway.declared.hot import Live
from gateway.downloads.artefact import Artefact
from gateway.downloads.choosing import choose, hashes_of
from gateway.downloads.routes import DownloadRoutes
from gateway.downloads.service import DownloadService
from gateway.downloads.views import KIND
from gateway.errors import GatewayError, Unprocessable
from gateway.operations.job import Job, Result
from gateway.operations.runner import Runner
from gateway.storage.clock import Clock
from gateway.storage.engine import Database
from gateway.upstream.transport import Transport

_LINE: Final = 66  # a digest in hex, and its end of line


class Entries:
    """The files that the catalogue names (`downloads.artefact.Artefacts`)."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def find(self, entry_id: str, quant: str | None = None) -> Artefact:
        """Return the weights of an entry; see `choose`."""
        found = await (await self._catalogue.opened()).lists.get(entry_id)
        if found is None or found[0].is_gone:
            raise unknown(entry_id)
        if found[0].standing == "quarantined":
            why = await self._catalogue.service.reason_of(entry_id)
            raise Unprocessable(
                f"the catalogue's entry {entry_id!r} cannot be used: {why}",
                code="entry_unusable",
                hint="tell the hub's owner",
            )
        artifacts = json.loads(found[0].body).get("artifacts") or ()
        artefact = choose(entry_id, artifacts, quant)
        named: dict[str, Any] = next((one for one in artifacts if one.get("sha256") == artefact.sha256), {})
        chunks = await self._chunks(named)
        return choose(entry_id, artifacts, quant, chunks=chunks) if chunks else artefact

    async def _chunks(self, named: Any) -> tuple[str, ...]:
        """Return the hashes of a file's chunks; none where the hub is away: the whole file's hash decides anyway."""
        path, chunk, size = named.get("chunks_target"), named.get("chunk"), named.get("size")
        if not (path and chunk and size):
            return ()
        with tempfile.TemporaryDirectory(prefix="modelport-") as folder, contextlib.suppress(GatewayError):
            into, most = Path(folder, "chunks"), (size // chunk + 1) * _LINE
            if await self._catalogue.fetch(path, into, max_length=most):
                return hashes_of(await asyncio.to_thread(into.read_bytes), -(-size // chunk))
        return ()


class Downloads:
    """`service` is what the API asks."""

    def __init__(  # noqa: PLR0913 - keyword-only from the second on
        self,
        live: Live,
        *,
        database: Database,
        clock: Clock,
        trail: Trail,
        work: Work,
        transport: Transport,
        catalogue: Catalogue,
    ) -> None:
        self._live = live
        self._database = database
        self._transport = transport
        self._artefacts = Entries(catalogue)
        self._carrier: Any = None
        self.service = DownloadService(
            work.operations,
            database=database,
            clock=clock,
            trail=trail,
            folder=self._folder,
            judge=self._judge,
            artefacts=self._artefacts,
        )

    def routes(self) -> DownloadRoutes:
        """Return what the API has of it."""
        return DownloadRoutes(self.service)

    def begin(self, runner: Runner) -> None:
        """Carry out downloads that somebody asks for, here or elsewhere."""
        runner.register(KIND, self._carry_out)

    async def _carry_out(self, job: Job) -> Result:
        if self._carrier is None:
            # Inner import: see the module.
            from gateway.downloads.job import Carrier

            self._carrier = Carrier(
                self._database,
                self._opener,
                folder=self._folder,
                at_once=lambda: self._live.settings.downloads.at_once,
                artefacts=self._artefacts,
            )
        result: Result = await self._carrier(job)
        return result

    def _opener(self) -> Any:
        # Inner import: see the module.
        from gateway.downloads.opening import HttpOpener

        return HttpOpener(self._transport, self._live.policy, follows=True)

    def _folder(self) -> Path:
        return self._live.settings.downloads_folder

    def _judge(self, url: URL) -> None:
        self._live.policy.judge(url)
