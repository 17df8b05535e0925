"""When a configuration file has changed: its path is looked at, not an open file, and not its folder's events.

A path can be looked at wherever it lies. Events are missing on network and container mounts, and a ConfigMap's swap of
`..data` gives none for the file itself (libraries.md section 5). A change counts when it has stood still for one look:
whoever writes in two halves is read once, whole. A file that vanishes for a moment, between a delete and a rename, is
waited for.
"""

import asyncio
import os
from pathlib import Path
from typing import Final, TypeAlias

LOOK_S: Final = 0.5
"""How often the path is looked at, 20 us each: a change is read within a second."""
GONE_LOOKS: Final = 10
"""Looks without a file before its absence is told."""

Mark: TypeAlias = tuple[str, int, int, int, int, int] | None
"""Where the path leads, and device, inode, times and size there; None for no file."""


def mark_of(path: Path) -> Mark:
    """Return what tells one state of the file from another."""
    try:
        real = os.path.realpath(path, strict=True)
        found = os.stat(real)  # noqa: PTH116 - of the very path that the line before found
    except OSError:
        return None
    return real, found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size


class Watch:
    """One file. `look` says whether it is time to read it again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = mark_of(path)
        self._last = self._read
        self._gone = 0

    async def taken(self) -> None:
        """Note that the file is about to be read as it is now: what somebody else asked for is not read twice."""
        self._read = self._last = await asyncio.to_thread(mark_of, self._path)

    async def look(self) -> bool:
        """Look once; True when the file changed and has stood still since the last look, or is gone for good."""
        mark = await asyncio.to_thread(mark_of, self._path)  # a mount may hang
        still, self._last = mark == self._last, mark
        self._gone = 0 if mark is not None else self._gone + 1
        if mark == self._read or not still or 0 < self._gone < GONE_LOOKS:
            return False
        self._read = mark
        return True
