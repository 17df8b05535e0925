"""How python-tuf's thread reads from a hub: each batch of bytes is asked for on the application's loop (CAT-30).

python-tuf's own fetcher times only the gap between two bytes and follows redirects; a drip of 20 B/s passed it (section
8). Here a file has a total deadline, and a failure is one of python-tuf's `DownloadError`s, with ours as its cause.
"""

import asyncio
import concurrent.futures
import contextlib
import tempfile
import threading
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import IO, Any, Final

from tuf.api import exceptions
from tuf.ngclient.config import UpdaterConfig
from tuf.ngclient.fetcher import FetcherInterface
from yarl import URL

from gateway.catalogue.trust.answers import BadStatus, Download, Heard
from gateway.catalogue.trust.deadlines import Deadlines
from gateway.catalogue.trust.errors import HubError
from gateway.upstream.transport import Transport

_GRACE_S: Final = 5.0
"""A loop that does not answer so long after a deadline is given up."""


class Bridge(FetcherInterface):
    """A fetcher of python-tuf for one refresh and the files after it. `abort` may be called from the loop."""

    def __init__(
        self, transport: Transport, loop: asyncio.AbstractEventLoop, *, deadlines: Deadlines, scratch: Path
    ) -> None:
        self.heard = Heard()
        self.requests = 0
        self.received = 0
        self._transport = transport
        self._loop = loop
        self._deadlines = deadlines
        self._scratch = scratch
        self._file_deadline_s: float | None = None
        self._until = time.monotonic() + deadlines.refresh_s
        self._aborted = threading.Event()
        self._waiting: concurrent.futures.Future[bytes] | None = None

    def begin(self, total_s: float, *, file_deadline_s: float | None = None) -> None:
        """Note that an act begins which may take so long, and each target in it."""
        self._until = time.monotonic() + total_s
        self._file_deadline_s = file_deadline_s

    def abort(self) -> None:
        """End what is under way, and everything that would come after it."""
        self._aborted.set()
        if (waiting := self._waiting) is not None:
            waiting.cancel()

    def pause(self, seconds: float) -> None:
        """Let the thread rest.

        Raises:
            DownloadError: it was called off.
        """
        if self._aborted.wait(seconds):
            raise exceptions.DownloadError("called off")

    @contextlib.contextmanager
    def download_file(self, url: str, max_length: int) -> Iterator[IO[bytes]]:
        """Give a file without a name that holds what is at the URL, at most `max_length` bytes."""
        deadline_s = self._file_deadline_s or self._deadlines.for_file(max_length)
        with tempfile.TemporaryFile(dir=self._scratch) as file:
            for batch in self._batches(url, max_length, deadline_s):
                file.write(batch)
            file.seek(0)
            yield file

    def download_bytes(self, url: str, max_length: int) -> bytes:
        """Return what is at the URL; for metadata, which are small."""
        return b"".join(self._batches(url, max_length, self._deadlines.metadata_s))

    def _fetch(self, url: str) -> Iterator[bytes]:
        """Return the bytes (the interface's own duty; python-tuf asks through the two above)."""
        return self._batches(url, UpdaterConfig.targets_max_length, self._deadlines.metadata_s)

    def _batches(self, url: str, limit: int, deadline_s: float) -> Iterator[bytes]:
        self.requests += 1
        within_s = min(deadline_s, max(self._until - time.monotonic(), 0.0))
        download = Download(self._transport, URL(url), limit=limit, deadline_s=within_s, heard=self.heard)
        try:
            while batch := self._on_loop(download.next(), download.remaining_s):
                self.received += len(batch)
                yield batch
        finally:
            with contextlib.suppress(RuntimeError):  # the loop is closed, and so is every connection
                self._loop.call_soon_threadsafe(download.close)

    def _on_loop(self, step: Coroutine[Any, Any, bytes], within_s: float) -> bytes:
        if self._aborted.is_set():
            step.close()
            raise exceptions.DownloadError("called off")
        try:
            future = self._waiting = asyncio.run_coroutine_threadsafe(step, self._loop)
        except RuntimeError as error:
            step.close()
            raise exceptions.DownloadError("the loop is closed") from error
        if self._aborted.is_set():  # between the look above and now: nobody else could cancel it
            future.cancel()
        try:
            return future.result(within_s + _GRACE_S)
        except HubError as error:
            raise _as_download_error(error) from error
        except concurrent.futures.CancelledError as error:
            raise exceptions.DownloadError("called off") from error
        except TimeoutError as error:
            future.cancel()
            raise exceptions.SlowRetrievalError("the application's loop does not answer") from error
        finally:
            self._waiting = None


def _as_download_error(error: HubError) -> exceptions.DownloadError:
    if isinstance(error, BadStatus):
        return exceptions.DownloadHTTPError(error.message, error.answered)
    if error.kind == "slow":
        return exceptions.SlowRetrievalError(error.message)
    if error.kind == "oversize":
        return exceptions.DownloadLengthMismatchError(error.message)
    return exceptions.DownloadError(error.message)
