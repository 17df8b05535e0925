"""How each row seals the one before it (LIF-20): HMAC-SHA256 over the last row's hash and its text. Pure.

The keys lie outside the database, like the pepper: whoever can write the database alone cannot forge a row. Each text
says which key sealed it, so that older keys still verify what they sealed.
"""

import hashlib
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


class Sealer:
    """Seals with one key. The key's own part of the work is done once: a row then takes half as long as `hmac.digest`.

    >>> Sealer(b"k" * 32).seal(GENESIS, b"{}")[:16]
    'e01ce7d31481dcb4'
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        padded = key.ljust(_BLOCK, b"\0")  # RFC 2104; keys of 32 bytes are never longer than a block
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))

    def seal(self, previous: str, text: bytes) -> str:
        """Return the hash of a row, in hex; `previous` is that of the row before, which the text repeats."""
        inner = self._inner.copy()
        inner.update(previous.encode())
        inner.update(text)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest()


_BLOCK = 64
"""Bytes of a block of SHA-256."""
