"""The long part: blobs that the registry lacks, streamed from disk, and the manifest last (PUB-11, PUB-12).

Memory is a few chunks, whatever the size. A push that breaks off leaves no session open, and the next one sends only
what is still missing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any, Final

from msgspec import Struct, field

from gateway.publish.destination import Destination, Upload
from gateway.publish.memory import Memory
from gateway.publish.messages import PublishError
from gateway.publish.package import Layer, Package, Source, digest_of, stamp_of
from gateway.tasks import in_thread

CHUNK: Final = 256 * 1024
"""Bytes read and written at a time. Twice as many cost a quarter less CPU, and 62 of 64 MiB on a busy machine."""
AT_ONCE: Final = 2
"""Blobs on their way at a time: while one is hashed over there, the next one travels."""
_OK: Final = 200

Notify = Callable[[dict[str, Any]], None]


class Pushed(Struct):
    """What became of the blobs, by digest."""

    sent: dict[str, int] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    mounted: dict[str, int] = field(default_factory=dict)

    @property
    def done(self) -> set[str]:
        """The digests that the registry has."""
        return {*self.sent, *self.found, *self.mounted}


class Push:
    """One push. `outcome` tells how far it came, also after an error."""

    def __init__(
        self, destination: Destination, package: Package, memory: Memory, *, notify: Notify = lambda _: None
    ) -> None:
        self._to = destination
        self._package = package
        self._memory = memory
        self._notify = notify
        self.outcome = Pushed()

    async def run(self, *, overwrite: bool = False) -> Pushed:
        """Push everything and return what was sent.

        Raises:
            PublishError: the registry refused, or the way to it broke.
        """
        try:
            if await self._is_published(overwrite=overwrite):
                return self.outcome
            await self._send_config()
            await self._send_layers()
            await self._is_published(overwrite=overwrite)  # a long push: somebody may have been quicker
            answer = await self._to.put_manifest(self._package.manifest, self._to.reference.target)
            if not answer.is_good:
                raise self._to.manifest_refused(answer)
        finally:
            await self._to.close()
            reference = self._to.reference
            self._memory.keep_blobs(reference.registry, reference.repository, sorted(self.outcome.done))
        return self.outcome

    def still_to_send(self) -> list[Layer]:
        """Return the layers that the registry is not known to have."""
        done = self.outcome.done
        return [layer for layer in self._package.layers if layer.digest not in done]

    async def _is_published(self, *, overwrite: bool) -> bool:
        """Return whether the tag has this very package.

        Raises:
            PublishError: it has another one, and may not be overwritten.
        """
        digest = await self._to.tag()
        if digest is not None and digest != self._package.digest and not overwrite:
            raise PublishError(
                "tag_differs",
                repository=self._to.reference.repository,
                tag=self._to.reference.tag,
                digest=digest,
                mine=self._package.digest,
            )
        return digest == self._package.digest

    async def _send_config(self) -> None:
        content = self._package.config
        digest = digest_of(content)
        if await self._is_there(digest, len(content)):
            return
        upload = await self._open(digest, len(content))
        if upload is None:
            return
        answer = await self._to.put(upload, content, digest)
        if not answer.is_good:
            raise self._to.not_kept(answer)
        self.outcome.sent[digest] = len(content)

    async def _send_layers(self) -> None:
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(layer: Layer) -> None:
            async with turn:
                await self._send(layer)

        distinct = {layer.digest: layer for layer in self._package.layers}
        try:
            async with asyncio.TaskGroup() as group:
                for layer in distinct.values():
                    group.create_task(one(layer), name=f"push {layer.source.name}")
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None  # the first one; the others were cancelled for it

    async def _send(self, layer: Layer) -> None:
        if await self._is_there(layer.digest, layer.size):
            self._told(layer, "exists")
            return
        upload = await self._open(layer.digest, layer.size)
        if upload is None:
            self._told(layer, "mounted")
            return
        self._told(layer, "sending")
        answer = await self._to.client.upload(
            upload.url.extend_query({"digest": layer.digest}),
            lambda: self._content(layer.source),
            length=layer.size,
            scope=self._to.scope,
        )
        if not answer.is_good:
            if answer.code == "DIGEST_INVALID":
                raise PublishError("file_changed", path=layer.source.path)
            raise self._to.not_kept(answer)
        self._to.used_up(upload)
        self.outcome.sent[layer.digest] = layer.size
        self._told(layer, "sent")

    async def _is_there(self, digest: str, size: int) -> bool:
        answer = await self._to.client.ask("HEAD", self._to.path(f"blobs/{digest}"), scope=self._to.scope)
        if answer.status != _OK:
            return False  # what it means, if not 404, the upload tells
        self.outcome.found[digest] = size
        return True

    async def _open(self, digest: str, size: int) -> Upload | None:
        """Return an open session, None when the blob was mounted from another repository (PUB-11)."""
        reference = self._to.reference
        known = self._memory.where(reference.registry, digest, besides=reference.repository)
        upload = await self._to.open(mount=None if known is None else (digest, known))
        if upload is None:
            self.outcome.mounted[digest] = size
        return upload

    async def _content(self, source: Source) -> AsyncIterator[bytes]:
        """Yield the file; it is sent as it was hashed, or not at all."""
        if stamp_of(source.path) != source.stamp:
            raise PublishError("file_changed", path=source.path)
        try:
            with source.path.open("rb", buffering=0) as file:
                while chunk := await in_thread(partial(file.read, CHUNK)):
                    yield chunk
                    self._notify({"event": "bytes", "count": len(chunk)})
        except OSError as error:
            raise PublishError("file_unreadable", path=source.path, reason=(error.strerror or "").lower()) from error
        if stamp_of(source.path) != source.stamp:
            raise PublishError("file_changed", path=source.path)

    def _told(self, layer: Layer, state: str) -> None:
        self._notify(
            {"event": "layer", "name": layer.source.name, "digest": layer.digest, "size": layer.size, "state": state}
        )
