"""One download from beginning to end: `Download(...).run()`, which may be cancelled at any moment and called again.

A cancellation keeps what is here, for the next run in this or another process; `discard` takes it away. The file gets
its name when all of it has been checked and is on the disk, and nobody sees it earlier.
"""

import hashlib
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final, Literal

from msgspec import Struct

from gateway.downloads.artefact import Artefact
from gateway.downloads.errors import DownloadError
from gateway.downloads.opening import Opener
from gateway.downloads.part_file import PartFile
from gateway.downloads.part_state import drop_state
from gateway.downloads.plan import Plan
from gateway.downloads.progress import Meter, Notify, Progress, ticking
from gateway.downloads.run import Run
from gateway.downloads.sources import Rules

PATIENT: Final = Rules()
ALONE: Final = Rules(alone=True)
"""Of a command, whose loop has nothing else to do."""
_BLOCK: Final = 1024 * 1024
_BLOCKS: Final = 16
"""Blocks hashed between two looks at the loop: 20 ms."""


class Downloaded(Struct, frozen=True, kw_only=True):
    """A file that is there. `verified`: its content is the one that was promised; else nobody knew what to expect."""

    path: Path
    size: int
    sha256: str
    verified: bool
    state: Literal["written", "exists"]
    fetched: int = 0
    """Bytes that came in this run; others were here before."""


def nobody(_: Progress) -> None:
    """Take progress that nobody wants to see."""


class Download:
    """One file. With `verify` off it is taken as it comes where no SHA-256 is known."""

    def __init__(  # noqa: PLR0913 - keyword-only but what goes where
        self,
        artefact: Artefact,
        target: Path,
        opener: Opener,
        *,
        verify: bool = True,
        overwrite: bool = False,
        rules: Rules = PATIENT,
        notify: Notify = nobody,
        now: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        if verify and artefact.sha256 is None:
            raise DownloadError("hash_missing")
        self._artefact = artefact
        self._target = target
        self._overwrite = overwrite
        self._meter = Meter(notify, now)
        self._plan = Plan(artefact=artefact, opener=opener, rules=rules, meter=self._meter, now=now, chance=chance)

    async def run(self) -> Downloaded:
        """Return the file once it is there and checked.

        Raises:
            GatewayError: it cannot be had; what has arrived is kept where going on may help.
        """
        with ticking(self._meter):
            return await self._run()

    async def discard(self) -> None:
        """Take away what is here of a download that nobody wants any more; not while it runs."""
        file = PartFile(self._target)
        try:
            await file.open()
            await file.run(lambda: drop_state(file.state_path))
            await file.discard()
        finally:
            await file.close()

    async def _run(self) -> Downloaded:
        file = PartFile(self._target, alone=self._plan.rules.alone)
        run = Run(self._plan, file)
        try:
            await file.open(lambda: self._meter.begin("wait", 0, self._artefact.size))
            if (there := await self._there(file)) is not None:
                await run.drop()
                return there
            size, sha256 = await run.go()
            return Downloaded(
                path=self._target,
                size=size,
                sha256=sha256,
                verified=self._artefact.sha256 is not None,
                state="written",
                fetched=run.fetched,
            )
        finally:
            try:
                await run.leave()
            finally:
                await file.close()

    async def _there(self, file: PartFile) -> Downloaded | None:
        """Return the very file if it is there already.

        Raises:
            DownloadError: another one is, and it may not be replaced.
        """
        try:
            found = await self._hashed(file)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise file.failure(error) from error
        if found is not None and found[1] == self._artefact.sha256:
            size, sha256 = found
            self._meter.begin("done", size, size)
            return Downloaded(path=self._target, size=size, sha256=sha256, verified=True, state="exists")
        if not self._overwrite:
            raise DownloadError("file_there", path=self._target)
        return None

    async def _hashed(self, file: PartFile) -> tuple[int, str] | None:
        """Return size and SHA-256 of what has the name; None when it cannot be what is wanted. Raises OSError."""
        wanted = self._artefact
        size = (await file.run(self._target.stat)).st_size
        if wanted.sha256 is None or wanted.size not in {None, size} or not self._target.is_file():
            return None
        seen, buffer = hashlib.sha256(), memoryview(bytearray(_BLOCK))
        self._meter.begin("verify", 0, size)
        with self._target.open("rb", buffering=0) as there:

            def some() -> int:
                return _hash(there, seen.update, buffer)

            at = 0
            while count := await file.run(some):
                at += count
                self._meter.at(at)
        return size, seen.hexdigest()


def _hash(file: IO[bytes], update: Callable[[memoryview], None], buffer: memoryview) -> int:
    """Hash the next blocks and return how many bytes these were; 0 at the end."""
    at = 0
    for _ in range(_BLOCKS):
        count = file.readinto(buffer)  # type: ignore[attr-defined]  # a raw file has it
        if not count:
            break
        update(buffer[:count])
        at += count
    return at
