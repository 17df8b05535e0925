"""A package back into a directory: streamed, checked against its digests, whole files or none.

Names in a manifest are a stranger's words: one that leaves the directory stops everything before a byte is written.
"""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, Final

from msgspec import Struct

from gateway.downloads.artefact import Artefact
from gateway.downloads.engine import ALONE, Download
from gateway.downloads.errors import DownloadError
from gateway.downloads.progress import Notify as Watch
from gateway.downloads.progress import Progress
from gateway.publish.authority import Scope
from gateway.publish.blobs import BlobOpener
from gateway.publish.client import RegistryClient
from gateway.publish.destination import MAX_MANIFEST
from gateway.publish.messages import PublishError
from gateway.publish.package import FILEPATH, MANIFEST, digest_of
from gateway.publish.reference import Reference
from gateway.publish.unpack import compression_of, unpack

_TITLE: Final = "org.opencontainers.image.title"
"""What packages of other tools have in place of the model's own annotation."""
_OK, _NOT_FOUND = 200, 404
_ACCEPT: Final = f"{MANIFEST}, application/vnd.docker.distribution.manifest.v2+json"

Notify = Callable[[dict[str, Any]], None]


class File(Struct, frozen=True):
    """A layer and where it goes."""

    path: Path
    name: str
    digest: str
    size: int
    compression: str | None = None
    """Of an archive, which is unpacked beside it and goes then; None for a plain file."""


class Pull:
    """One pull."""

    def __init__(
        self, client: RegistryClient, reference: Reference, directory: Path, *, notify: Notify = lambda _: None
    ) -> None:
        self._client = client
        self._reference = reference
        self._directory = directory
        self._notify = notify
        self._scope = Scope(reference.repository, "pull")
        self.digest = ""

    async def run(self, *, overwrite: bool = False) -> list[File]:
        """Return the files, all of them there and checked.

        Raises:
            PublishError: it is not there, no package, holds a bad name or other bytes than it says.
        """
        files = self._files(await self._manifest())
        self._notify({"event": "package", "digest": self.digest, "size": sum(file.size for file in files)})
        done: list[File] = []
        for file in files:
            if file.compression is not None:
                done += await self._unpack(file, overwrite=overwrite)
                continue
            done.append(file)
            if await asyncio.to_thread(_has, file):
                self._told(file, "exists")
                continue
            if file.path.exists() and not overwrite:
                raise PublishError("file_in_the_way", path=file.path)
            await self._fetch(file)
            self._told(file, "written")
        return done

    async def _unpack(self, file: File, *, overwrite: bool) -> list[File]:
        """Fetch an archive, check it whole, and only then look into it."""
        await self._fetch(file)
        try:
            found = await asyncio.to_thread(
                unpack,
                file.path,
                self._place,
                compression=file.compression or "",
                reference=self._reference,
                overwrite=overwrite,
            )
        except OSError as error:
            raise PublishError("file_unwritable", path=file.path, reason=(error.strerror or "").lower()) from error
        finally:
            file.path.unlink(missing_ok=True)
        files = []
        for one in found:
            files.append(File(one.path, one.name, file.digest, one.size))
            self._told(files[-1], "written" if one.is_new else "exists")
        return files

    async def _manifest(self) -> dict[str, Any]:
        path = f"/v2/{self._reference.repository}/manifests/{self._reference.target}"
        answer = await self._client.ask("GET", path, scope=self._scope, headers={"Accept": _ACCEPT}, limit=MAX_MANIFEST)
        if answer.status == _NOT_FOUND:
            raise PublishError("absent", reference=self._reference)
        if answer.status in {401, 403}:
            raise self._client.authority.refusal()
        if answer.status != _OK:
            raise PublishError(
                "unexpected", registry=self._client.place, status=answer.status, what="the manifest", says=answer.says
            )
        self.digest = digest_of(answer.body)
        if self._reference.digest not in {None, self.digest}:
            raise PublishError(
                "digest_differs", what="The manifest", reference=self._reference, digest=self._reference.digest
            )
        data = answer.data
        if not isinstance(data, dict) or not isinstance(data.get("layers"), list):
            raise PublishError("not_a_package", reference=self._reference, why="its manifest lists no layers")
        return data

    def _files(self, manifest: dict[str, Any]) -> list[File]:
        """Return where each layer goes; every name is judged before anything is written."""
        files: dict[str, File] = {}
        for layer in manifest["layers"]:
            file = self._file(layer if isinstance(layer, dict) else {})
            if file.name in files:
                why = f'it has two files "{file.name}"'
                raise PublishError("not_a_package", reference=self._reference, why=why)
            files[file.name] = file
        return list(files.values())

    def _file(self, layer: dict[str, Any]) -> File:
        notes = layer.get("annotations")
        name = (notes.get(FILEPATH) or notes.get(_TITLE)) if isinstance(notes, dict) else None
        digest, size, kind = layer.get("digest"), layer.get("size"), str(layer.get("mediaType"))
        if not isinstance(name, str) or not isinstance(digest, str) or not isinstance(size, int) or size < 0:
            raise PublishError("not_a_package", reference=self._reference, why="a layer has no file name")
        if not digest.startswith("sha256:") or len(digest) != len("sha256:") + 64 or not digest[7:].isalnum():
            raise PublishError("not_a_package", reference=self._reference, why="a layer's digest is no sha256")
        compression = compression_of(kind)
        if compression is None:
            return File(self._place(name), name, digest, size)
        if compression not in {"", "gzip"}:
            why = f'"{name}" is an archive compressed with {compression}, and gzip alone is known here'
            raise PublishError("not_unpacked", reference=self._reference, why=why)
        self._place(name)
        return File(self._directory / f".{digest[7:19]}.tar", name, digest, size, compression)

    def _place(self, name: str) -> Path:
        pure = PurePosixPath(name)
        odd = "\\" in name or "\0" in name or not name.isprintable() or (len(name) > 1 and name[1] == ":")
        parts = pure.parts
        if odd or pure.is_absolute() or not parts or ".." in parts or str(pure) != name:
            raise PublishError("path_leaves", reference=self._reference, path=name)
        path = self._directory / pure
        if not path.parent.resolve().is_relative_to(self._directory.resolve()):
            raise PublishError("path_leaves", reference=self._reference, path=name)
        return path

    async def _fetch(self, file: File) -> None:
        """Bring a layer here, in parts and from where the last pull stopped; it has its name when it is whole."""
        artefact = Artefact(
            url=f"/v2/{self._reference.repository}/blobs/{file.digest}", size=file.size, sha256=file.digest[7:]
        )
        opener = BlobOpener(self._client, self._scope)
        try:
            await Download(artefact, file.path, opener, overwrite=True, rules=ALONE, notify=self._count()).run()
        except DownloadError as error:
            raise self._explained(error, file) from error

    def _count(self) -> Watch:
        """Return what tells of bytes as they come; what an earlier pull has left comes at once."""
        before = 0

        def count(progress: Progress) -> None:
            nonlocal before
            if progress.phase == "fetch" or (progress.phase == "done" and before):
                self._notify({"event": "bytes", "count": progress.bytes - before})
                before = progress.bytes

        return count

    def _explained(self, error: DownloadError, file: File) -> PublishError:
        place = self._client.place
        if error.name in {"digest_differs", "length_differs"}:
            return PublishError("digest_differs", what=file.name, reference=self._reference, digest=file.digest)
        if error.name in {"disk_full", "unwritable"}:
            return PublishError("file_unwritable", path=file.path, reason=error.values.get("reason", error.message))
        if error.name == "refused":
            what = f'the file "{file.name}"'
            return PublishError("unexpected", registry=place, status=error.values["status"], what=what, says="")
        return PublishError("download_broke_off", place=place, reason=error.message)

    def _told(self, file: File, state: str) -> None:
        self._notify({"event": "layer", "name": file.name, "digest": file.digest, "size": file.size, "state": state})


def _has(file: File) -> bool:
    """Whether the very file is there already."""
    try:
        if file.path.stat().st_size != file.size:
            return False
        with file.path.open("rb") as opened:
            return f"sha256:{hashlib.file_digest(opened, 'sha256').hexdigest()}" == file.digest
    except OSError:
        return False
