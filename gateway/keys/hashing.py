"""What is kept of a key: HMAC-SHA256(pepper, secret) (security.md KEY-2, KEY-3). Pure.

A slow hash would protect a weak secret; these have 256 random bits, so the fast one costs nothing in safety. The
pepper stands outside the database: a dump alone can neither be searched nor extended by a key of the thief's own.
"""

import hmac
from dataclasses import dataclass, field
from functools import lru_cache

from gateway.vault.root_keys import RootKeys
from gateway.vault.secret import Secret


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
    """Return the HMAC of a text, of a malformed one too: every refusal does the same work (KEY-10)."""
    prepared = _prepared(pepper).copy()
    prepared.update(secret.encode("utf-8", "backslashreplace"))
    return prepared.digest()


@lru_cache(maxsize=16)  # as many peppers as are configured; looking the algorithm up anew took 8 us of each call
def _prepared(pepper: bytes) -> hmac.HMAC:
    return hmac.new(pepper, digestmod="sha256")
