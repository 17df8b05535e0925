"""A client that is none of ours: python-tuf's updater on a folder, and section 5's way from one list to the next."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient.fetcher import FetcherInterface
from tuf.ngclient.updater import Updater

from gateway.catalogue.canonical import decode
from gateway.catalogue.index import INDEX_PATH, CatalogueIndex, Snapshot, find_path, read_index
from gateway.catalogue.operation import Del, Put, apply, parse_operation
from gateway.catalogue.state_hash import StateHash, entry_sha


class Folder(FetcherInterface):
    """Reads `file:` URLs; counts what a web server would have sent."""

    def __init__(self) -> None:
        self.requests = 0
        self.received = 0

    def _fetch(self, url: str) -> Iterator[bytes]:
        self.requests += 1
        path = Path(unquote(urlsplit(url).path))
        if not path.is_file():
            raise DownloadHTTPError("not there", 404)
        content = path.read_bytes()
        self.received += len(content)
        yield content


class Client:
    """Follows a hub from the root that it was given first."""

    def __init__(self, hub: Path, cache: Path, root: bytes) -> None:
        self._hub = hub
        self._cache = cache
        self._root = root
        self.fetcher = Folder()
        self.serial: int | None = None
        self.entries: dict[str, dict[str, Any]] = {}

    def refresh(self) -> tuple[Updater, CatalogueIndex]:
        """Return the updater after a refresh, and what the hub offers."""
        self._cache.mkdir(exist_ok=True)
        url = self._hub.as_uri()
        self.fetcher = Folder()
        updater = Updater(
            str(self._cache), f"{url}/metadata/", None, f"{url}/targets/", self.fetcher, bootstrap=self._root
        )
        updater.refresh()
        target = updater.get_targetinfo(INDEX_PATH)
        assert target is not None
        return updater, read_index(target.custom)

    def sync(self) -> list[str]:
        """Arrive at the hub's list; return the paths that were fetched. The state is verified."""
        updater, index = self.refresh()
        way = find_path(index, self.serial)
        paths = [way.path] if isinstance(way, Snapshot) else [one.path for one in way]
        for path in paths:
            lines = self.fetch(updater, path)
            if isinstance(way, Snapshot):
                self.entries = {value["id"]: value for value in map(decode, lines)}
                continue
            operations = [one for one in map(parse_operation, lines) if isinstance(one, Put | Del)]
            assert len(operations) == len(lines)
            apply(self.entries, operations)
        self.serial = index.serial
        state = StateHash((id_, entry_sha(value)) for id_, value in self.entries.items())
        assert state.hexdigest() == index.snapshot.state_sha256
        assert len(self.entries) == index.snapshot.count
        return paths

    def fetch(self, updater: Updater, path: str) -> list[bytes]:
        """Return the lines of a packed target."""
        return gzip.decompress(self.fetch_file(updater, path)).splitlines()

    def fetch_file(self, updater: Updater, path: str) -> bytes:
        """Return a target's bytes, verified."""
        target = updater.get_targetinfo(path)
        assert target is not None, path
        return Path(updater.download_target(target, str(self._cache / "target"))).read_bytes()
