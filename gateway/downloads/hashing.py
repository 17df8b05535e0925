"""What has arrived is hashed while the rest still comes; what is left at the end is the phase "verify".

In a thread, a few megabytes at a time: hashlib lets the loop go on meanwhile, and a cancellation waits 20 ms at most.
"""

import asyncio
import hashlib
from typing import Final

from gateway.downloads.errors import DownloadError
from gateway.downloads.part_file import PartFile
from gateway.downloads.parts import Part, Parts
from gateway.downloads.progress import Meter

_BUFFER: Final = 256 * 1024
"""Bytes read and hashed at a time: the processor still has near it what it hashes."""
_STEP: Final = 16 * 1024 * 1024
"""Bytes between two looks at the loop: 20 ms."""


class WholeHash:
    """The SHA-256 of a file that grows without gaps from its beginning."""

    def __init__(self, file: PartFile) -> None:
        self._file = file
        self._seen = hashlib.sha256()
        self._at = 0
        self._buffer = memoryview(bytearray(_BUFFER))
        self._turn = asyncio.Lock()

    def restart(self) -> None:
        """Begin anew: what was hashed is not there any more."""
        self._seen, self._at = hashlib.sha256(), 0

    async def follow(self, parts: Parts) -> None:
        """Hash what is here by now."""
        await self._to(parts.prefix_from(self._at))

    async def finish(self, size: int, meter: Meter) -> str:
        """Hash the rest and return the digest in hex.

        Raises:
            DownloadError: the disk does not give back what was written.
        """
        meter.begin("verify", self._at, size)
        while self._at < size:
            await self._to(min(self._at + _STEP, size))
            meter.at(self._at)
        return self._seen.hexdigest()

    async def _to(self, stop: int) -> None:
        async with self._turn:
            while self._at < stop:
                await self._file.run(lambda: self._hash(min(self._at + _STEP, stop)))

    def _hash(self, stop: int) -> None:
        while self._at < stop:
            buffer = self._buffer[: min(_BUFFER, stop - self._at)]
            count = _read(self._file, buffer, self._at)
            self._seen.update(buffer[:count])
            self._at += count


async def chunks_differ(file: PartFile, part: Part, chunk: int, hashes: tuple[str, ...]) -> bool:
    """Whether a part has another content than the list of its chunks says.

    Raises:
        DownloadError: the disk does not give back what was written.
    """

    def look() -> bool:
        buffer = memoryview(bytearray(_BUFFER))
        for start in range(part.start, part.stop, chunk):
            seen, at, stop = hashlib.sha256(), start, min(start + chunk, part.stop)
            while at < stop:
                count = _read(file, buffer[: min(_BUFFER, stop - at)], at)
                seen.update(buffer[:count])
                at += count
            if seen.hexdigest() != hashes[start // chunk]:
                return True
        return False

    return await file.run(look)


def _read(file: PartFile, buffer: memoryview, offset: int) -> int:
    try:
        count = file.read(buffer, offset)
    except OSError as error:
        raise file.failure(error) from error
    if count == 0:
        raise DownloadError("unwritable", path=file.target, reason="it became shorter while it was written")
    return count
