"""CAT-41: who takes part, for how long, and that two experiments of a namespace never share a unit."""

from typing import Any

import msgspec
import pytest

from gateway.catalogue.experiments.experiment import Experiment, assign, is_member, narrowed, overlapping, unsound

SECRET = b"s" * 32
UNITS = tuple(f"tea_{number}" for number in range(2_000))


def experiment(id_: str = "order-1", /, **changes: Any) -> Experiment:
    """Return an experiment as it is read from a file."""
    usual = {"id": id_, "unit": "team", "ends_at": "2027-01-01"}
    if "targets" not in changes:
        usual["variants"] = [{"name": "control", "share": 5000}, {"name": "new", "share": 5000, "boost": {"a/x": 30}}]  # type: ignore[assignment]
    return msgspec.convert(usual | changes, Experiment)


@pytest.mark.parametrize(
    ("changes", "today", "standing"),
    [
        ({}, "2026-11-21", "running"),
        ({}, "2026-12-31", "running"),
        ({}, "2027-01-01", "ended"),
        ({"starts_at": "2026-11-22"}, "2026-11-21", "waiting"),
        ({"starts_at": "2026-11-22"}, "2026-11-22", "running"),
        ({"killed": True}, "2026-11-21", "killed"),
    ],
)
def test_an_experiment_ends_by_its_date_or_its_flag(changes: dict[str, Any], today: str, standing: str) -> None:
    """Both stand in the signed file; the flag goes before all dates."""
    assert experiment(**changes).standing(today) == standing


def test_two_experiments_of_a_namespace_never_share_a_unit() -> None:
    """Their slots do not overlap, so their members do not."""
    first = experiment("first", namespace="order", slots=[0, 4000])
    second = experiment("second", namespace="order", slots=[4000, 10000])
    members = [{unit for unit in UNITS if assign(one, SECRET, unit)} for one in (first, second)]
    assert not members[0] & members[1]
    assert len(members[0] | members[1]) == len(UNITS)
    assert abs(len(members[0]) / len(UNITS) - 0.4) < 0.04


def test_slots_do_not_decide_the_variant() -> None:
    """Half of those whom the namespace gives to an experiment are shown each variant."""
    first = experiment("first", namespace="order", slots=[0, 4000])
    shown = [assign(first, SECRET, unit) for unit in UNITS if is_member(first, SECRET, unit)]
    assert abs(shown.count("new") / len(shown) - 0.5) < 0.06


def test_shares_that_leave_room_leave_units_out() -> None:
    """Who is in no range is shown nothing, and counted nowhere."""
    some = experiment(variants=[{"name": "new", "share": 1000}])
    assert abs(sum(assign(some, SECRET, unit) is None for unit in UNITS) / len(UNITS) - 0.9) < 0.03


def test_targets_are_variants_of_their_own() -> None:
    """Each unit gets one of them, within the ramp."""
    spread = experiment(targets=["a/x", "b/y", "c/z"], ramp=5000)
    found = [assign(spread, SECRET, unit) for unit in UNITS]
    assert {*found} == {None, "a/x", "b/y", "c/z"}
    assert abs(found.count(None) / len(UNITS) - 0.5) < 0.05
    effect = spread.effect("b/y")
    assert effect is not None
    assert effect.boost == {"b/y": 30}
    assert spread.effect("d/w") is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"targets": ["a/x"], "variants": [{"name": "a", "share": 1}]}, "either variants or targets"),
        ({"variants": []}, "either variants or targets"),
        ({"variants": [{"name": "a", "share": 1}, {"name": "a", "share": 1}]}, "called the same"),
        ({"variants": [{"name": "a", "share": 6000}, {"name": "b", "share": 6000}]}, "more than 10000"),
        ({"slots": [5000, 5000], "namespace": "order"}, "empty"),
        ({"slots": [0, 5000]}, "no namespace"),
    ],
)
def test_an_experiment_that_contradicts_itself_is_unsound(changes: dict[str, Any], says: str) -> None:
    """Such a one is not run."""
    assert says in (unsound(experiment(**changes)) or "")
    assert unsound(experiment()) is None


def test_slots_that_overlap_are_found_for_both() -> None:
    """Whichever of the two came first: neither can be told from the other's effect."""
    three = {
        "a": experiment("a", namespace="order", slots=[0, 4000]),
        "b": experiment("b", namespace="order", slots=[3999, 6000]),
        "c": experiment("c", namespace="order", slots=[6000, 10000]),
        "d": experiment("d", namespace="another", slots=[0, 10000]),
    }
    assert {*overlapping(three)} == {("a", "b"), ("b", "a")}


@pytest.mark.parametrize(
    ("after", "says"),
    [
        ({"ramp": 999}, "ramp was 1000"),
        ({"ramp": 2000, "variants": [{"name": "new", "share": 5000}, {"name": "control", "share": 5000}]}, "others"),
        ({"ramp": 2000, "unit": "key"}, "others"),
        ({"ramp": 1000, "namespace": "order", "slots": [0, 10000]}, "others"),
    ],
)
def test_a_running_experiment_that_loses_or_moves_units_is_noticed(after: dict[str, Any], says: str) -> None:
    """CAT-40: a ramp only widens ranges."""
    assert says in (narrowed(experiment(ramp=1000), experiment(**after)) or "")


@pytest.mark.parametrize("after", [{"ramp": 1000}, {"ramp": 2000}, {"ramp": 10000, "ends_at": "2026-12-01"}])
def test_an_experiment_may_grow(after: dict[str, Any]) -> None:
    """More of the same, or an earlier end."""
    assert narrowed(experiment(ramp=1000), experiment(**after)) is None


def test_fewer_slots_are_noticed() -> None:
    """They take units out as a smaller ramp does."""
    before = experiment(namespace="order", slots=[0, 5000])
    assert "slots" in (narrowed(before, experiment(namespace="order", slots=[0, 4000])) or "")
    assert narrowed(before, experiment(namespace="order", slots=[0, 6000])) is None
