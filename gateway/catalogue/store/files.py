"""Where the list's file lies, and how another one takes its place. Files only, no SQL.

`catalog.db` is a link to `catalog-<n>.<pid>.db`. A new list is a new file: it is synced, then the link is renamed over
the old one, so that a kill leaves the one or the other. Under one name the new file would meet the write-ahead log of
the old one, which belongs to a file by its name alone.
"""

import contextlib
import os
import re
from pathlib import Path
from typing import Final

_FILE: Final = re.compile(r"catalog-([0-9]+)\.[0-9]+\.db")
_OTHERS: Final = ("", "-wal", "-shm", "-journal")
_DAMAGED_KEPT: Final = 2


class Files:
    """The files of one folder; `path` is the link."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._folder = path.parent
        self._mark = path.parent / f"{path.name}.open-{os.getpid()}"

    def current(self) -> Path | None:
        """Return the file that is in use, None when there is none yet."""
        try:
            return self._folder / self.path.readlink()
        except FileNotFoundError:
            return None
        except OSError:  # somebody put a file or a folder of that name there
            return self.path

    def new(self) -> Path:
        """Return the name of the file to build, and see to its folder.

        It is never that of the file in use, also where somebody removed that: readers know their file by its name.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        current = self.current()
        used = None if current is None else _FILE.fullmatch(current.name)
        number = 1 + max(0 if used is None else int(used[1]), *(number for number, _ in self._all()), 0)
        return self._folder / f"catalog-{number}.{os.getpid()}.db"

    def switch(self, to: Path) -> None:
        """Put the finished file in use; readers of the old one go on with it until they ask again."""
        _sync(to)
        old = self.current()
        link = self._folder / f".{self.path.name}.{os.getpid()}"
        link.unlink(missing_ok=True)
        link.symlink_to(to.name)
        link.replace(self.path)
        _sync(self._folder)
        if old is not None and old not in {to, self.path}:
            _remove(old)

    def set_aside(self, now_s: int) -> Path | None:
        """Keep a damaged file under the name of its second, two of them at most; nothing is in use then."""
        damaged = self.current()
        if damaged is None:
            return None
        kept = self._folder / f"{self.path.name}.corrupt-{now_s}"
        for ending in ("", "-wal"):  # what was written last lies in the log
            with contextlib.suppress(FileNotFoundError):
                damaged.with_name(damaged.name + ending).replace(kept.with_name(kept.name + ending))
        if damaged != self.path:
            self.path.unlink(missing_ok=True)
        _remove(damaged)
        all_kept = sorted(one for one in self._folder.glob(f"{self.path.name}.corrupt-*") if one.name[-1].isdigit())
        for one in all_kept[:-_DAMAGED_KEPT]:
            _remove(one)
        return kept if kept.exists() else None

    def opened(self) -> bool:
        """Leave a mark that this process has the list open; return whether one that had it was killed."""
        self._folder.mkdir(parents=True, exist_ok=True)
        killed = False
        for one in self._folder.glob(f"{self.path.name}.open-*"):
            number = one.name.rpartition("-")[2]
            if number == str(os.getpid()) or not _lives(number):  # in a container every process has the number 1
                killed = True
                one.unlink(missing_ok=True)
        self._mark.touch()
        return killed

    def closed(self) -> None:
        """Take the mark away."""
        self._mark.unlink(missing_ok=True)

    def clean(self) -> None:
        """Remove what a process that was killed left behind; only who has the lease may do so."""
        current = self.current()
        for _, one in self._all():
            if one != current:
                _remove(one)

    def _all(self) -> list[tuple[int, Path]]:
        if not self._folder.is_dir():
            return []
        return [(int(found[1]), one) for one in self._folder.iterdir() if (found := _FILE.fullmatch(one.name))]


def discard(path: Path) -> None:
    """Remove a file that was not finished."""
    _remove(path)


def _remove(path: Path) -> None:
    for ending in _OTHERS:
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _lives(number: str) -> bool:
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
