"""The bundled list, verified. Its own expiry is told, not refused: an old list that is known to be old beats none."""

import gzip
import io
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

from gateway.catalogue.index import CatalogueIndex
from gateway.errors import ConfigError, GatewayError

FOLDER: Final = Path(__file__).parent
_SIGNED_AT: Final = "x-modelport-signed-at"


class BundleDamaged(GatewayError):
    """The files that came with the program are not those that were signed: the installation is damaged."""

    default_code = "bundle_damaged"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the list of models that came with this program is damaged: {reason}", hint="install modelport again"
        )


class Bundled(Struct, frozen=True):
    """What came with the program."""

    root: bytes
    """Verifies the bundle alone: a hub has a root of its own."""
    index: CatalogueIndex
    signed_at_ms: int
    """When the list was signed, unix milliseconds: its age counts from here."""
    expires_ms: int
    """Until when such a list is current on a hub; past it the age is told, and the list serves on."""
    packed: bytes
    """The snapshot as a hub has it: JSON lines, gzip."""

    @property
    def lines(self) -> Iterator[bytes]:
        """Each entry's line, unpacked as it is read."""
        with gzip.open(io.BytesIO(self.packed)) as file:
            for line in file:
                yield line.rstrip(b"\n")


class Stamp(Struct, frozen=True):
    """Who signed what came with the program, and when; as in `Bundled`."""

    root: bytes
    signed_at_ms: int


def stamp(folder: Path = FOLDER) -> Stamp:
    """Return the two without a look at signatures, and without tuf: they are believed as the program itself is.

    Raises:
        BundleDamaged: a file is missing, or no metadata.
    """
    try:
        signed = json.loads((folder / "metadata" / "timestamp.json").read_bytes())["signed"]
        root = (folder / "root.json").read_bytes()
        signed_at = datetime.fromisoformat(str(signed[_SIGNED_AT]))
    except (OSError, LookupError, TypeError, ValueError) as error:
        raise BundleDamaged(str(error)) from error
    return Stamp(root, round(signed_at.timestamp() * 1000))


def bundled(folder: Path = FOLDER) -> Bundled:
    """Return the bundled list; every signature and hash is checked, up to `root.json`.

    Imports tuf, a fifth of a second: ask off the loop, and only where there is no list yet.

    Raises:
        BundleDamaged: a file is missing, or not the one that was signed.
    """
    # Inner imports: as said above.
    from gateway.catalogue.hub.keys import Keys
    from gateway.catalogue.hub.publish import index_of
    from gateway.catalogue.hub.repository import Repository
    from gateway.catalogue.hub.roles import CATALOG

    try:
        repository = Repository.open(folder, Keys(folder))
        index = index_of(repository)
        if index is None:
            raise BundleDamaged("it has no index")
        packed = repository.read_target(repository.targets(CATALOG).targets[index.snapshot.path])
        signed_at = datetime.fromisoformat(str(repository.timestamp.unrecognized_fields[_SIGNED_AT]))
    except (ConfigError, KeyError, ValueError) as error:
        raise BundleDamaged(str(error)) from error
    return Bundled(
        root=repository.keys.trusted_root.read_bytes(),
        index=index,
        signed_at_ms=round(signed_at.timestamp() * 1000),
        expires_ms=round(min(map(repository.expiry, repository.roles)).timestamp() * 1000),
        packed=packed,
    )
