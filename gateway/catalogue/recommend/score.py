"""What an entry is worth to whoever asks, in points: a sum of factors, each with its number and its sentence. Pure.

Rules and experiments say their points themselves. Of one's own experience the share of use weighs most, errors count
against, and time counts for or against within what the team is used to. What was never measured counts nothing.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from msgspec import Struct

from gateway.catalogue.entry import Entry
from gateway.catalogue.recommend.condition import Asked
from gateway.catalogue.recommend.facts import Known
from gateway.catalogue.recommend.rules import Rule
from gateway.catalogue.recommend.use import HALF_LIFE_DAYS, NOTHING, Measured, Use

FactorKind: TypeAlias = Literal["status", "rule", "experiment", "use", "latency", "errors"]

USE_POINTS: Final = 40
"""For an entry that is all that the team uses."""
LATENCY_POINTS: Final = 10
ERROR_POINTS: Final = 30
"""Against an entry all of whose calls fail."""
_FEW_CALLS: Final = 20
"""So many calls without an error are assumed besides: one failure of one call says little."""
_STATUS: Final[Mapping[str, float]] = {"deprecated": -20.0, "preview": -5.0}


class Factor(NamedTuple):
    """One reason for an entry's place. `because` tells the numbers that it comes from."""

    kind: FactorKind
    points: float
    because: str
    name: str | None = None
    """The rule's or the experiment's id."""


class Lift(NamedTuple):
    """What a variant that is shown here does to an entry."""

    experiment: str
    variant: str
    points: int


class Scoring(Struct, frozen=True, kw_only=True):
    """Everything that points come from, for one question of one team."""

    asked: Asked
    rules: tuple[Rule, ...] = ()
    use: Use = NOTHING
    lifts: Mapping[str, tuple[Lift, ...]]
    team: str
    tells_numbers: bool = True
    """Whether the sentences may tell what the team used: otherwise they say only that it did."""

    def factors(self, entry: Entry) -> tuple[Factor, ...]:
        """Return what speaks for and against the entry; nothing that counts nothing."""
        return tuple(one for one in self._all(entry) if one.points)

    def points(self, entry: Entry) -> float:
        """Return the sum of all factors, without the words: most of a long list is never shown."""
        points = _STATUS.get(entry.status, 0.0)
        if self.rules:
            known = Known(entry)
            points += sum(one.boost for one in self.rules if one.when(known, self.asked) is True)
        if entry.id in self.lifts or entry.id in self.use.entries:
            points += sum(one.points for one in self._here(entry))
        return round(points, 1)

    def tie(self, entry: Entry) -> bytes:
        """Return what decides between equals: fixed for a team and an entry, and another order for each team."""
        return hashlib.sha256(f"{self.team}\0{entry.id}".encode()).digest()

    def _all(self, entry: Entry) -> Iterable[Factor]:
        if (points := _STATUS.get(entry.status)) is not None:
            yield Factor("status", points, f"it is {entry.status}")
        known = Known(entry)
        for rule in self.rules:
            if rule.when(known, self.asked) is True:
                yield Factor("rule", float(rule.boost), rule.because, rule.id)
        yield from self._here(entry)

    def _here(self, entry: Entry) -> Iterable[Factor]:
        """Yield what comes from this installation."""
        for lift in self.lifts.get(entry.id, ()):
            yield Factor("experiment", float(lift.points), f"the variant {lift.variant} is shown here", lift.experiment)
        if (measured := self.use.entries.get(entry.id)) is not None:
            yield from self._measured(measured)

    def _measured(self, one: Measured) -> Iterable[Factor]:
        if one.weighted:
            share = one.weighted / self.use.weighted
            said = (
                f"{share:.0%} of the team's use ({one.weighted:.1f} calls, half for every {HALF_LIFE_DAYS} days of age)"
            )
            yield self._own("use", USE_POINTS * share, said, "the team uses it")
        usual = self.use.first_byte_ms
        if one.first_byte_ms is not None and usual is not None:
            points = _latency(one.first_byte_ms, usual)
            said = f"{one.first_byte_ms:.0f} ms to the first byte here (median), and {usual:.0f} ms is usual"
            yield self._own("latency", points, said, "it was measured here")
        if one.errors:
            said = f"{one.errors} of {one.calls} calls failed here"
            yield self._own("errors", -ERROR_POINTS * one.errors / (one.calls + _FEW_CALLS), said, "calls failed here")

    def _own(self, kind: FactorKind, points: float, said: str, vaguely: str) -> Factor:
        return Factor(kind, round(points, 1), said if self.tells_numbers else vaguely)


def _latency(own: float, usual: float) -> float:
    """Return points within +/- `LATENCY_POINTS`: half as slow as usual is half of them, twice as slow the same against.

    >>> _latency(500, 1000), _latency(1000, 1000), _latency(2000, 1000)
    (5.0, 0.0, -5.0)
    """
    if own <= usual:
        return LATENCY_POINTS * (1 - own / usual) if usual else 0.0
    return -LATENCY_POINTS * (1 - usual / own)
