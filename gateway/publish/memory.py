"""What earlier publishes taught, in the cache directory: registries used, checks passed, which repository has a blob.

Losing it costs a few requests and nothing else; so a file that cannot be read or written is no error.
"""

import contextlib
import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from gateway.publish.credentials import Credential
from gateway.publish.layout import cache_home
from gateway.publish.messages import meant

POSITIVE_S: Final = 300
"""How long a check that passed is good (PUB-10); one that failed is never kept."""
_KEPT_BLOBS: Final = 2000
_DAY_S: Final = 86400


class Memory:
    """The file, read once and written whole."""

    def __init__(self, home: Path | None = None, *, now: Callable[[], float] = time.time) -> None:
        self._path = (home or cache_home()) / "registries.json"
        self._now = now
        kept = self._read()
        self._salt: str = kept.get("salt") or secrets.token_hex(16)
        self._used: dict[str, float] = kept.get("used") or {}
        self._passed: dict[str, float] = kept.get("passed") or {}
        self._blobs: dict[str, str] = kept.get("blobs") or {}

    def proposal(self, registry: str) -> str:
        """Return the question whether a registry used before was meant, or nothing."""
        others = [one for one in self._used if one != registry]
        close = get_close_matches(registry, others, n=1, cutoff=0.75)
        close = close or [one for one in others if one.endswith(f".{registry}")][:1]
        if not close:
            return ""
        days = int((self._now() - self._used[close[0]]) // _DAY_S)
        when = "today" if days < 1 else "yesterday" if days == 1 else f"{days} days ago"
        return f"{meant(close[0])} (used {when})"

    def passed(self, registry: str, repository: str, credential: Credential | None) -> bool:
        """Whether a check of this place with these credentials passed a moment ago."""
        return 0 <= self._now() - self._passed.get(self._key(registry, repository, credential), 0) < POSITIVE_S

    def keep_passed(self, registry: str, repository: str, credential: Credential | None) -> None:
        """Keep a check that passed."""
        self._passed = {key: at for key, at in self._passed.items() if self._now() - at < POSITIVE_S}
        self._passed[self._key(registry, repository, credential)] = self._now()
        self._used[registry] = self._now()
        self._write()

    def forget(self, registry: str, repository: str, credential: Credential | None) -> None:
        """Let go of a check that passed: a push has just shown otherwise."""
        if self._passed.pop(self._key(registry, repository, credential), None) is not None:
            self._write()

    def where(self, registry: str, digest: str, *, besides: str) -> str | None:
        """Return another repository of the registry that holds the blob, as far as is known."""
        repository = self._blobs.get(f"{registry} {digest}")
        return None if repository == besides else repository

    def keep_blobs(self, registry: str, repository: str, digests: list[str]) -> None:
        """Keep where blobs are now."""
        for digest in digests:
            self._blobs.pop(f"{registry} {digest}", None)
            self._blobs[f"{registry} {digest}"] = repository
        self._blobs = dict(list(self._blobs.items())[-_KEPT_BLOBS:])
        self._write()

    def _key(self, registry: str, repository: str, credential: Credential | None) -> str:
        whose = "" if credential is None else f"{credential.user}\0{credential.secret.reveal()}"
        text = f"{registry}\0{repository}\0{whose}"
        return hmac.digest(self._salt.encode(), text.encode(), hashlib.sha256).hex()[:32]

    def _read(self) -> dict[str, Any]:
        try:
            kept = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def _write(self) -> None:
        kept = {"salt": self._salt, "used": self._used, "passed": self._passed, "blobs": self._blobs}
        beside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside.touch(mode=0o600)
            beside.write_text(json.dumps(kept), encoding="utf-8")
            beside.replace(self._path)
