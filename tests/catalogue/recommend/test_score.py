"""Points: each factor with its number, the best first, equals in an order of the team's own."""

import itertools
from typing import Any

import msgspec
import pytest

from gateway.catalogue.entry import Entry
from gateway.catalogue.recommend.ranking import Ranked, Ranking
from gateway.catalogue.recommend.rules import read_rules
from gateway.catalogue.recommend.score import Factor, Lift, Scoring
from gateway.catalogue.recommend.use import Measured, Use
from gateway.catalogue.recommend.wanted import Wanted
from tests.catalogue.entries import entry
from tests.catalogue.recommend.test_rules import file, rule


def made(number: int = 0, **changes: Any) -> Entry:
    """Return an entry."""
    return msgspec.convert(entry(number, **changes), Entry)


def scoring(**changes: Any) -> Scoring:
    """Return what points come from."""
    return Scoring(**({"asked": {}, "lifts": {}, "team": "team_1"} | changes))


def use(**entries: Measured) -> Use:
    """Return what was measured, by the last digit of entries' ids."""
    known = {f"acme/coder-{name[1:]}": one for name, one in entries.items()}
    times = [one.first_byte_ms for one in known.values() if one.first_byte_ms is not None]
    usual = sorted(times)[len(times) // 2] if times else None
    return Use(known, sum(one.weighted for one in known.values()), usual)


def best(ranked: Scoring, *entries: Entry, most: int = 10, proposed: dict[str, str] | None = None) -> list[Ranked]:
    """Return the best of the entries."""
    ranking = Ranking(Wanted(), ranked, most=most, proposed=proposed or {}, hidden=frozenset())
    ranking.take(entries)
    return ranking.best()


def test_what_was_never_measured_counts_nothing() -> None:
    """And nothing that counts nothing is in the explanation."""
    assert scoring().factors(made()) == ()


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        ([Measured(weighted=30.0), Measured(weighted=10.0)], [("use", 30.0)]),
        ([Measured(calls=80, errors=20)], [("errors", -6.0)]),
        ([Measured(calls=1, errors=1)], [("errors", -1.4)]),
        ([Measured(first_byte_ms=100), Measured(first_byte_ms=400), Measured(first_byte_ms=400)], [("latency", 7.5)]),
        ([Measured(first_byte_ms=800), Measured(first_byte_ms=400), Measured(first_byte_ms=400)], [("latency", -5.0)]),
    ],
)
def test_own_experience_in_points(measured: list[Measured], expected: list[tuple[str, float]]) -> None:
    """A share of 40 for use, of -30 for errors, within 10 for time; one failure of one call says little."""
    known = use(**{f"n{number}": one for number, one in enumerate(measured)})
    assert [(one.kind, one.points) for one in scoring(use=known).factors(made(0))] == expected


def test_each_factor_says_the_numbers_that_it_comes_from() -> None:
    """For whoever may see the team's usage; for others that there are some."""
    known = use(n0=Measured(30.0, 40, 4, 250.0), n1=Measured(10.0, 5, 0, 500.0), n2=Measured(0.0, 5, 0, 500.0))
    told = {one.kind: one.because for one in scoring(use=known).factors(made(0))}
    assert told == {
        "use": "75% of the team's use (30.0 calls, half for every 14 days of age)",
        "latency": "250 ms to the first byte here (median), and 500 ms is usual",
        "errors": "4 of 40 calls failed here",
    }
    vague = scoring(use=known, tells_numbers=False).factors(made(0))
    assert not any(character.isdigit() for one in vague for character in one.because)


def test_rules_statuses_and_variants_count_as_they_say() -> None:
    """In the order in which they are looked at."""
    rules = read_rules(file(rule(), rule("never", when={"fact": "ram_bytes", "op": "at_most", "value": 1}))).rules
    lifts = {"acme/coder-0": (Lift("order-1", "new", 30),)}
    assert scoring(rules=rules, lifts=lifts).factors(made(0, status="deprecated")) == (
        Factor("status", -20.0, "it is deprecated"),
        Factor("rule", 20.0, "what is sent stays in the EU", "eu-first"),
        Factor("experiment", 30.0, "the variant new is shown here", "order-1"),
    )


def test_the_points_are_the_sum_of_what_is_explained() -> None:
    """They are counted apart, because most of a long list is never explained."""
    rules = read_rules(file(rule(), rule("more", boost=-7))).rules
    lifts = {f"acme/coder-{number}": (Lift("order-1", "new", 3 * number),) for number in range(3)}
    known = use(n0=Measured(30.0, 40, 4, 250.0), n1=Measured(11.0, 5, 1, 700.0), n3=Measured(0.0, 5, 0, 500.0))
    one = scoring(rules=rules, lifts=lifts, use=known)
    for number, status in itertools.product(range(5), ("active", "preview", "deprecated")):
        entry_ = made(number, status=status)
        assert one.points(entry_) == round(sum(factor.points for factor in one.factors(entry_)), 1)


def test_the_best_do_not_depend_on_the_order_in_which_they_come() -> None:
    """Whatever the pages of the list are."""
    known = use(n1=Measured(weighted=3.0), n3=Measured(weighted=1.0))
    entries = [made(number) for number in range(5)]
    found = {
        tuple(one.entry.id for one in best(scoring(use=known), *some, most=3))
        for some in itertools.permutations(entries)
    }
    assert len(found) == 1
    assert next(iter(found))[:2] == ("acme/coder-1", "acme/coder-3")


def test_equals_stand_in_an_order_of_the_teams_own() -> None:
    """By hash: no publisher is first everywhere for its name."""
    entries = [made(number) for number in range(8)]
    first = {best(scoring(team=f"team_{number}"), *entries, most=1)[0].entry.id for number in range(40)}
    assert len(first) > 5
    assert best(scoring(), *entries) == best(scoring(), *reversed(entries))


def test_what_is_proposed_is_shown_beside_the_best_unless_it_is_among_them() -> None:
    """It has to fit like all others: a proposal passes no filter."""
    known = use(n0=Measured(weighted=1.0))
    entries = [made(0), made(1), made(2, status="retired")]
    proposed = {"acme/coder-0": "a", "acme/coder-1": "b", "acme/coder-2": "c"}
    found = best(scoring(use=known), *entries, most=1, proposed=proposed)
    assert [(one.entry.id, one.proposed_by) for one in found] == [("acme/coder-0", None), ("acme/coder-1", "b")]
