"""Planted secrets, and a caller that keeps everything that came back, to be looked through at the end.

The forms are none that the log's mask knows: it is the last guard, and must not be the only one.
"""

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.app.caller import Answer


@dataclass(frozen=True, slots=True)
class Canaries:
    """One secret of each kind. The endings differ, because of some the last four characters are shown on purpose."""

    stored: str = "canary-upstream-stored-7fQ2"
    env: str = "canary-upstream-env-8gR3"
    file: str = "canary-upstream-file-9hS4"
    refused: str = "canary-upstream-refused-1jT5"
    prompt: str = "canary-prompt-tell-nobody-2kU6"
    answer: str = "canary-answer-of-the-model-3mV7"
    query: str = "canary-key-in-a-query-4nW8"
    presented: str = "mp_live_canary0000_canary-key-that-is-wrong-5pX9"
    misplaced: str = "canary-in-a-wrong-field-6qY1"

    @property
    def upstream(self) -> tuple[str, ...]:
        """Keys of upstreams."""
        return self.stored, self.env, self.file, self.refused


@dataclass(slots=True)
class Heard:
    """Everything that callers were told, by where it was said."""

    texts: dict[str, bytes] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def note(self, what: str, answer: Answer) -> Answer:
        """Keep an answer, headers included, and return it."""
        heads = "\n".join(f"{name}: {value}" for name, value in answer.headers.items()).encode()
        self.texts[f"{next(self._numbers)} {what} ({answer.status})"] = heads + b"\n" + answer.body
        return answer


def found(secrets: Mapping[str, str], texts: Mapping[str, bytes]) -> list[str]:
    """Return which secret stands where."""
    return [
        f"{name} in {where}" for where, text in texts.items() for name, one in secrets.items() if one.encode() in text
    ]


def files_below(folder: Path) -> dict[str, bytes]:
    """Return the contents of every file, by name."""
    contents = {}
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # a database's journal comes and goes
            if path.is_file():
                contents[str(path.relative_to(folder))] = path.read_bytes()
    return contents
