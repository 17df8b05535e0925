"""When the hub is looked at next (catalogue.md section 5, step 1). Pure."""

from typing import Final

from gateway.catalogue.sync.situation import Situation

JITTER: Final = 0.2
"""Installations that were started together do not ask together."""
AFTER_FAILURE_S: Final = (60.0, 300.0)
"""A minute is what a publisher needs to finish, and most outages last."""
BREAKER: Final = 3
"""Failures in a row after which the hub is left alone for an hour."""
BREAKER_S: Final = 3600.0


def jittered(seconds: float, chance: float) -> float:
    """Return a time up to a fifth earlier or later; `chance` is from 0 to 1.

    >>> jittered(900, 0), jittered(900, 0.5), jittered(900, 1)
    (720.0, 900.0, 1080.0)
    """
    return seconds * (1 + JITTER * (2 * chance - 1))


def rest_s(failures: int, *, every_s: float, chance: float, retry_after_s: float | None) -> float:
    """Return how long a hub is left alone after so many failures in a row.

    >>> [rest_s(n, every_s=900, chance=0.5, retry_after_s=None) for n in (1, 2, 3, 9)]
    [60.0, 300.0, 3600.0, 3600.0]
    >>> rest_s(1, every_s=900, chance=0.5, retry_after_s=120)
    120
    """
    own = max(BREAKER_S, every_s) if failures >= BREAKER else min(AFTER_FAILURE_S[failures - 1], every_s)
    return max(jittered(own, chance), retry_after_s or 0)


def next_look_s(situation: Situation, now_ms: int, *, every_s: float, chance: float) -> float:
    """Return in how many seconds the next look is due."""
    if situation.failure is not None and situation.not_before_ms:
        return max((situation.not_before_ms - now_ms) / 1000, 0)
    return jittered(every_s, chance)
