"""A YAML file as plain values that remember their lines.

Settled here: which YAML is taken. Values are those of JSON; what looks like a date stays text, `no` and `12:30` are
text (YAML 1.2). Anchors and merge keys work. A repeated key, a tag, an alias that holds itself are findings: a parser
that lets the last one win hides a mistake (libraries.md section 5).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.configuration.finding import ConfigurationError, Finding

MAX_BYTES = 16 * 1024 * 1024
"""Largest file: ten thousand models take a tenth of this; whoever names a larger one named the wrong file."""

Keys = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """The values of a file; `findings` are the faults that can be told before anybody knows what the keys mean."""

    path: Path
    values: dict[str, Any]
    findings: tuple[Finding, ...] = ()
    lines: Mapping[Keys, int] = field(default_factory=dict, repr=False)

    def line(self, *keys: str | int) -> int | None:
        """Return the line of that key or list item, counted from 1; None where the file has no such place."""
        return self.lines.get(keys)

    def place(self, *keys: str | int) -> str:
        """Return `file:line` of that key, or of the nearest one above it that the file has."""
        while keys:
            if (line := self.line(*keys)) is not None:
                return f"{self.path}:{line}"
            keys = keys[:-1]
        return str(self.path)


def read(path: Path) -> Document:
    """Return what a configuration file says.

    Raises:
        ConfigurationError: it is missing, unreadable, no UTF-8, no YAML, or holds something else than keys with values.
    """
    return parse(read_text(path), path)


def read_text(path: Path) -> str:
    """Return the file's text.

    Raises:
        ConfigurationError: it is missing, unreadable, too large or no UTF-8.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        hint = "check the path after --config or in MODELPORT_CONFIG; `modelport init` writes a new file"
        raise _refused(path, f"cannot be read: {error.strerror}", hint) from error
    if len(raw) > MAX_BYTES:
        raise _refused(path, f"has more than {MAX_BYTES} bytes", "is this the configuration?")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _refused(f"{path}:{line}", f"is not UTF-8 at byte {error.start}", "save the file as UTF-8") from error


def parse(text: str, path: Path) -> Document:
    """Return what the text says; `path` is for the messages.

    Raises:
        ConfigurationError: it is no YAML, or holds something else than keys with values.
    """
    # Inner import: most starts have no file, and the parser costs 20 ms.
    from gateway.configuration.yaml_nodes import Walk, compose

    root = compose(text, path)
    if root is None:
        return Document(path, {})
    walk = Walk(path)
    values = walk.value(root, ())
    if not isinstance(values, dict):
        raise _refused(path, "must hold settings by name", "write a key and its value on each line, like `version: 1`")
    return Document(path, values, tuple(walk.findings), walk.lines)


def _refused(where: Path | str, message: str, hint: str) -> ConfigurationError:
    return ConfigurationError([Finding(str(where), "", message, hint)])
