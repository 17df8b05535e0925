"""Where python-tuf keeps what it trusts: one process at a time, and nothing in it that could not be fetched again."""

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from gateway.catalogue.trust.errors import HubError

_LOOK_S: Final = 0.05


class TrustDirectory:
    """A directory of our own, mode 0700, with python-tuf's files in `metadata`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.metadata = path / "metadata"

    @contextlib.contextmanager
    def locked(self, within_s: float, pause: Callable[[float], None]) -> Iterator[None]:
        """Keep other processes out; what a killed one left half written is removed (CAT-33).

        Raises:
            HubError: busy: another one is still at it after so many seconds.
            OSError: the directory cannot be made or written.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _take(lock, within_s, pause)
            if not self.metadata.is_dir():
                self.start_again()
            for leftover in self.metadata.glob("tmp*"):
                leftover.unlink(missing_ok=True)
            yield
        finally:
            os.close(lock)

    def start_again(self) -> None:
        """Forget everything: the next refresh begins at the root that this installation knows."""
        shutil.rmtree(self.metadata, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.metadata.unlink()  # something that is no directory stands in its place
        self.metadata.mkdir(mode=0o700, exist_ok=True)


def _take(lock: int, within_s: float, pause: Callable[[float], None]) -> None:
    until = time.monotonic() + within_s
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise HubError("busy", "another process is reading the hub into the same directory") from None
            pause(_LOOK_S)
        else:
            return
