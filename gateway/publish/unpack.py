"""A layer that is an archive, back into files (PUB-13: `.tar` and `.tar+gzip`), as a stranger packed it.

Every member is judged before a byte is written: plain files and folders alone, no name that leaves the directory, no
link, device or hole, and no more than a limit that honest packages never reach.
"""

import gzip
import hashlib
import os
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

from msgspec import Struct

from gateway.publish.messages import PublishError

ARCHIVE: Final = ".tar"
MAX_MEMBERS: Final = 100_000
MAX_RATIO: Final = 100
"""How much larger than the layer its content may be: weights hardly shrink, texts to a tenth."""
FREE: Final = 64 * 1024 * 1024  # bytes that a small layer may hold, whatever its size
_CHUNK: Final = 512 * 1024
_MAX_READ: Final = 1024 * 1024
"""A header that claims to be longer is none: tarfile reads names and attributes whole."""

Place = Callable[[str], Path]


class Unpacked(Struct, frozen=True):
    """A file of an archive; `is_new` unless the very same one was there."""

    path: Path
    name: str
    size: int
    is_new: bool


def compression_of(kind: str) -> str | None:
    """Return how a layer of this media type is compressed, None where it is no archive, "" for none.

    >>> [compression_of(f"application/vnd.cncf.model.doc.v1.{end}") for end in ("raw", "tar", "tar+gzip", "tar+zstd")]
    [None, '', 'gzip', 'zstd']
    """
    _, found, rest = kind.rpartition(ARCHIVE)
    if not found or (rest and rest[0] not in "+."):
        return None
    return {"gz": "gzip", "zst": "zstd"}.get(rest[1:], rest[1:])


def unpack(archive: Path, place: Place, *, compression: str, reference: object, overwrite: bool) -> list[Unpacked]:
    """Write the files of an archive where `place` says that their names lead, and return them.

    Raises:
        PublishError: it holds what is not unpacked, or is none; nothing was written, unless a file is in the way.
    """
    limit = FREE + MAX_RATIO * archive.stat().st_size
    try:
        with _opened(archive, compression) as tar:
            names = {member.name: place(_name(member)) for member in _judged(tar, reference, limit)}
        with _opened(archive, compression) as tar:
            return [_write(tar, member, names[member.name], overwrite=overwrite) for member in tar if member.isfile()]
    except (tarfile.TarError, EOFError, ValueError, zlib.error, gzip.BadGzipFile, _TooLong) as error:
        raise _refused(reference, f"an archive in it is broken ({error})") from error


def _judged(tar: tarfile.TarFile, reference: object, limit: int) -> Iterator[tarfile.TarInfo]:
    """Yield the files; raise PublishError for what is not unpacked."""
    seen: set[str] = set()
    size = 0
    for number, member in enumerate(tar):
        if number >= MAX_MEMBERS:
            raise _refused(reference, f"an archive in it has more than {MAX_MEMBERS} files")
        if member.isdir():
            continue
        if not member.isreg() or member.issparse():
            raise _refused(reference, f'"{_printable(member.name)}" in it is {_what(member)}, which is not unpacked')
        if _name(member) in seen:
            raise _refused(reference, f'it has two files "{_printable(member.name)}"')
        seen.add(_name(member))
        size += member.size
        if size > limit:
            raise _refused(reference, f"an archive in it unpacks to more than {MAX_RATIO} times its size")
        yield member


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path, *, overwrite: bool) -> Unpacked:
    """Write a file beside and give it its name when it is whole; one with the same content stays."""
    if path.exists() and _same(tar, member, path):
        return Unpacked(path, _name(member), member.size, is_new=False)
    if path.exists() and not overwrite:
        raise PublishError("file_in_the_way", path=path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as opened:
            for chunk in _chunks(tar, member):
                opened.write(chunk)
        Path(beside).chmod(0o644)  # neither the owner nor the rights that the archive names
        Path(beside).replace(path)
    finally:
        with suppress(FileNotFoundError):
            Path(beside).unlink()
    return Unpacked(path, _name(member), member.size, is_new=True)


def _same(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> bool:
    if not path.is_file() or path.stat().st_size != member.size:
        return False
    seen = hashlib.sha256()
    for chunk in _chunks(tar, member):
        seen.update(chunk)
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest() == seen.digest()


def _chunks(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    content = tar.extractfile(member)
    assert content is not None  # it is a plain file
    left = member.size
    while left > 0:
        if not (chunk := content.read(min(_CHUNK, left))):
            raise tarfile.ReadError("it ends in the middle of a file")
        left -= len(chunk)
        yield chunk


def _name(member: tarfile.TarInfo) -> str:
    return member.name.removeprefix("./")  # what `tar -C DIR .` writes


class _TooLong(Exception):
    """Something claims more memory than it gets."""

    def __str__(self) -> str:
        return "a header is too long"


class _Bounded:
    """A file that is read in small pieces only."""

    def __init__(self, file: gzip.GzipFile | IO[bytes]) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes; raise _TooLong when that is more than a piece."""
        if not 0 <= size <= _MAX_READ:
            raise _TooLong
        return self._file.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@contextmanager
def _opened(archive: Path, compression: str) -> Iterator[tarfile.TarFile]:
    with gzip.open(archive) if compression == "gzip" else archive.open("rb") as file:
        bounded: Any = _Bounded(file)  # tarfile wants read, seek and tell
        with tarfile.open(fileobj=bounded, mode="r:") as tar:
            yield tar


def _what(member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return "a link"
    return "a file with holes" if member.issparse() else "a device"


def _refused(reference: object, why: str) -> PublishError:
    return PublishError("not_unpacked", reference=reference, why=why)


def _printable(name: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in name)[:200]
