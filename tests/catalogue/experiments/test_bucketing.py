"""CAT-40, CAT-43: even, stable while a ramp grows, independent of each other. Seeds are fixed, so is each figure."""

import functools
import hashlib
import hmac
import statistics

import pytest

from gateway.catalogue.experiments.bucketing import SPACE, WHOLE, position, pseudonym, ranges
from gateway.catalogue.experiments.rendezvous import choose

SECRET = hashlib.sha256(b"an installation").digest()
UNITS = tuple(f"team_{number:06}" for number in range(100_000))
CHI_SQUARE_19 = 30.1
"""The 5 % limit of chi-square with 19 degrees of freedom."""


@functools.cache
def positions(experiment: str) -> tuple[int, ...]:
    """Return where all units fall."""
    return tuple(position(SECRET, experiment, unit) for unit in UNITS)


def test_a_position_is_the_beginning_of_the_hmac_of_experiment_and_unit() -> None:
    """CAT-40 to the letter: the first 8 bytes of HMAC-SHA256(secret, exp_id, 0x00, unit), over 2^64."""
    mac = hmac.new(b"secret", b"order-1\x00tea_1", hashlib.sha256).digest()
    assert position(b"secret", "order-1", "tea_1") == int.from_bytes(mac[:8], "big")


def test_where_one_word_ends_and_the_next_begins_matters() -> None:
    """The zero byte keeps a unit from being moved by a longer id of the experiment."""
    assert position(SECRET, "a", "bc") != position(SECRET, "ab", "c")


@pytest.mark.parametrize("experiment", ["order-1", "order-2", "x"])
def test_units_are_spread_evenly(experiment: str) -> None:
    """Chi-square over 20 bins stays below what one in twenty even spreads exceeds."""
    bins = [0] * 20
    for one in positions(experiment):
        bins[one * 20 // SPACE] += 1
    expected = len(UNITS) / 20
    assert sum((count - expected) ** 2 / expected for count in bins) < CHI_SQUARE_19


def test_a_ramp_only_widens() -> None:
    """The 10 % group is inside the 20 % group, over 100,000 ids, and each unit keeps its variant."""

    def shown(ramp: int) -> dict[str, int]:
        parts = ranges((5_000, 5_000), ramp)
        found = {}
        for unit, here in zip(UNITS, positions("order-1"), strict=True):
            for number, part in enumerate(parts):
                if part.holds(here):
                    found[unit] = number
        return found

    ten, twenty, all_ = shown(1_000), shown(2_000), shown(WHOLE)
    assert ten.items() < twenty.items() < all_.items()
    assert abs(len(ten) / len(UNITS) - 0.1) < 0.005
    assert abs(len(twenty) / len(UNITS) - 0.2) < 0.005
    assert len(all_) == len(UNITS)


@pytest.mark.parametrize("other", ["order-2", "order-11", "x"])
def test_experiments_do_not_know_each_other(other: str) -> None:
    """Correlation between two experiments over the same units stays within 0.013 of none."""
    assert abs(statistics.correlation(positions("order-1"), positions(other))) < 0.013


def test_another_installation_shows_other_units_the_variant() -> None:
    """The secret is part of it: positions of one installation tell nothing of another's."""
    there = [position(b"another", "order-1", unit) for unit in UNITS[:20_000]]
    assert abs(statistics.correlation(positions("order-1")[:20_000], there)) < 0.013 * 2


def test_a_unit_is_counted_under_another_name_in_each_experiment() -> None:
    """Rows of two experiments cannot be joined, nor guessed without the secret."""
    names = {
        pseudonym(SECRET, "a", "tea_1"),
        pseudonym(SECRET, "b", "tea_1"),
        pseudonym(b"another", "a", "tea_1"),
        pseudonym(SECRET, "a", "tea_2"),
    }
    assert len(names) == 4
    assert "tea_1" not in "".join(names)


def test_a_target_that_comes_takes_a_fair_share_and_moves_nobody_else() -> None:
    """CAT-43: a fourth target takes about a fourth of each of the three; nothing moves between those."""
    three, units = ("a/x", "b/y", "c/z"), UNITS[:20_000]
    before = {unit: choose(SECRET, "spread", unit, three) for unit in units}
    after = {unit: choose(SECRET, "spread", unit, ("d/w", *reversed(three))) for unit in units}
    moved = [unit for unit in units if before[unit] != after[unit]]
    assert {after[unit] for unit in moved} == {"d/w"}
    assert abs(len(moved) / len(units) - 0.25) < 0.01
    for target in three:
        assert abs(sum(one == target for one in before.values()) / len(units) - 1 / 3) < 0.015


def test_without_targets_nobody_gets_one() -> None:
    """There is nothing to choose from."""
    assert choose(SECRET, "spread", "tea_1", ()) is None
