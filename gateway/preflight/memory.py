"""What checks have found and need not find again: what a server is for ten minutes, that a call was answered for one.

Failures are not kept: who mends something and checks again must see it. Keys are known by a digest that only this
process can make.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Final, Generic, NamedTuple, TypeVar

from gateway.preflight.existence import Existence
from gateway.registry.verdict import StageView
from gateway.vault.secret import Secret

T = TypeVar("T")

EXISTENCE_S: Final = 600.0
ANSWERED_S: Final = 60.0
"""Long enough to look at a check and then register what was checked, without a second call."""
_MOST: Final = 200  # servers; each may list 5,000 models


class Call(NamedTuple):
    """Who called what."""

    caller: str
    url: str
    model: str
    task: str


class Kept(Generic[T]):
    """A few findings by key, each for a time."""

    def __init__(self, now: Callable[[], float], *, for_s: float) -> None:
        self._now = now
        self._for_s = for_s
        self._found: dict[tuple[str, ...], tuple[float, T]] = {}

    def put(self, key: tuple[str, ...], value: T) -> None:
        """Keep a finding; the oldest goes when there are too many."""
        self._found.pop(key, None)
        self._found[key] = (self._now(), value)
        while len(self._found) > _MOST:
            del self._found[next(iter(self._found))]

    def find(self, key: tuple[str, ...]) -> T | None:
        """Return a finding that is still good."""
        at, value = self._found.get(key, (0.0, None))
        if value is not None and at > self._now() - self._for_s:
            return value
        self._found.pop(key, None)
        return None


class Memory:
    """The findings of one process."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._salt = secrets.token_bytes(16)
        self._servers: Kept[Existence] = Kept(now, for_s=EXISTENCE_S)
        self._answers: Kept[StageView] = Kept(now, for_s=ANSWERED_S)

    def server(self, url: str, key: Secret | None) -> Existence | None:
        """Return what is known of a server; what took a key to learn only to who brings the same key."""
        return self._servers.find((url, "")) or self._servers.find((url, self._digest(key)))

    def note_server(self, url: str, key: Secret | None, found: Existence) -> None:
        """Keep what a server is, when it was found in order."""
        if found.code == "found":
            self._servers.put((url, self._digest(key) if found.with_key else ""), found)

    def answer(self, call: Call, key: Secret | None) -> StageView | None:
        """Return that a call was answered a moment ago."""
        return self._answers.find((*call, self._digest(key)))

    def note_answer(self, call: Call, key: Secret | None, found: StageView) -> None:
        """Keep that a call was answered."""
        self._answers.put((*call, self._digest(key)), found)

    def _digest(self, key: Secret | None) -> str:
        return "" if key is None else hmac.new(self._salt, key.reveal().encode(), hashlib.sha256).hexdigest()
