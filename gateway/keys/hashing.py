"""What is kept of a key: HMAC-SHA256(pepper, secret) (security.md KEY-2, KEY-3). Pure.

A slow hash would protect a weak secret; these have 256 random bits, so the fast one costs nothing in safety. The
pepper stands outside the database: a dump alone can neither be searched nor extended by a key of the thief's own.
"""

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache

from gateway.vault.root_keys import RootKeys
from gateway.vault.secret import Secret

_BLOCK_BYTES = 64  # of SHA-256


@dataclass(frozen=True, slots=True)
class HashedSecret:
    """A secret as it lies in the database, with the pepper that made it."""

    pepper_id: str
    digest: bytes = field(repr=False)


def hash_secret(secret: Secret, peppers: RootKeys) -> HashedSecret:
    """Return the secret's hash under the current pepper."""
    pepper = peppers.current
    return HashedSecret(pepper.id, digest(pepper.value, secret.reveal()))


def digest(pepper: bytes, secret: str) -> bytes:
    """Return the HMAC of a text, of a malformed one too: every refusal does the same work (KEY-10).

    By RFC 2104 from prepared halves: hmac.digest() looks the algorithm up anew, which takes 8 us more of each call.
    """
    prepared_inner, prepared_outer = _halves(pepper)
    inner, outer = prepared_inner.copy(), prepared_outer.copy()
    inner.update(secret.encode("utf-8", "backslashreplace"))
    outer.update(inner.digest())
    return outer.digest()


@lru_cache(maxsize=16)  # as many peppers as are configured
def _halves(pepper: bytes) -> tuple["hashlib._Hash", "hashlib._Hash"]:
    block = (pepper if len(pepper) <= _BLOCK_BYTES else hashlib.sha256(pepper).digest()).ljust(_BLOCK_BYTES, b"\0")
    return hashlib.sha256(bytes(b ^ 0x36 for b in block)), hashlib.sha256(bytes(b ^ 0x5C for b in block))
