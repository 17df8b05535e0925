"""The keys that stand outside the database: the key-encryption key (SEC-2) and the pepper (KEY-3).

A source holds one or more values of 32 bytes, base64 or hex, separated by white space: the first makes new
ciphertexts and hashes, the others still open and verify older ones. Rotating is: put a new value in front, restart,
`modelport db rewrap` (or, for a pepper, wait until every caller's key was used once), take the old value away.
"""

import base64
import binascii
import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_IMODE

from msgspec import Struct

from gateway.errors import ConfigError
from gateway.vault.keyring import read_entry

KEY_BYTES = 32
_ID_HEX = 8
_FOREIGN_BITS = 0o077
_FORMAT_HINT = "make one with: openssl rand -base64 32"


@dataclass(frozen=True, slots=True)
class RootKey:
    """One key of 32 bytes; `id` says which one it is and nothing about its value."""

    id: str
    value: bytes = field(repr=False)


class RootKeys(Struct, frozen=True):
    """Keys of one purpose in order of age, the current one first."""

    keys: tuple[RootKey, ...]

    @property
    def current(self) -> RootKey:
        """The key that new ciphertexts and hashes are made with."""
        return self.keys[0]

    def find(self, key_id: str) -> RootKey | None:
        """Return the key with this id, or None when it is not configured here."""
        return next((key for key in self.keys if key.id == key_id), None)


def load_root_keys(
    reference: str | None, *, setting: str, generated: Path, environment: Mapping[str, str], create: bool = True
) -> RootKeys:
    """Return the keys that `reference` names, or those of the file `generated`, which is made when missing.

    Args:
        reference: `env:NAME`, `file:PATH`, `keyring:SERVICE/USER` or None.
        setting: name of the setting, for messages.
        generated: where the key lives when no reference is set.
        environment: the process's variables.
        create: whether a missing `generated` may be made now.

    Raises:
        ConfigError: the source is missing, open to other users, or holds no such keys.
    """
    if reference is None:
        if create and not generated.exists():
            _make(generated, setting)
        return _parse(_private_text(generated, setting), setting)
    kind, _, name = reference.partition(":")
    if kind == "file" and name:
        return _parse(_private_text(Path(name), setting), setting)
    if kind == "env" and name:
        if not (text := environment.get(name)):
            raise ConfigError(f"{setting}: the environment variable {name} is not set", hint=_FORMAT_HINT)
        return _parse(text, setting)
    if kind == "keyring" and name:
        return _parse(read_entry(name), setting)
    # The value stays out of the message: it may be a key that was pasted in place of a reference.
    raise ConfigError(f"{setting} is no reference", hint="write env:NAME, file:PATH or keyring:SERVICE/USER")


def _private_text(path: Path, setting: str) -> str:
    """Return the file's text; refuse a file that others than its owner may touch (SEC-2)."""
    try:
        with path.open(encoding="ascii", errors="replace") as file:
            mode = S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & _FOREIGN_BITS:
                raise ConfigError(
                    f"{setting}: {path} is open to other users (mode {mode:04o})", hint=f"run: chmod 600 {path}"
                )
            return file.read(64 * 1024)  # bytes; hundreds of keys
    except OSError as error:
        raise ConfigError(f"{setting}: {path} cannot be read: {error.strerror}") from error


def _make(path: Path, setting: str) -> None:
    try:
        _generate(path)
    except OSError as error:
        raise ConfigError(f"{setting}: cannot make {path}: {error.strerror}", hint="check data_dir") from error


def _generate(path: Path) -> None:
    """Write a new key, whole or not at all; of two processes that start at once the first one's key stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


def _parse(text: str, setting: str) -> RootKeys:
    values = [_decode(word, position, setting) for position, word in enumerate(text.split(), start=1)]
    if not values:
        raise ConfigError(f"{setting} is empty", hint=_FORMAT_HINT)
    keys = tuple(RootKey(_key_id(value), value) for value in values)
    if len({key.id for key in keys}) < len(keys):
        raise ConfigError(f"{setting} names the same key twice", hint="take one of the two away")
    return RootKeys(keys)


def _decode(word: str, position: int, setting: str) -> bytes:
    try:
        if len(word) == 2 * KEY_BYTES:
            value = bytes.fromhex(word)
        else:
            padded = word.rstrip("=") + "=" * (-len(word.rstrip("=")) % 4)
            value = base64.b64decode(padded.translate(_URL_SAFE), validate=True)
    except (ValueError, binascii.Error):
        value = b""
    if len(value) != KEY_BYTES:
        raise ConfigError(f"{setting}: value {position} is not {KEY_BYTES} bytes in base64 or hex", hint=_FORMAT_HINT)
    return value


_URL_SAFE = str.maketrans("-_", "+/")


def _key_id(value: bytes) -> str:
    """Return a name for the key: a digest cut to 32 bits, which tells nothing of 256 random ones."""
    return hashlib.sha256(b"modelport root key\0" + value).hexdigest()[:_ID_HEX]
