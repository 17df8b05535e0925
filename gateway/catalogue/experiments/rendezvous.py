"""One of several targets for a unit, by rendezvous hashing (CAT-43). Pure.

Each target draws a number for the unit and the highest wins, so that a target that comes takes units from all others
alike, one that goes leaves its own to them, and nothing moves between those that stay.
"""

from collections.abc import Iterable

from gateway.catalogue.experiments.bucketing import position


def choose(secret: bytes, experiment: str, unit: str, targets: Iterable[str]) -> str | None:
    """Return the unit's target, None where there is none. The order of the targets does not matter."""
    return max(targets, key=lambda one: (position(secret, f"{experiment}/{one}", unit), one), default=None)
