"""The text of a model list as values, with the line of each.

YAML by ruamel, which keeps the lines and refuses a key that stands twice; JSON is read as YAML too, for its lines, and
as JSON where a tab would stop the YAML reader.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from gateway.errors import ConfigError

Path = tuple[str | int, ...]

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


class Place(Struct, frozen=True):
    """A value of the source, where it stands, and its siblings by `at`."""

    value: Any
    path: Path
    line: int | None

    def at(self, key: str | int) -> "Place":
        """Return the value under a key or an index; its value is None where there is none."""
        if isinstance(self.value, Mapping):
            return Place(self.value.get(key), (*self.path, key), _line(self.value, key))
        if isinstance(self.value, list) and isinstance(key, int) and key < len(self.value):
            return Place(self.value[key], (*self.path, key), _line(self.value, key))
        return Place(None, (*self.path, key), self.line)

    def entries(self) -> Iterator[tuple[str, "Place"]]:
        """Yield key and value of a mapping; nothing for anything else."""
        if isinstance(self.value, Mapping):
            yield from ((str(key), self.at(key)) for key in self.value)

    def items(self) -> Iterator["Place"]:
        """Yield the items of a list; nothing for anything else."""
        if isinstance(self.value, list):
            yield from (self.at(index) for index in range(len(self.value)))

    @property
    def text(self) -> str | None:
        """The value when it is text that holds something."""
        return self.value.strip() or None if isinstance(self.value, str) else None

    @property
    def number(self) -> float | None:
        """The value when it is a number above 0."""
        plain = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        return float(self.value) if plain and self.value > 0 else None

    def __str__(self) -> str:
        """Return the path as people write it: `model_list[0].litellm_params.rpm`."""
        text = ""
        for part in self.path:
            if isinstance(part, int):
                text += f"[{part}]"
            elif _PLAIN.fullmatch(part):
                text += f".{part}"
            else:
                text += f'."{part}"'
        return text.removeprefix(".") or "the file"


def parse(text: str) -> Place:
    """Return the whole text as a place.

    Raises:
        ConfigError: it is neither YAML nor JSON.
    """
    # Inner import: 20 ms that only this function needs.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return Place(YAML(typ="rt").load(text), (), 1)
    except YAMLError as error:
        try:
            return Place(json.loads(text), (), None)
        except ValueError:
            raise ConfigError(f"the file is neither YAML nor JSON: {_what(error)}", hint="check that line") from None
    except ValueError as error:  # a timestamp or number that YAML knows and Python does not
        raise ConfigError("the file is no YAML: a value in it cannot be read", hint="put quotes around it") from error


def _line(values: Any, key: str | int) -> int | None:
    marks = getattr(values, "lc", None)
    if marks is None:
        return None
    try:
        return int((marks.item(key) if isinstance(key, int) and isinstance(values, list) else marks.key(key))[0]) + 1
    except (KeyError, TypeError, IndexError):
        return None  # merged from an anchor: it stands elsewhere


def _what(error: Exception) -> str:
    """Return what is wrong and where; never the file's own text, which may hold a secret."""
    mark = getattr(error, "problem_mark", None)
    what = (getattr(error, "problem", None) or "it cannot be read").partition(" with value ")[0]
    return what if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: {what}"
