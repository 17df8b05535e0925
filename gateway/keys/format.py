"""How a caller's key is written (security.md KEY-1). Pure.

    mp_<env>_<key id 10>_<secret 43>_<checksum 8>        71 characters
    mp_live_k3v9…_Zx0…_9f3a01bc

It is cut at fixed places and never split, because `_` and `-` belong to the secret's alphabet. The checksum (CRC-32)
finds typing errors without a database and lets secret scanners be sure. `env` says in the key itself what depends on
it: `live` is the default, `test` is for throw-away keys of pipelines and experiments; both have equal rights.
"""

import binascii
import secrets
from dataclasses import dataclass, field
from typing import Literal

from gateway.vault.secret import Secret

Environment = Literal["live", "test"]

KEY_ID_CHARACTERS = 10
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_SECRET_BYTES = 32
_ID_AT = len("mp_live_")
_SECRET_AT = _ID_AT + KEY_ID_CHARACTERS + 1
_CHECKSUM_AT = _SECRET_AT + 43 + 1
_LENGTH = _CHECKSUM_AT + 8

KEY_ID = slice(_ID_AT, _ID_AT + KEY_ID_CHARACTERS)
"""Where the key id stands in a presented key."""
SECRET = slice(_SECRET_AT, _CHECKSUM_AT - 1)
"""Where the secret stands in a presented key."""


@dataclass(frozen=True, slots=True)
class MintedKey:
    """A new key: what is remembered, and the text that its owner sees once."""

    env: Environment
    key_id: str
    secret: Secret = field(repr=False)
    text: Secret = field(repr=False)


def mint(env: Environment, key_id: str | None = None) -> MintedKey:
    """Return a new key with 256 random bits; a rotation keeps the `key_id`."""
    key_id = key_id or "".join(secrets.choice(_ALPHABET) for _ in range(KEY_ID_CHARACTERS))
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    body = f"{prefix(env, key_id)}{secret}"
    return MintedKey(env, key_id, Secret(secret), Secret(f"{body}_{_checksum(body)}"))


def prefix(env: str, key_id: str) -> str:
    """Return the beginning of a key, all that may be shown of it.

    >>> prefix("live", "abcdefghij")
    'mp_live_abcdefghij_'
    """
    return f"mp_{env}_{key_id}_"


def is_whole(presented: str, expected_prefix: str) -> bool:
    """Whether the text has the right length, this beginning and the checksum of its own characters.

    All three are worked out whatever the first one says: a refusal always costs the same (KEY-10).
    """
    length = len(presented) == _LENGTH
    beginning = presented.startswith(expected_prefix)
    ending = presented[_CHECKSUM_AT - 1 :] == f"_{_checksum(presented[: _CHECKSUM_AT - 1])}"
    return length and beginning and ending


def is_ours(presented: str) -> bool:
    """Whether somebody meant this as a key of modelport, well written or not."""
    return presented.startswith("mp_")


def _checksum(body: str) -> str:
    return f"{binascii.crc32(body.encode('utf-8', 'backslashreplace')):08x}"
