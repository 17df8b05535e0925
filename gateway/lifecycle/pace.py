"""How much a long operation writes at once, so that nobody else waits long for the writers' lock.

A machine that is busy takes ten times as long for the same rows: the size follows the time that the last chunk held the
lock. After it there is a rest. PostgreSQL lets who waits in at once; SQLite has other processes look again, at the
latest after 100 ms, and then the lock must be free (sqlite3_busy_timeout). It is never shorter than the chunk took:
half of the time is everybody else's.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from gateway.storage.engine import Dialect

HELD_S: Final = 0.12
"""What a chunk should hold the lock: with SQLite's 100 ms there is room for one that takes three times as long as the
one before, as happens on a busy machine. With less there is little but what each chunk costs: at 80 ms all took three
times as long there."""
REST_S: Final[dict[Dialect, float]] = {"sqlite": 0.11, "postgresql": 0.02}
MOST: Final = 250
_FIRST: Final = 50
_LEAST: Final = 5
_GROWTH: Final = 2.0


class Pace:
    """The size of the next chunk, and the rest after it. `most` is what the event loop should work on without a pause.

    `held_s` is how long a chunk should hold the lock.
    """

    def __init__(self, most: int, *, rest_s: float, held_s: float = HELD_S) -> None:
        self.size = min(_FIRST, most)
        self.rest_s = self._least_rest_s = rest_s
        self._most = most
        self._held_s = held_s

    def note(self, rows: int, held_s: float) -> None:
        """Take how long the lock was held for so many rows.

        >>> pace = Pace(250, rest_s=0); pace.note(50, 0.03); pace.size
        100
        >>> pace.note(100, 0.24); pace.size
        50
        """
        if rows:
            fitting = rows * self._held_s / max(held_s, 1e-6)
            self.size = round(min(max(fitting, _LEAST), rows * _GROWTH, self._most)) or 1
            self.rest_s = max(self._least_rest_s, held_s) if self._least_rest_s else 0.0


def usual_pace(dialect: Dialect) -> Pace:
    """Return the pace of a chunk of models, each with what hangs on it."""
    return Pace(MOST, rest_s=REST_S[dialect])


MakePace: TypeAlias = Callable[[Dialect], Pace]
