"""How each row seals the one before it (LIF-20): HMAC-SHA256 over the last row's hash and its text. Pure.

The keys lie outside the database, like the pepper: whoever can write the database alone cannot forge a row. Each text
says which key sealed it, so that older keys still verify what they sealed.
"""

import hmac
from typing import Protocol

GENESIS = "0" * 64
"""Stands for the hash before the first row."""


class Key(Protocol):
    """One key of 32 bytes with a name that tells nothing about it."""

    @property
    def id(self) -> str:
        """Which one it is."""
        ...

    @property
    def value(self) -> bytes:
        """Itself."""
        ...


class Keys(Protocol):
    """The key that seals, and older ones that verify: gateway.vault.root_keys.RootKeys."""

    @property
    def current(self) -> Key:
        """The key that new rows are sealed with."""
        ...

    def find(self, key_id: str) -> Key | None:
        """Return the key with this id, or None when it is not configured here."""
        ...


def seal(previous: str, text: str, key: bytes) -> str:
    """Return the hash of a row, in hex; `previous` is that of the row before, which the text repeats as `prev_hash`.

    >>> seal(GENESIS, "{}", b"k" * 32)[:16]
    'e01ce7d31481dcb4'
    """
    return hmac.digest(key, (previous + text).encode(), "sha256").hex()
