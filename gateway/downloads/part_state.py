"""What of a file is on the disk, kept beside it for the next run: version, address, validators, size, SHA-256, parts.

Written as a whole to another name and renamed, so that it is the old or the new one after a kill at any moment. What it
says is here has been written before; what was lost all the same (power, a bad disk) shows when the file is verified.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, field

from gateway.downloads.answers import Validator, validator_from
from gateway.downloads.artefact import Artefact
from gateway.downloads.parts import Parts, read_map, written_map

VERSION: Final = 1
_MAX_BYTES: Final = 16 * 1024 * 1024
"""A petabyte in parts of 8 MiB takes as much; whatever is longer was not written here."""


class PartState(Struct):
    """How far a download is. `validators` are those of each server that was asked, by its address."""

    url: str
    sha256: str | None
    parts: Parts
    validators: dict[str, Validator] = field(default_factory=dict)

    def text(self) -> str:
        """Return it as it is kept."""
        return json.dumps(
            {
                "version": VERSION,
                "url": self.url,
                "sha256": self.sha256,
                "size": self.parts.size,
                "part": self.parts.part,
                "done": written_map(self.parts),
                "written": {str(number): count for number, count in self.parts.written.items()},
                "validators": {
                    url: {"etag": one.etag, "modified": one.modified} for url, one in self.validators.items()
                },
            }
        )

    def fits(self, artefact: Artefact, part: int) -> bool:
        """Whether a download of the artefact may go on from here.

        Without a SHA-256 only where the same server says, by an ETag or a date, that it is the same file.
        """
        if self.sha256 != artefact.sha256 or self.parts.part != part:
            return False
        if artefact.size not in {None, self.parts.size}:
            return False
        return artefact.sha256 is not None or (self.url == artefact.url and bool(self.validators.get(self.url)))


def read_state(path: Path) -> PartState | None:
    """Return what is kept there; None when there is nothing that this version can read."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            return None
        return _read(json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def write_state(path: Path, text: str) -> None:
    """Put the text in place of what was there; after a kill it is the one or the other. Raises OSError."""
    beside = path.with_name(f"{path.name}.new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)  # it may hold a signed URL
    with os.fdopen(handle, "wb") as file:
        file.write(text.encode())
    beside.replace(path)


def drop_state(path: Path) -> None:
    """Forget it."""
    for one in (path, path.with_name(f"{path.name}.new")):
        with contextlib.suppress(FileNotFoundError):
            one.unlink()


def _read(data: Mapping[str, Any]) -> PartState | None:
    size, part, sha256 = data["size"], data["part"], data["sha256"]
    if data["version"] != VERSION or not (isinstance(size, int) and size >= 0 and isinstance(part, int) and part > 0):
        return None
    if not isinstance(data["url"], str) or not isinstance(sha256, str | None):
        return None
    parts = Parts(size, part)
    parts.done |= read_map(data["done"], len(parts))
    for number, count in data["written"].items():
        one = parts[int(number)] if int(number) < len(parts) else None
        if one is None or not isinstance(count, int) or not 0 <= count <= one.size or one.number in parts.done:
            return None
        parts.written[one.number] = count
    validators = {str(url): validator_from(one) for url, one in data["validators"].items()}
    return PartState(data["url"], sha256, parts, validators)
