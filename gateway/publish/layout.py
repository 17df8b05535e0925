"""The packaged layout in the cache directory: an OCI image layout whose blobs are hard links, and what was hashed.

It outlives a push that failed, so that the next one hashes nothing again. A file is hashed once for as long as its
size, time and inode stay. `~/.cache/modelport/packages/NAME-HASH/`, by XDG_CACHE_HOME.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from gateway.publish.messages import PublishError
from gateway.publish.package import ARTIFACT, MANIFEST, Layer, Package, Source, digest_of, make, stamp_of

_CHUNK: Final = 1024 * 1024
_AT_ONCE: Final = 2  # files hashed at a time: a core each, and disks that seek are not made to
_MEMORY: Final = "hashes.json"


def cache_home() -> Path:
    """Return where a person's caches of modelport are (XDG base directory specification)."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(named) if named.startswith("/") else Path.home() / ".cache") / "modelport"


class Layout:
    """The layout of one directory."""

    def __init__(self, directory: Path, *, home: Path | None = None) -> None:
        absolute = directory.resolve()
        key = hashlib.sha256(os.fsencode(absolute)).hexdigest()[:12]
        self.name = absolute.name
        self.path = (home or cache_home()) / "packages" / f"{absolute.name}-{key}"
        self._known: dict[str, list[Any]] = self._recall()

    def known(self, sources: list[Source]) -> Package | None:
        """Return the package when no file changed since it was last hashed: then it costs nothing."""
        digests = [self._digest(source) for source in sources]
        if None in digests:
            return None
        layers = [Layer(source, str(digest)) for source, digest in zip(sources, digests, strict=True)]
        return make(layers, name=self.name)

    async def package(self, sources: list[Source], *, on_bytes: Callable[[int], None] = lambda _: None) -> Package:
        """Return the package, hashing what is new, and keep it. `on_bytes` is told as bytes are hashed.

        Raises:
            PublishError: a file cannot be read or changed meanwhile, or the cache cannot be written.
        """
        turn = asyncio.Semaphore(_AT_ONCE)

        async def one(source: Source) -> Layer:
            if digest := self._digest(source):
                on_bytes(source.size)
                return Layer(source, digest)
            async with turn:
                digest = await asyncio.to_thread(_hash, source, on_bytes)
            self._known[source.name] = [*source.stamp, digest]
            return Layer(source, digest)

        try:
            layers = await asyncio.gather(*(one(source) for source in sources))
        finally:
            self._remember()
        package = make(layers, name=self.name)
        self._write(package)
        return package

    def drop(self) -> None:
        """Let the blobs go after a push that succeeded; what was hashed stays known."""
        for name in ("blobs", "index.json", "oci-layout"):
            path = self.path / name
            with contextlib.suppress(OSError):
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def _digest(self, source: Source) -> str | None:
        kept = self._known.get(source.name)
        return str(kept[-1]) if kept and tuple(kept[:-1]) == source.stamp else None

    def _recall(self) -> dict[str, list[Any]]:
        try:
            kept = json.loads((self.path / _MEMORY).read_bytes())
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def _remember(self) -> None:
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(self.path / _MEMORY, json.dumps(self._known).encode())
        except OSError as error:
            raise PublishError("cache_unwritable", path=self.path, reason=(error.strerror or "").lower()) from error

    def _write(self, package: Package) -> None:
        blobs = self.path / "blobs" / "sha256"
        try:
            if blobs.exists():
                shutil.rmtree(blobs)  # links to files that have changed since would carry a wrong name
            blobs.mkdir(parents=True)
            for layer in package.layers:
                _link(layer.source.path, blobs / layer.digest.removeprefix("sha256:"))
            for content in (package.config, package.manifest):
                _write(blobs / digest_of(content).removeprefix("sha256:"), content)
            _write(self.path / "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
            entry = {
                "mediaType": MANIFEST,
                "artifactType": ARTIFACT,
                "digest": package.digest,
                "size": len(package.manifest),
            }
            _write(self.path / "index.json", json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode())
        except OSError as error:
            raise PublishError("cache_unwritable", path=self.path, reason=(error.strerror or "").lower()) from error


def _hash(source: Source, on_bytes: Callable[[int], None]) -> str:
    seen = hashlib.sha256()
    buffer = memoryview(bytearray(_CHUNK))
    try:
        with source.path.open("rb", buffering=0) as file:
            while count := file.readinto(buffer):
                seen.update(buffer[:count])
                on_bytes(count)
    except OSError as error:
        raise PublishError("file_unreadable", path=source.path, reason=(error.strerror or "").lower()) from error
    if stamp_of(source.path) != source.stamp:
        raise PublishError("file_changed", path=source.path)
    return f"sha256:{seen.hexdigest()}"


def _link(source: Path, blob: Path) -> None:
    """Make the blob's name lead to the file: a hard link survives its source; across disks a symbolic one must do."""
    if blob.exists() or blob.is_symlink():
        return  # two files with the same content
    try:
        blob.hardlink_to(source.resolve())
    except OSError:
        blob.symlink_to(source.resolve())


def _write(path: Path, content: bytes) -> None:
    """Write the whole file or nothing."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(path)
