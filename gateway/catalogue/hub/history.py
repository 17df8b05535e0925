"""Which deltas a hub keeps, and which of them are merged. Pure.

The last 60 single ones, and merged ones of ten and a hundred serials that begin and end at whole tens and hundreds: a
client that was away for weeks takes a few of them. A merged delta leads to its end from every serial in it (operation).
"""

from collections.abc import Iterable, Iterator
from typing import Final

from gateway.catalogue.index import Delta

SINGLE: Final = 60
MERGED: Final = ((10, 10), (100, 5))
"""Serials in one delta, and how many of these are kept: the tens reach as far back as one hundred is long."""
NEWEST: Final = 10
"""Deltas that are named beside the index; a client that is further behind fetches the names of older ones as well."""


def kept(deltas: Iterable[Delta], serial: int) -> list[Delta]:
    """Return the deltas that stay when `serial` is the newest, in the order of their ends, the short ones first."""
    stay = [one for one in deltas if serial - one.to < dict(_reach()).get(one.to - one.start, 0)]
    return sorted(stay, key=lambda one: (one.to, -one.start))


def due(serial: int) -> Iterator[tuple[int, int]]:
    """Yield `(start, step)` of the merged deltas that end at this serial, made of those of `step` serials each.

    >>> list(due(70)), list(due(200)), list(due(71))
    ([(60, 1)], [(190, 1), (100, 10)], [])
    """
    step = 1
    for span, _ in MERGED:
        if serial >= span and serial % span == 0:
            yield serial - span, step
        step = span


def parts(deltas: Iterable[Delta], start: int, to: int, step: int) -> list[Delta] | None:
    """Return the deltas that are merged into one, None when they are not all there."""
    by_start = {one.start: one for one in deltas if one.to - one.start == step}
    found = [by_start.get(one) for one in range(start, to, step)]
    return [one for one in found if one is not None] if all(found) else None


def is_near(delta: Delta, serial: int) -> bool:
    """Return whether a delta is named beside the index."""
    return delta.to - delta.start == 1 and serial - delta.to < NEWEST


def _reach() -> Iterator[tuple[int, int]]:
    yield 1, SINGLE
    for span, count in MERGED:
        yield span, span * count
