"""What a new list changes, as it is judged before it is taken and told afterwards. Pure."""

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct


class Change(Struct, frozen=True):
    """From one serial (None: there was no list) to another. `live` were shown before, and not retired."""

    start: int | None
    to: int
    added: int = 0
    changed: int = 0
    removed: tuple[str, ...] = ()
    retired: int = 0
    """Entries that are still there, and retired now."""
    live: int = 0
    is_same_hub: bool = True
    """Both lists are of one hub; else nothing that is gone was taken away by anybody."""

    @property
    def leaving(self) -> int:
        """How many nobody may use any more."""
        return len(self.removed) + self.retired


Policy: TypeAlias = Callable[[Change], None]
"""Looks at what would change before it does; whatever it raises keeps the list as it is."""
