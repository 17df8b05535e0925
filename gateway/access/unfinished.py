"""Whether what an answer tells of is still being worked on: a batch, a response in the background. Pure.

As long as it is, the model that works on it is not deleted without a word (lifecycle.md section 4).
"""

from collections.abc import Mapping
from typing import Any, Final

WORKING_KINDS: Final = frozenset({"batch", "response"})
"""Objects that may be unfinished when they are made."""
LONGEST_S: Final = 86_400.0
"""When it is over at the latest, where nobody says: a batch has a day."""
_FINAL: Final = frozenset({"completed", "failed", "cancelled", "canceled", "expired", "incomplete"})
_UNITS: Final = {"h": 3600.0, "d": 86_400.0, "m": 60.0}
_MOST_S: Final = 30 * 86_400.0  # longer than any window; an upstream may say anything


def unfinished_s(answer: Mapping[str, Any]) -> float | None:
    """Return for how many seconds it may go on, 0 when it is over, None when the answer does not say.

    >>> unfinished_s({"status": "in_progress", "completion_window": "24h"})
    86400.0
    >>> unfinished_s({"status": "completed"}), unfinished_s({"object": "file"})
    (0.0, None)
    """
    status = answer.get("status")
    if not isinstance(status, str):
        return None
    if status in _FINAL:
        return 0.0
    return _window_s(answer)


def _window_s(answer: Mapping[str, Any]) -> float:
    begun, end = answer.get("created_at"), answer.get("expires_at")
    if isinstance(begun, int) and isinstance(end, int) and 0 < end - begun < _MOST_S:
        return float(end - begun)
    window = answer.get("completion_window")
    if isinstance(window, str) and window[:-1].isdecimal() and window[-1:] in _UNITS:
        return min(int(window[:-1]) * _UNITS[window[-1]], _MOST_S)
    return LONGEST_S
