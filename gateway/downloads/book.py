"""The part-state file in step with the parts: what a worker has finished is noted before it begins another part."""

import asyncio

from gateway.downloads.part_file import PartFile
from gateway.downloads.part_state import PartState, write_state


class Book:
    """Keeps a state on the disk; those who come together share one write."""

    def __init__(self, file: PartFile, state: PartState) -> None:
        self._file = file
        self._state = state
        self._changes = 0
        self._kept = 0
        self._turn = asyncio.Lock()

    async def keep(self) -> None:
        """Return when what is known now is on the disk. Raises DownloadError when it cannot be written."""
        self._changes += 1
        mine = self._changes
        async with self._turn:
            if self._kept >= mine:
                return
            now, text = self._changes, self._state.text()
            try:
                await self._file.run(lambda: write_state(self._file.state_path, text))
            except OSError as error:
                raise self._file.failure(error) from error
            self._kept = now
