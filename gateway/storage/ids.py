"""Identifiers: unguessable, safe in URLs and file names, and telling by their prefix what they name.

Any store may use this. An id is never reused and never derived from a name, so that a renamed object keeps its id.
"""

import secrets

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"  # RFC 4648 base32 in lower case: no 0/o, 1/l
_LENGTH = 20  # characters of 5 bits: 100 random bits, no collision at any size we serve


def new_id(prefix: str) -> str:
    """Return a new id, e.g. `mdl_6xk3v2c7qd5tzj4hwy2a` for the prefix `mdl`."""
    bits = secrets.randbits(5 * _LENGTH)
    return f"{prefix}_" + "".join(_ALPHABET[bits >> (5 * place) & 31] for place in range(_LENGTH))
