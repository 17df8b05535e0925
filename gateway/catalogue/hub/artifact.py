"""A file of a model as an entry names it: its size, its hash, and the hashes of its chunks as a target of their own."""

import hashlib
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from gateway.catalogue.fitness import is_id
from gateway.catalogue.hub.errors import HubFault

CHUNK: Final = 8 * 1024 * 1024
"""Bytes with a hash of their own: what one bad byte costs a download (catalogue.md section 11)."""
_READ = 1024 * 1024  # bytes at a time


class Described(Struct, frozen=True):
    """A file, and the list of its chunks: one SHA-256 in hex on each line; None where it has one chunk alone."""

    artifact: dict[str, Any]
    chunks: bytes | None


def describe(  # noqa: PLR0913 - keyword-only, each a member of the entry
    path: Path,
    id_: str,
    *,
    url: str,
    role: str = "weights",
    quant: str | None = None,
    mirrors: tuple[str, ...] = (),
    chunk: int = CHUNK,
) -> Described:
    """Read a file once, and return what an entry says of it.

    Raises:
        HubFault: it cannot be read, or its name cannot be part of a target's.
    """
    target = f"artifacts/{id_}/{path.name}.chunks"
    if not is_id(target):
        raise HubFault(
            f"{path.name!r} cannot be part of a path: letters, digits and . _ - + are meant", hint="rename it"
        )
    whole, hashes, size = _read(path, chunk)
    artifact: dict[str, Any] = {"role": role, "url": url, "size": size, "sha256": whole}
    if quant:
        artifact["quant"] = quant
    if mirrors:
        artifact["mirrors"] = list(mirrors)
    if len(hashes) < 2:  # noqa: PLR2004 - the whole file's hash says as much
        return Described(artifact, None)
    return Described(
        artifact | {"chunk": chunk, "chunks_target": target}, "".join(f"{one}\n" for one in hashes).encode()
    )


def with_artifact(entry: dict[str, Any], artifact: dict[str, Any]) -> dict[str, Any]:
    """Return an entry that has the file, in the place of one of the same role and quantisation."""
    kept = [one for one in entry.get("artifacts", ()) if _names(one) != _names(artifact)]
    return {**entry, "artifacts": [*kept, artifact]}


def _names(artifact: dict[str, Any]) -> tuple[Any, Any]:
    return artifact.get("role"), artifact.get("quant")


def _read(path: Path, chunk: int) -> tuple[str, list[str], int]:
    whole, size = hashlib.sha256(), 0
    hashes: list[str] = []
    try:
        with path.open("rb") as file:
            while True:
                one, left = hashlib.sha256(), chunk
                while left and (read := file.read(min(left, _READ))):
                    whole.update(read)
                    one.update(read)
                    left -= len(read)
                if left == chunk:
                    return whole.hexdigest(), hashes, size
                hashes.append(one.hexdigest())
                size += chunk - left
    except OSError as error:
        raise HubFault(f"{path} cannot be read: {(error.strerror or '').lower()}", hint="check the path") from error
