"""One refresh and the files after it, as python-tuf's thread does them; only the bridge touches the loop."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from msgspec import Struct
from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.api.metadata import TargetFile

from gateway.catalogue.entry import is_newer
from gateway.catalogue.index import INDEX_PATH, BadIndex, CatalogueIndex, read_index
from gateway.catalogue.namespace import Vouch
from gateway.catalogue.trust.bridge import Bridge
from gateway.catalogue.trust.deadlines import Deadlines
from gateway.catalogue.trust.directory import TrustDirectory
from gateway.catalogue.trust.errors import HubError
from gateway.catalogue.trust.failures import explained
from gateway.catalogue.trust.floor import TimeFloor
from gateway.catalogue.trust.high_water import Mark, Marks
from gateway.catalogue.trust.updater import HubUpdater
from gateway.catalogue.trust.vouches import vouches

_T = TypeVar("_T")
_FAILURES: Final = (RepositoryError, DownloadError, OSError, HubError)


class Seen(Struct, frozen=True):
    """What a refresh found, all of it verified. Times are unix milliseconds."""

    index: CatalogueIndex
    mark: Mark
    expires_ms: int
    signed_at_ms: int | None
    clock_behind_ms: int
    publishers: tuple[Vouch, ...] = ()


class HubSession:
    """`refresh` once, then `fetch` as often as needed."""

    def __init__(  # noqa: PLR0913 - keyword-only, each a part of how a hub is believed
        self,
        url: str,
        *,
        directory: TrustDirectory,
        bootstrap: bytes,
        bridge: Bridge,
        floor: TimeFloor,
        marks: Marks,
        deadlines: Deadlines,
    ) -> None:
        self.bridge = bridge
        self._url = url
        self._directory = directory
        self._bootstrap = bootstrap
        self._floor = floor
        self._marks = marks
        self._deadlines = deadlines
        self._updater: HubUpdater | None = None

    def refresh(self) -> Seen:
        """Return what is current.

        Raises:
            HubError: nothing new can be believed.
        """
        self.bridge.begin(self._deadlines.refresh_s)
        return self._guarded(self._refreshed)

    def fetch(self, path: str, into: Path, *, max_length: int, deadline_s: float | None) -> None:
        """Write the target to a file, which is there whole and verified or as it was before.

        Nothing is fetched when the file there is the one that was signed.

        Raises:
            HubError: it is not there, longer than `max_length` bytes, or not what was signed.
        """
        info = self._guarded(lambda: self._info(path, max_length))
        self._explained(lambda: self._fetched(info, into, deadline_s))  # outside the lock: it may take minutes

    def has(self, path: str) -> bool:
        """Return whether a file of that name was signed.

        Raises:
            HubError: the role that would say so cannot be had.
        """
        updater = self._updater
        assert updater is not None  # as in `_info`
        self.bridge.begin(self._deadlines.refresh_s)
        return self._guarded(lambda: updater.get_targetinfo(path) is not None)

    def _refreshed(self) -> Seen:
        try:
            return self._attempt()
        except OSError as error:
            if explained(error, heard=self.bridge.heard, updater=None, now_ms=0).state == "disk-full":
                raise
            self._directory.start_again()  # what lies there cannot be used: all of it can be fetched again
            return self._attempt()

    def _attempt(self) -> Seen:
        self._updater = None
        updater = HubUpdater(
            self._directory.metadata,
            self._url,
            bridge=self.bridge,
            bootstrap=self._bootstrap,
            floor=self._floor,
            marks=self._marks,
        )
        self._updater = updater
        updater.refresh()
        index = _read(updater)
        expires_ms = updater.expires_ms  # of what the hub signs itself: a publisher's end is that of its namespace
        return Seen(
            index,
            updater.check_serial(index.serial),
            expires_ms,
            updater.signed_at_ms,
            updater.reference.behind_ms,
            vouches(updater),
        )

    def _info(self, path: str, max_length: int) -> TargetFile:
        assert self._updater is not None  # `TrustedHub` asks only where a refresh went well
        self.bridge.begin(self._deadlines.refresh_s)  # for the metadata of a role that was not asked yet
        info = self._updater.get_targetinfo(path)
        if info is None:
            raise HubError("torn", f"{path} is not among the files that the hub signed")
        if info.length > max_length:
            raise HubError("oversize", f"{path} has {info.length} bytes, and {max_length} are allowed")
        return info

    def _fetched(self, info: TargetFile, into: Path, deadline_s: float | None) -> None:
        assert self._updater is not None  # `_info` looked
        if _is_there(info, into):
            return
        within_s = self._deadlines.for_file(info.length) if deadline_s is None else deadline_s
        self.bridge.begin(within_s, file_deadline_s=within_s)
        part = into.with_name(f"{into.name}.part")
        try:
            self._updater.download_target(info, str(part))
            with part.open("rb") as written:
                os.fsync(written.fileno())
            part.replace(into)
        finally:
            part.unlink(missing_ok=True)

    def _guarded(self, act: Callable[[], _T]) -> _T:
        """Do what reads or writes the directory; one process at a time."""

        def alone() -> _T:
            with self._directory.locked(self._deadlines.lock_s, self.bridge.pause):
                return act()

        return self._explained(alone)

    def _explained(self, act: Callable[[], _T]) -> _T:
        try:
            return act()
        except _FAILURES as error:
            now_ms = self._floor.clock.now_ms()
            raise explained(error, heard=self.bridge.heard, updater=self._updater, now_ms=now_ms) from error


def _is_there(info: TargetFile, path: Path) -> bool:
    try:
        with path.open("rb") as file:
            info.verify_length_and_hashes(file)
    except (OSError, RepositoryError):
        return False
    return True


def _read(updater: HubUpdater) -> CatalogueIndex:
    """Return the index.

    Raises:
        HubError: outdated: it is for a later program; torn: there is none.
    """
    info = updater.get_targetinfo(INDEX_PATH)
    try:
        index = read_index(None if info is None else info.custom)
    except BadIndex as error:
        raise HubError("outdated" if error.needs_upgrade else "torn", f"the hub has no usable list: {error}") from error
    if index.min_client is not None and is_newer(index.min_client):
        raise HubError("outdated", f"the hub's list is for modelport {index.min_client} or later")
    return index
