"""Whose account a push uses, and where it was found; the secret itself is never shown (security.md SEC-5).

In this order: `--username` with `--password-stdin`, `--credential env:NAME|file:PATH` (user:password), the files that
docker and podman log in to, and the helpers that those name.
"""

import base64
import binascii
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from gateway.errors import ConfigError
from gateway.publish.messages import PublishError
from gateway.vault.references import ReferenceReader, parse_reference
from gateway.vault.secret import Secret

DOCKER_HUB: Final = "https://index.docker.io/v1/"
_HUB_NAMES = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
_TOKEN_USER = "<token>"  # noqa: S105 - what helpers say in place of a user, when the secret is an identity token
_HELPER = re.compile(r"[A-Za-z0-9._-]+")
_HELPER_S = 10.0
_MAX_FILE = 1024 * 1024  # bytes


class Credential(Struct, frozen=True):
    """A user and a password, or an identity token to exchange for others."""

    user: str
    secret: Secret
    source: str
    is_identity_token: bool = False

    @property
    def basic(self) -> str:
        """The value of an Authorization header."""
        return f"Basic {base64.b64encode(f'{self.user}:{self.secret.reveal()}'.encode()).decode()}"


def from_reference(text: str) -> Credential:
    """Return `user:password` that a variable or file holds.

    Raises:
        PublishError: it cannot be read, or has no colon.
    """
    try:
        reader = ReferenceReader(environment=os.environ, directories=(Path.cwd(), Path("/")))
        user, colon, password = reader.read(parse_reference(text)).reveal().partition(":")
    except ConfigError as error:
        raise PublishError("credentials_unreadable", source="--credential", reason=error.message) from error
    if not colon or not user:
        raise PublishError("credentials_unreadable", source=text, reason="it holds no user:password")
    return Credential(user, Secret(password), text)


def config_paths() -> tuple[Path, ...]:
    """Return the files that docker and podman keep their logins in, the likeliest first."""
    named = os.environ.get("DOCKER_CONFIG", "")
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    docker = (Path(named) if named else Path.home() / ".docker") / "config.json"
    podman = (Path(runtime) / "containers" / "auth.json",) if runtime else ()
    return docker, *podman


def find(registry: str) -> Credential | None:
    """Return the credential that somebody logged in with, or None.

    Raises:
        PublishError: a file is there and cannot be used, or a helper failed.
    """
    for path in config_paths():
        if (config := _read(path)) is not None and (found := _in(config, registry, path)) is not None:
            return found
    return None


def store(registry: str, user: str, secret: Secret) -> Path:
    """Keep a login where docker keeps its own, readable by its owner alone, and return the file.

    Raises:
        PublishError: the file cannot be read or written.
    """
    path = config_paths()[0]
    config = dict(_read(path) or {})
    auths = config.get("auths")
    login = base64.b64encode(f"{user}:{secret.reveal()}".encode()).decode()
    key = DOCKER_HUB if registry in _HUB_NAMES else registry
    config["auths"] = {**(auths if isinstance(auths, dict) else {}), key: {"auth": login}}
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside.touch(mode=0o600)
        beside.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise PublishError("credentials_unreadable", source=path, reason=(error.strerror or "").lower()) from error
    return path


def shown(path: Path) -> str:
    """Return the path as people write it."""
    try:
        return f"~/{path.relative_to(Path.home())}"
    except ValueError:
        return str(path)


def _read(path: Path) -> Mapping[str, Any] | None:
    try:
        with path.open("rb") as file:
            config = json.loads(file.read(_MAX_FILE))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no JSON"
        raise PublishError("credentials_unreadable", source=shown(path), reason=reason) from error
    return config if isinstance(config, dict) else None


def _in(config: Mapping[str, Any], registry: str, path: Path) -> Credential | None:
    helpers = config.get("credHelpers")
    named = helpers.get(registry) if isinstance(helpers, dict) else None
    helper = named or config.get("credsStore")
    if isinstance(helper, str):
        key = DOCKER_HUB if registry in _HUB_NAMES else registry
        if (found := _ask_helper(helper, key)) is not None:
            return found
    auths = config.get("auths")
    for key in _keys(registry):
        entry = auths.get(key) if isinstance(auths, dict) else None
        if isinstance(entry, dict) and (found := _of_entry(entry, shown(path))) is not None:
            return found
    return None


def _keys(registry: str) -> Iterator[str]:
    if registry in _HUB_NAMES:
        yield from (DOCKER_HUB, *sorted(_HUB_NAMES))
    yield from (registry, f"https://{registry}", f"https://{registry}/", f"https://{registry}/v1/")
    yield from (f"https://{registry}/v2/", f"http://{registry}")


def _of_entry(entry: Mapping[str, Any], source: str) -> Credential | None:
    token = entry.get("identitytoken")
    if isinstance(token, str) and token:
        return Credential(_TOKEN_USER, Secret(token), source, is_identity_token=True)
    try:
        text = base64.b64decode(str(entry.get("auth") or ""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise PublishError("credentials_unreadable", source=source, reason="an auth is no base64") from error
    user, colon, password = text.rstrip("\0").partition(":")
    if colon:
        return Credential(user, Secret(password), source)
    name, word = entry.get("username"), entry.get("password")
    return Credential(name, Secret(word), source) if isinstance(name, str) and isinstance(word, str) else None


def _ask_helper(helper: str, registry: str) -> Credential | None:
    if not _HELPER.fullmatch(helper):
        raise PublishError("credentials_unreadable", source="credsStore", reason="it names no helper")
    program = f"docker-credential-{helper}"
    try:
        done = subprocess.run(  # noqa: S603 - the program that the person's own docker would run, by docker's rule
            [program, "get"], input=registry, capture_output=True, text=True, check=False, timeout=_HELPER_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = "it is not installed" if isinstance(error, OSError) else "it does not answer"
        raise PublishError("credentials_unreadable", source=program, reason=reason) from error
    try:
        told = json.loads(done.stdout) if done.returncode == 0 else {}
    except ValueError:
        told = {}
    user, secret = (told.get("Username"), told.get("Secret")) if isinstance(told, dict) else (None, None)
    if not isinstance(user, str) or not isinstance(secret, str) or not secret:
        return None
    return Credential(user, Secret(secret), program, is_identity_token=user == _TOKEN_USER)
