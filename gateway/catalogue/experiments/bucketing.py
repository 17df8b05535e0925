"""Where a unit falls in an experiment: HMAC-SHA256 under the installation's secret (CAT-40). Pure.

Without the secret nobody can tell who is shown what, nor choose a team's name by it; and two installations that run the
same experiment do not show the same teams the same thing.
"""

import hmac
from collections.abc import Iterable
from typing import Final, NamedTuple

SPACE: Final = 2**64
"""A position is a number below this: the first 8 bytes of the digest."""
WHOLE: Final = 10_000
"""Shares are told in hundredths of a percent, for the signed file holds no fractions (CAT-4)."""
_BYTES: Final = 8


class Range(NamedTuple):
    """A part of all units, in shares of `WHOLE`: from `start` on, below `end`."""

    start: int
    end: int

    def holds(self, position: int) -> bool:
        """Return whether a position lies in it; exact, where a fraction would be rounded.

        >>> Range(0, 5_000).holds(SPACE // 2 - 1), Range(0, 5_000).holds(SPACE // 2)
        (True, False)
        """
        return self.start * SPACE <= position * WHOLE < self.end * SPACE


def position(secret: bytes, experiment: str, unit: str) -> int:
    """Return where the unit falls, 0 to `SPACE` - 1; over `SPACE` it is the u of CAT-40."""
    message = b"\0".join((experiment.encode(), unit.encode()))
    return int.from_bytes(hmac.digest(secret, message, "sha256")[:_BYTES])


def ranges(shares: Iterable[int], ramp: int = WHOLE) -> tuple[Range, ...]:
    """Return one range for each share, cumulative; `ramp` says how much of its range each variant has by now.

    A ramp that grows widens each range at its end: who is in stays in, with the same variant.

    >>> ranges((5_000, 5_000), ramp=1_000)
    (Range(start=0, end=500), Range(start=5000, end=5500))
    """
    found, start = [], 0
    for share in shares:
        found.append(Range(start, start + share * ramp // WHOLE))
        start += share
    return tuple(found)


def pseudonym(secret: bytes, experiment: str, unit: str) -> str:
    """Return what a unit is counted under: another one in each experiment, and without the secret nobody's."""
    return hmac.digest(secret, b"\0".join((b"exposure", experiment.encode(), unit.encode())), "sha256")[:16].hex()
