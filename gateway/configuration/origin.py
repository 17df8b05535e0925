"""Where the value of a setting came from. The order is the strength: a later source wins over an earlier one."""

from typing import Literal

from msgspec import Struct


class Origin(Struct, frozen=True):
    """A source and the place in it: `file:line`, the variable's name, the flag; nothing for a default."""

    source: Literal["default", "file", "variable", "flag"]
    place: str = ""

    def __str__(self) -> str:
        return self.place or self.source


DEFAULT = Origin("default")
