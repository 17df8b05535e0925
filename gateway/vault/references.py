"""`env:NAME`, `file:PATH` and `keyring:SERVICE/USER`: where a secret is kept instead of itself (security.md SEC-3).

Who may set such a reference is the registry's question; here a reference is judged and, at use, read. Messages name
the reference and never the value.
"""

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from stat import S_ISREG
from typing import Literal

from msgspec import Struct

from gateway.errors import ConfigError
from gateway.settings import ENV_PREFIX
from gateway.vault.keyring import check_name, read_entry
from gateway.vault.secret import Secret

MAX_SECRET_BYTES = 64 * 1024
"""A credential is a line of text; whoever names a larger file named the wrong one."""
REREAD_S = 5.0
"""A file is looked at again after this many seconds: a rotated secret is in use that soon."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


class Reference(Struct, frozen=True):
    """A parsed reference; `str()` gives it as it was written."""

    kind: Literal["env", "file", "keyring"]
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


def parse_reference(text: str) -> Reference:
    """Return the parts of `env:NAME`, `file:PATH` or `keyring:SERVICE/USER`.

    Raises:
        ConfigError: it is none of them, or names a variable of this program's own settings.
    """
    kind, colon, name = text.partition(":")
    if not colon or kind not in {"env", "file", "keyring"}:
        # The text itself stays out of the message: it may be a key that was pasted in place of a reference.
        raise ConfigError("this is no reference to a secret", hint="write env:NAME, file:PATH or keyring:SERVICE/USER")
    if kind == "keyring":
        check_name(name)
        return Reference("keyring", name)
    if kind == "env":
        if not _NAME.fullmatch(name):
            raise ConfigError("what follows env: names no variable", hint="write env:NAME, for example env:API_KEY")
        if name.upper().startswith(ENV_PREFIX):
            raise ConfigError(f"{text!r} is a setting of modelport itself and no credential of an upstream")
        return Reference("env", name)
    if not name or "\0" in name:
        raise ConfigError(f"{text!r} names no file", hint="write file:PATH, for example file:/run/secrets/api_key")
    return Reference("file", name)


class ReferenceReader:
    """Reads references at use. Files must lie under one of `directories`; relative ones are sought in the first."""

    def __init__(
        self,
        *,
        environment: Mapping[str, str],
        directories: tuple[Path, ...],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._environment = environment
        self._directories = directories
        self._monotonic = monotonic
        self._files: dict[str, _CachedFile] = {}
        self._entries: dict[str, _CachedEntry] = {}

    def read(self, reference: Reference) -> Secret:
        """Return the value that the reference points at now.

        Raises:
            ConfigError: it is not set, unreadable, outside the allowed directories or no line of text.
        """
        if reference.kind == "env":
            return self._variable(reference)
        if reference.kind == "keyring":
            return self.known(reference) or self._entry(reference)
        return self._file(reference)

    def known(self, reference: Reference) -> Secret | None:
        """Return what was read a moment ago from a store that is slow to answer."""
        cached = self._entries.get(reference.name)
        return cached.secret if cached is not None and self._monotonic() < cached.fresh_until else None

    def _entry(self, reference: Reference) -> Secret:
        secret = _checked(read_entry(reference.name), reference)
        self._entries[reference.name] = _CachedEntry(secret, self._monotonic() + REREAD_S)
        return secret

    def _variable(self, reference: Reference) -> Secret:
        value = self._environment.get(reference.name)
        if not value:
            raise ConfigError(
                f"the environment variable {reference.name} is not set in the server's process",
                hint=f"set {reference.name} and start the server again",
            )
        return _checked(value, reference)

    def _file(self, reference: Reference) -> Secret:
        cached, now = self._files.get(reference.name), self._monotonic()
        if cached is not None and now < cached.fresh_until:
            return cached.secret
        path = self._allowed(reference)
        try:
            stamp = _stamp(path, reference)
            if cached is None or cached.stamp != stamp:
                secret = _checked(_text(path, reference), reference)
                cached = _CachedFile(secret, stamp, now)
        except OSError as error:
            raise ConfigError(f"{reference} cannot be read: {error.strerror}") from error
        self._files[reference.name] = _CachedFile(cached.secret, cached.stamp, now + REREAD_S)
        return cached.secret

    def _allowed(self, reference: Reference) -> Path:
        """Return the real path, symbolic links followed, when it lies under an allowed directory."""
        real = (self._directories[0] / reference.name).resolve()
        if not any(real.is_relative_to(directory.resolve()) for directory in self._directories):
            allowed = " or ".join(map(str, self._directories))
            raise ConfigError(
                f"{reference} lies outside the directory for secrets",
                hint=f"put the file under {allowed}, or set secrets.file_directory",
            )
        return real


class _CachedEntry(Struct, frozen=True):
    secret: Secret
    fresh_until: float


class _CachedFile(Struct, frozen=True):
    secret: Secret
    stamp: tuple[int, int, int]
    fresh_until: float


def _stamp(path: Path, reference: Reference) -> tuple[int, int, int]:
    """Return what changes when the file is replaced or rewritten."""
    found = path.stat()
    if not S_ISREG(found.st_mode):
        raise ConfigError(f"{reference} is no regular file")
    if found.st_size > MAX_SECRET_BYTES:
        raise ConfigError(f"{reference} has {found.st_size} bytes; a credential has at most {MAX_SECRET_BYTES}")
    return found.st_ino, found.st_mtime_ns, found.st_size


def _text(path: Path, reference: Reference) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(MAX_SECRET_BYTES).strip()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{reference} is no text") from error


def _checked(value: str, reference: Reference) -> Secret:
    """Refuse what could not stand in a header: a line break there would begin another header."""
    if not value:
        raise ConfigError(f"{reference} is empty")
    if _UNPRINTABLE.search(value):
        raise ConfigError(f"{reference} holds a line break or a character outside printable ASCII: it is no credential")
    return Secret(value)
