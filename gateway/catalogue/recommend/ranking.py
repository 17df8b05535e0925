"""The best of a list that comes in pieces: nothing is kept but these and how many were left out. Pure."""

import heapq
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from gateway.catalogue.entry import Entry
from gateway.catalogue.recommend.filters import Misfit, checks_of, misfit
from gateway.catalogue.recommend.score import Factor, Scoring
from gateway.catalogue.recommend.wanted import Wanted


class Ranked(NamedTuple):
    """An entry that fits, and why it stands where it does."""

    entry: Entry
    points: float
    factors: tuple[Factor, ...]
    proposed_by: str | None = None
    """The experiment that shows it although its points are fewer."""


class Ranking:
    """Takes entries, in any order and any pieces; the outcome does not depend on these."""

    def __init__(
        self, wanted: Wanted, scoring: Scoring, *, most: int, proposed: dict[str, str], hidden: frozenset[str]
    ) -> None:
        self._wanted = wanted
        self._scoring = scoring
        self._most = most
        self._proposed = proposed
        self._hidden = hidden
        self._checks = checks_of(wanted)
        self._heap: list[tuple[float, bytes, str, Entry]] = []
        self._shown: dict[str, Entry] = {}
        self.considered = 0
        self.left: Counter[Misfit] = Counter()

    def take(self, entries: Iterable[Entry]) -> None:
        """Consider these."""
        for entry in entries:
            self.considered += 1
            if entry.id in self._hidden:
                self.left[Misfit("suppressed", is_unknown=False)] += 1
            elif (reason := misfit(entry, self._wanted, self._checks)) is not None:
                self.left[reason] += 1
            else:
                self._place(entry)

    def best(self) -> list[Ranked]:
        """Return the best, best first, and then what experiments propose beside them."""
        found = [self._ranked(one[3]) for one in sorted(self._heap, key=_order, reverse=True)]
        there = {one.entry.id for one in found}
        beside = (entry for id_, entry in sorted(self._shown.items()) if id_ not in there)
        return found + [self._ranked(entry, self._proposed[entry.id]) for entry in beside]

    def _place(self, entry: Entry) -> None:
        points = self._scoring.points(entry)
        if entry.id in self._proposed:
            self._shown[entry.id] = entry
        if len(self._heap) < self._most:
            heapq.heappush(self._heap, (points, self._scoring.tie(entry), entry.id, entry))
        elif points >= self._heap[0][0]:
            heapq.heappushpop(self._heap, (points, self._scoring.tie(entry), entry.id, entry))

    def _ranked(self, entry: Entry, proposed_by: str | None = None) -> Ranked:
        return Ranked(entry, self._scoring.points(entry), self._scoring.factors(entry), proposed_by)


def _order(one: tuple[float, bytes, str, Entry]) -> tuple[float, bytes, str]:
    return one[:3]
