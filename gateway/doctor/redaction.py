"""What leaves this machine in a report: texts and data without anything that is a secret or looks like one.

Two guards. What is known to be a secret is taken out wherever it stands, whole or as one of its lines. What looks like
one (gateway.configuration.masking) is masked besides. Prompts and answers are in nothing that a report is made of.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from gateway.configuration.masking import mask_text
from gateway.observe.masking import MASK, mask
from gateway.settings import Settings
from gateway.vault.setup import AUDIT_FILE, KEK_FILE, PEPPER_FILE, SIGNING_FILE

_MIN = 6  # characters: a shorter word would take the sense out of a text, and is no secret worth the name
_SECRET_NAME = re.compile(
    r"key|token|secret|passw|pepper|kek|credential|auth|cookie|dsn|database_?_?url", re.IGNORECASE
)
_REFERENCES = ("env:", "file:")
_VARIABLE = re.compile(r"\benv:([A-Za-z_][A-Za-z0-9_]*)")
_MAX_FILE = 64 * 1024  # bytes; hundreds of keys


class Redaction:
    """Takes secrets out. Made once, with everything secret that this process can know of."""

    def __init__(self, secrets: Iterable[str]) -> None:
        words = {word for secret in secrets for word in (secret, quote(secret, safe="")) if len(word) >= _MIN}
        self._known = sorted(words, key=len, reverse=True)  # a secret inside another one goes with it

    def text(self, text: str) -> str:
        """Return the text without secrets."""
        for secret in self._known:
            text = text.replace(secret, MASK)
        return mask(text)

    def data(self, data: Any) -> Any:
        """Return JSON data without secrets, in its keys as well."""
        if isinstance(data, str):
            return mask_text(self.text(data))
        if isinstance(data, Mapping):
            return {self.text(str(name)): self.data(value) for name, value in data.items()}
        if isinstance(data, list | tuple):
            return [self.data(value) for value in data]
        return data


def known_secrets(
    settings: Settings | None, environment: Mapping[str, str], key: str | None, *, named_in: Path | None = None
) -> Iterator[str]:
    """Yield the secrets that this process can know of: its key, variables, the files of the data directory.

    `named_in` is the configuration file: variables that it names as `env:NAME` are secrets whatever they are called.
    """
    if key:
        yield key
    for name in _VARIABLE.findall(_content(named_in) if named_in else ""):
        yield environment.get(name, "")
    for name, value in environment.items():
        if _SECRET_NAME.search(name) and not value.startswith(_REFERENCES):
            yield value
            yield from _password(value)
    if settings is None:
        return
    yield from _password(settings.database.url or "")
    folder = settings.data_dir
    own = (folder / name for name in (PEPPER_FILE, KEK_FILE, AUDIT_FILE, SIGNING_FILE))
    for path in (*own, *_files(folder / "secrets")):
        yield from _words(path)


def _password(url: str) -> Iterator[str]:
    try:
        password = urlsplit(url).password
    except ValueError:
        return
    if password:
        yield password


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []


def _words(path: Path) -> Iterator[str]:
    text = _content(path)
    yield text.strip()
    yield from text.split()


def _content(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_FILE).decode("utf-8", "replace")
    except OSError:
        return ""
