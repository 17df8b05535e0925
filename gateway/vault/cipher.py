"""How a stored secret is sealed (security.md SEC-1): AES-256-GCM under a data key of its own, wrapped by a root key.

The additional data `<kind>:<id>:<field>:v<n>` binds both ciphertexts to their row, so one that was moved to another
row does not open. Only this module imports cryptography, and only when a secret is sealed or opened: a server
without stored secrets never pays for it.
"""

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec import Struct

from gateway.errors import ConfigError
from gateway.vault.root_keys import KEY_BYTES, RootKey
from gateway.vault.secret import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
"""What AES-GCM takes; random is safe here, since a data key seals one value and a root key far fewer than 2**32."""


class Place(Struct, frozen=True):
    """The row that a secret belongs to."""

    owner_kind: str
    owner_id: str
    field: str
    version: int

    def bound(self) -> bytes:
        """Return the additional data that ties a ciphertext to this place."""
        return f"{self.owner_kind}:{self.owner_id}:{self.field}:v{self.version}".encode()


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret as it lies in the database."""

    kek_id: str
    wrapped_key: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)


def seal(secret: Secret, place: Place, root: RootKey) -> Sealed:
    """Encrypt the secret for this place."""
    data_key, nonce, bound = os.urandom(KEY_BYTES), os.urandom(NONCE_BYTES), place.bound()
    return Sealed(
        kek_id=root.id,
        wrapped_key=_wrap(data_key, root, bound),
        nonce=nonce,
        ciphertext=_aes(data_key).encrypt(nonce, secret.reveal().encode(), bound),
    )


def unseal(sealed: Sealed, place: Place, root: RootKey) -> Secret:
    """Decrypt the secret.

    Raises:
        ConfigError: the key is another one, or the row was changed or belongs elsewhere.
    """
    bound = place.bound()
    plain = _open(_unwrap(sealed, root, bound), sealed.nonce, sealed.ciphertext, bound)
    return Secret(plain.decode())


def rewrap(sealed: Sealed, place: Place, old: RootKey, new: RootKey) -> Sealed:
    """Wrap the same data key by another root key; the secret itself is not decrypted.

    Raises:
        ConfigError: as in `unseal`.
    """
    bound = place.bound()
    return Sealed(new.id, _wrap(_unwrap(sealed, old, bound), new, bound), sealed.nonce, sealed.ciphertext)


def _wrap(data_key: bytes, root: RootKey, bound: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _aes(root.value).encrypt(nonce, data_key, bound)


def _unwrap(sealed: Sealed, root: RootKey, bound: bytes) -> bytes:
    return _open(root.value, sealed.wrapped_key[:NONCE_BYTES], sealed.wrapped_key[NONCE_BYTES:], bound)


def _open(key: bytes, nonce: bytes, ciphertext: bytes, bound: bytes) -> bytes:
    # Inner import: 30 ms that only a server with stored secrets pays.
    from cryptography.exceptions import InvalidTag

    try:
        return _aes(key).decrypt(nonce, ciphertext, bound)
    except (InvalidTag, ValueError) as error:
        raise ConfigError(
            "a stored secret does not open: its row was changed or moved, or the key-encryption key is another one",
            hint="set the credential again",
        ) from error


def _aes(key: bytes) -> "AESGCM":  # quoted: imported for the type checker alone
    # Inner import: as above.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)
