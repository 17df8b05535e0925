"""A download as an operation: carried out by whichever process has it, and gone on with after a restart."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from gateway.downloads.artefact import Artefact, Artefacts
from gateway.downloads.engine import Download, Downloaded
from gateway.downloads.folder import place
from gateway.downloads.opening import Opener
from gateway.downloads.progress import Progress
from gateway.errors import GatewayError
from gateway.operations import store
from gateway.operations.job import Cancelled, Interrupted, Job, Result
from gateway.storage.engine import Database

_LOOK_S: Final = 0.25
"""Between two looks at what is wanted of a download."""
_NOTE_S: Final = 1.0
"""Between two notes of how far it is, each a small transaction."""


class Carrier:
    """Carries downloads out, `at_once` of them at a time in this process; the others stand in line."""

    def __init__(
        self,
        database: Database,
        opener: Callable[[], Opener],
        *,
        folder: Callable[[], Path],
        at_once: Callable[[], int],
        artefacts: Artefacts,
    ) -> None:
        self._database = database
        self._opener = opener
        self._folder = folder
        self._at_once = at_once
        self._artefacts = artefacts
        self._running = 0

    async def __call__(self, job: Job) -> Result:
        """Fetch the file and return what came of it; see `operations.job`."""
        while True:
            job.check()
            if job.cancel_requested:
                await self._cancelled(job)
            if self._running < self._at_once() and not await self._is_paused(job):
                done = await self._some(job)
                if done is not None:
                    return _result(job, done)
            else:
                await job.pause(_NOTE_S)

    async def _some(self, job: Job) -> Downloaded | None:
        """Fetch until it is there; None when it is to stand still or to end."""
        told: list[Progress] = []
        download = await self._download(job, told.append)
        self._running += 1
        running = asyncio.get_running_loop().create_task(download.run(), name=f"download {job.record.id}")
        try:
            while True:
                for _ in range(round(_NOTE_S / _LOOK_S)):
                    job.check()
                    if job.cancel_requested:
                        return None
                    if (await asyncio.wait({running}, timeout=_LOOK_S))[0]:
                        done = running.result()
                        await job.note(done=done.size, total=done.size)
                        return done
                if told:
                    await _note(job, told[-1])
                    told.clear()
                if await self._is_paused(job):
                    return None
        finally:
            self._running -= 1
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError, GatewayError):
                await running

    async def _download(self, job: Job, notify: Callable[[Progress], None]) -> Download:
        wish = job.record.parameters
        artefact = Artefact(
            url=wish["url"], size=wish["size"], sha256=wish["sha256"], mirrors=tuple(wish.get("mirrors") or ())
        )
        if wish.get("entry"):
            with contextlib.suppress(GatewayError):  # an entry that has gone: the file is known well enough
                found = await self._artefacts.find(wish["entry"], wish.get("quant"))
                artefact = found if found.sha256 == artefact.sha256 else artefact
        target = place(self._folder(), wish["name"])
        return Download(artefact, target, self._opener(), overwrite=bool(wish.get("overwrite")), notify=notify)

    async def _cancelled(self, job: Job) -> None:
        download = await self._download(job, lambda _: None)
        await download.discard()
        raise Cancelled({"name": job.record.parameters["name"], "kept": False})

    async def _is_paused(self, job: Job) -> bool:
        async with self._database.read() as conn:
            record = await store.find(conn, job.record.id)
        if record is None:
            raise Interrupted
        return bool(record.parameters.get("paused"))


async def _note(job: Job, progress: Progress) -> None:
    cursor: dict[str, Any] = {"phase": progress.phase, "rate": progress.rate, "eta": progress.eta}
    if (progress.bytes, cursor) != (job.record.done, job.record.cursor):
        await job.note(done=progress.bytes, total=progress.total, cursor=cursor)


def _result(job: Job, done: Downloaded) -> Result:
    return {
        "name": job.record.parameters["name"],
        "host": socket.gethostname(),
        "size": done.size,
        "sha256": done.sha256,
        "verified": done.verified,
        "state": done.state,
        "fetched": done.fetched,
    }
