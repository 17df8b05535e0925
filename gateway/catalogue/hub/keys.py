"""Private keys as files, one for each role and three for the root: PKCS #8, ed25519, 0600, encrypted where one wants.

The folder also holds `root.json`, the root that is trusted: what lies in the public folder is verified against it
before anything is signed anew, for whoever can write there must not have our signature put under it.
"""

import os
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.signer import CryptoSigner

from gateway.catalogue.hub.errors import HubFault
from gateway.catalogue.hub.folder import read_file, write_whole

ROOT_KEYS: Final = ("root-1", "root-2", "root-3")
TRUSTED_ROOT: Final = "root.json"


class Keys:
    """The folder of keys. `passphrase` encrypts new keys, and opens those that are encrypted."""

    def __init__(self, folder: Path, passphrase: bytes | None = None) -> None:
        self.folder = folder
        self._passphrase = passphrase or None

    @staticmethod
    def new() -> CryptoSigner:
        """Return a new key that is kept nowhere yet."""
        return CryptoSigner(Ed25519PrivateKey.generate())

    def keep(self, name: str, signer: CryptoSigner) -> None:
        """Write a key, in the place of the one that had its name."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        protection = BestAvailableEncryption(self._passphrase) if self._passphrase else NoEncryption()
        content = signer._private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)  # noqa: SLF001 - securesystemslib writes keys unencrypted alone
        write_whole(self._path(name), content, mode=0o600)

    def find(self, name: str) -> CryptoSigner | None:
        """Return a key, None when it is not kept here.

        Raises:
            HubFault: it cannot be opened, or others may read it.
        """
        path = self._path(name)
        if not path.exists():
            return None
        if path.stat().st_mode & 0o077 and os.name == "posix":
            raise HubFault(f"{path} may be read by others than its owner", hint=f"chmod 600 {path}")
        try:
            key = load_pem_private_key(read_file(path), self._passphrase)
        except TypeError as error:
            return self._opened_otherwise(path, error)
        except ValueError as error:
            wrong = "the passphrase is wrong, or it is no key" if self._passphrase else "it is no key"
            raise HubFault(f"{path} cannot be opened: {wrong}") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise HubFault(f"{path} is no ed25519 key")
        return CryptoSigner(key)

    def get(self, name: str) -> CryptoSigner:
        """Return a key.

        Raises:
            HubFault: as `find`; or it is not here.
        """
        if (found := self.find(name)) is None:
            raise HubFault(
                f"the key {name} is not in {self.folder}", hint=f"bring {self._path(name).name} there and try again"
            )
        return found

    def rename(self, old: str, new: str) -> None:
        """Have a key take the place of the one that is not believed any more."""
        self._path(old).replace(self._path(new))

    @property
    def trusted_root(self) -> Path:
        """Where the root is kept that is trusted."""
        return self.folder / TRUSTED_ROOT

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.pem"

    def _opened_otherwise(self, path: Path, error: TypeError) -> CryptoSigner:
        if self._passphrase is None:
            raise HubFault(f"{path} is encrypted", hint="give --passphrase-file") from error
        return Keys(self.folder).get(path.stem)  # written before there was a passphrase
