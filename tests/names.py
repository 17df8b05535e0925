"""Names of parametrised tests: the same in every process, or two workers of one run know different tests."""

import re
import time
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
_LONGEST = 64
_DATED = (b"\x1f\x8b", b"PK")
"""How gzip and zip files begin: they hold the time of their making."""
_HOUR_S = 3600


def name_of(value: object, argument: str) -> str | None:
    """Return the argument's name for bytes that are no name, None for what pytest may name by itself."""
    if isinstance(value, bytes) and (len(value) > _LONGEST or value.startswith(_DATED)):
        return argument
    return None


def check(names: Iterable[str], now: float) -> list[str]:
    """Return the names that say where or when they were made: this folder, an address in memory, this hour."""
    here = re.escape(str(ROOT))
    found = re.compile(rf"{here}|\b0x[0-9a-f]{{9,}}\b|(?<!\d)\d{{10}}(?!\d)")
    return [name for name in names if any(_is_odd(one[0], now) for one in found.finditer(name))]


def _is_odd(part: str, now: float) -> bool:
    return not part.isdigit() or abs(int(part) - now) < _HOUR_S


def checked_now(names: Iterable[str]) -> list[str]:
    """Return the names that are odd at this moment."""
    return check(names, time.time())
