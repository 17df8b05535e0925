"""A signed statement of how far the record went, kept outside the database (LIF-21): a tail that is cut off shows.

One line of JSON each: `seq`, `hash`, `at`, `by`, `prev` (SHA-256 of the line before), `key` (which public half), `sig`
(ed25519 over the line without it). The links make the last signature vouch for all lines. Only this module imports
ed25519, and only when a line is signed or looked at.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Checkpoint(NamedTuple):
    """A line whose signature holds."""

    seq: int
    hash: str
    at: str
    by: str


class BadLine(NamedTuple):
    """A line that is none of ours."""

    number: int
    message: str


@dataclass(frozen=True)
class Signer:
    """Signs with the first of the seeds of 32 bytes; what the others signed is accepted, too."""

    seeds: tuple[bytes, ...]

    @cached_property
    def _private(self) -> "Ed25519PrivateKey":
        # Inner import: 20 ms, which only a process that signs needs.
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self.seeds[0])

    @cached_property
    def public(self) -> bytes:
        """The public half, 32 bytes."""
        return public_of(self.seeds[0])

    @property
    def public_text(self) -> str:
        """The public half in base64, to be written down elsewhere."""
        return base64.b64encode(self.public).decode()

    def line(self, checkpoint: Checkpoint, previous: str) -> str:
        """Return the signed line; `previous` is the line before, empty for the first."""
        said = {**checkpoint._asdict(), "prev": digest(previous), "key": key_id(self.public)}
        signature = base64.b64encode(self._private.sign(_text(said))).decode()
        return msgspec.json.encode({**said, "sig": signature}, order="deterministic").decode()


def public_of(seed: bytes) -> bytes:
    """Return the public half of a seed."""
    # Inner import: as above.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def key_id(public: bytes) -> str:
    """Return which public half it is."""
    return hashlib.sha256(public).hexdigest()[:16]


def digest(line: str) -> str:
    """Return what the next line says of this one."""
    return hashlib.sha256(line.encode()).hexdigest() if line else ""


def read_lines(lines: Sequence[str], publics: Iterable[bytes]) -> tuple[dict[int, Checkpoint], list[BadLine]]:
    """Return the checkpoints that hold, by row, and the lines that do not.

    Read from the end: a line that a good one links to needs no look at its own signature.
    """
    known = {key_id(public): public for public in publics}
    found: dict[int, Checkpoint] = {}
    bad: list[BadLine] = []
    vouched = ""
    for number, line in reversed(list(enumerate(lines, start=1))):
        said = _parsed(line)
        if said is None:
            bad.append(BadLine(number, "is no checkpoint"))
            vouched = ""
            continue
        if not (vouched and digest(line) == vouched) and not _signed(said, known):
            bad.append(BadLine(number, "is not signed with a key of this installation"))
            vouched = ""
            continue
        found.setdefault(said["seq"], Checkpoint(said["seq"], said["hash"], said["at"], said["by"]))
        vouched = said["prev"]
    return found, bad[::-1]


def _text(said: dict[str, Any]) -> bytes:
    return msgspec.json.encode(said, order="deterministic")


_KINDS = {"seq": int, "hash": str, "at": str, "by": str, "prev": str, "key": str, "sig": str}


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        said = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
    fits = isinstance(said, dict) and said.keys() == _KINDS.keys()
    return said if fits and all(type(said[name]) is kind for name, kind in _KINDS.items()) else None


def _signed(said: dict[str, Any], known: dict[str, bytes]) -> bool:
    # Inner imports: as above.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    public = known.get(said["key"])
    if public is None:
        return False
    try:
        signature = base64.b64decode(said["sig"], validate=True)
        rest = {name: value for name, value in said.items() if name != "sig"}
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _text(rest))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
