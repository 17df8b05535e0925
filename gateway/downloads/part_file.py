"""The file while it is not whole: hidden beside its later name, in the hands of one process, with room for all of it.

Everything that touches the disk runs in threads of its own, and nothing is closed while a thread is at work: whoever is
cancelled here waits for the write that is under way, a megabyte or so.
"""

import asyncio
import errno
import fcntl
import os
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from gateway.downloads.errors import DownloadError, shown_size
from gateway.downloads.part_state import drop_state

T = TypeVar("T")

SPARE: Final = 0.05
"""Of what is to be fetched: room that must be left over, for whatever else writes to this disk meanwhile."""
_THREADS: Final = 4
"""One hashes, one writes through to the disk, and of the others each has a block to write."""
_WRITE_THROUGH: Final = 64 * 1024 * 1024
"""Bytes after which what was written is brought from memory to the disk, so that the end has little to wait for."""
_LOOK_S: Final = 0.1
"""How often the lock of another download of the same file is tried."""
_AT_ONCE: Final = 32 * 1024
"""Bytes of one write. From 64 KiB on Linux keeps them in large pages, and in a virtual machine these are often memory
that its host has taken back: then a write costs ten times the CPU (measured)."""
_UNSUPPORTED: Final = frozenset({errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})
_BLOCK: Final = 512  # what st_blocks counts in
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class PartFile:
    """The bytes of a download. `path` is hidden beside `target`, `state_path` is where its state is kept."""

    def __init__(self, target: Path, *, alone: bool = False) -> None:
        self.target = target
        self.path = target.with_name(f".{target.name}.part")
        self.state_path = target.with_name(f".{target.name}.part.json")
        self.alone = alone
        """Whether nobody minds that a write stops the loop."""
        self.finished = False
        """Whether it has its name."""
        self._handle = -1
        self._behind = 0
        self._through: asyncio.Future[None] | None = None
        self.lost: OSError | None = None
        """Why the disk could not keep what was written: the next run would not be told, so nothing is left for it."""
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="download")

    @property
    def is_mine(self) -> bool:
        """Whether it is in the hands of this download."""
        return self._handle >= 0

    @property
    def size(self) -> int:
        """Bytes that are set aside for it now."""
        return os.fstat(self._handle).st_size

    async def open(self, waits: Callable[[], None] = lambda: None) -> bool:
        """Take the file, waiting for another download of the same one to end; return whether it had to wait.

        `waits` is called once when it does. Raises DownloadError when the folder cannot be written.
        """
        waited = False
        try:
            await self.run(lambda: self.target.parent.mkdir(parents=True, exist_ok=True))
            while not await self.run(self._take):
                if not waited:
                    waits()
                waited = True
                await asyncio.sleep(_LOOK_S)
        except OSError as error:
            raise self.failure(error) from error
        return waited

    async def close(self) -> None:
        """Let the file go, once every thread is done with it."""
        self._pool.shutdown(wait=False)
        while any(thread.is_alive() for thread in self._pool._threads):  # noqa: SLF001,ASYNC110 - shutdown(wait=True) would stop the loop
            await asyncio.sleep(0.002)
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    async def run(self, work: Callable[[], T]) -> T:
        """Return what the work returns, in a thread; a cancellation waits for its end."""
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait({future})
            raise

    def begin(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Have it done beside what else goes on; whoever begins it waits for its end."""
        return asyncio.get_running_loop().create_task(work)

    async def allocate(self, size: int) -> None:
        """Make room for the whole file, or say now that there is none.

        Raises:
            DownloadError: the disk is too small.
        """
        try:
            await self.run(lambda: self._allocate(size))
        except OSError as error:
            raise self.failure(error, size) from error

    def wrote(self, count: int) -> None:
        """Note that so many bytes more were written; now and then that brings them to the disk, beside all else."""
        self._behind += count
        if self._behind >= _WRITE_THROUGH and (self._through is None or self._through.done()):
            self._behind = 0
            self._through = asyncio.get_running_loop().run_in_executor(self._pool, self._write_through)

    def write(self, pieces: Sequence[bytes | memoryview], offset: int) -> None:
        """Write the pieces one behind the other; for a thread. Raises OSError."""
        for piece in pieces:
            left = memoryview(piece)
            while left:
                count = os.pwrite(self._handle, left[:_AT_ONCE], offset)
                offset, left = offset + count, left[count:]

    def read(self, buffer: memoryview, offset: int) -> int:
        """Fill the buffer from there on and return how many bytes these are; for a thread. Raises OSError."""
        return os.preadv(self._handle, [buffer], offset)

    async def finish(self) -> None:
        """Give the file its name: all of it is on the disk then, name included.

        Raises:
            DownloadError: the disk failed.
        """
        try:
            await self.run(self._finish)
        except OSError as error:
            raise self.failure(error) from error

    async def discard(self) -> None:
        """Take away what is here."""
        await self.run(lambda: self.path.unlink(missing_ok=True))

    def failure(self, error: OSError, size: int = 0) -> DownloadError:
        """Return what the disk said, in words."""
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            free = _free(self.target.parent)
            return DownloadError(
                "disk_full", folder=self.target.parent, free=shown_size(free), needed=shown_size(size * (1 + SPARE))
            )
        return DownloadError("unwritable", path=self.target, reason=(error.strerror or str(error)).lower())

    def _take(self) -> bool:
        """Open and lock the file; False when somebody has it. It may have got its name or gone before the lock came."""
        handle = os.open(self.path, _FLAGS, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_named(handle, self.path):
                self._handle, handle = handle, -1
                return True
        except BlockingIOError:
            pass
        finally:
            if handle >= 0:
                os.close(handle)
        return False

    def _allocate(self, size: int) -> None:
        stat = os.fstat(self._handle)
        missing = max(0, size - stat.st_blocks * _BLOCK)
        if missing * (1 + SPARE) > _free(self.target.parent):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.ftruncate(self._handle, size)
        if size and missing:
            try:
                os.posix_fallocate(self._handle, 0, size)
            except OSError as error:  # a file system that cannot promise room: then a full disk shows later
                if error.errno not in _UNSUPPORTED:
                    raise

    def _write_through(self) -> None:
        try:
            os.fdatasync(self._handle)
        except OSError as error:  # the system tells of it once: `_finish` passes it on
            self.lost = error

    def _finish(self) -> None:
        if self.lost is not None:
            raise self.lost
        try:
            os.fsync(self._handle)
        except OSError as error:
            self.lost = error
            raise
        os.fchmod(self._handle, 0o666 & ~_umask())
        self.path.replace(self.target)
        self.finished = True
        drop_state(self.state_path)
        folder = os.open(self.target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _free(folder: Path) -> int:
    stat = os.statvfs(folder)
    return stat.f_bavail * stat.f_frsize


def _is_named(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat(follow_symlinks=False))
    except FileNotFoundError:
        return False


def _umask() -> int:
    """Return the process' mask as Linux shows it: asking by setting it would let another thread's file through."""
    try:
        lines = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
        return int(next(line for line in lines if line.startswith("Umask:")).split()[1], 8)
    except (OSError, StopIteration, ValueError, IndexError):
        return 0o022
