"""`recommend.json`: what is understood to the last word is applied, and everything else is told."""

import json
from typing import Any

import pytest

from gateway.catalogue.recommend.rules import MAX_BYTES, BadRules, check_rules, read_rules

WHEN = {"fact": "residency", "op": "has", "value": "eu"}


def rule(id_: str = "eu-first", /, **changes: Any) -> dict[str, Any]:
    """Return a rule as it stands in a file."""
    return {"id": id_, "when": WHEN, "boost": 20, "because": "what is sent stays in the EU"} | changes


def experiment(id_: str = "order-1", /, **changes: Any) -> dict[str, Any]:
    """Return an experiment as it stands in a file."""
    variants = [{"name": "control", "share": 5000}, {"name": "new", "share": 5000, "boost": {"acme/coder-1": 30}}]
    return {"id": id_, "unit": "team", "ends_at": "2027-01-01", "variants": variants, "ramp": 1000} | changes


def file(*rules: Any, experiments: tuple[Any, ...] = (), **changes: Any) -> bytes:
    """Return a file."""
    return json.dumps({"schema": 1, "rules": rules, "experiments": experiments} | changes).encode()


def test_a_file_of_rules_and_experiments_is_read() -> None:
    """The usual one."""
    found = read_rules(file(rule(until="2027-01-01"), experiments=(experiment(),)))
    assert [one.id for one in found.rules] == ["eu-first"]
    assert (found.rules[0].is_over("2026-12-31"), found.rules[0].is_over("2027-01-01")) == (False, True)
    assert [one.id for one in found.experiments] == ["order-1"]
    assert found.left == ()


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (rule("bad", when={"fact": "id", "op": "sounds_like", "value": "x"}), "sounds_like"),
        (rule("bad", boost=101), "boost"),
        (rule("bad", boost="20"), "boost"),
        (rule("bad", only_on="tuesdays"), "only_on"),
        (rule("bad", until="soon"), "until"),
        (rule(), "same id"),
        (["bad"], "object"),
    ],
)
def test_a_rule_that_is_not_understood_drops_only_itself(bad: Any, says: str) -> None:
    """It is counted and named, and the others count."""
    found = read_rules(file(rule(), bad, rule("third")))
    assert [one.id for one in found.rules] == ["eu-first", "third"]
    assert len(found.left) == 1
    assert says in found.left[0].reason


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (experiment("bad", only_if="x"), "only_if"),
        (experiment("bad", ends_at=None), "ends_at"),
        (experiment("bad", variants=[]), "either"),
        (experiment("bad", ramp=10_001), "ramp"),
        (experiment(), "same id"),
    ],
)
def test_an_experiment_that_is_not_understood_is_not_run(bad: Any, says: str) -> None:
    """As with rules."""
    found = read_rules(file(experiments=(experiment(), bad)))
    assert [one.id for one in found.experiments] == ["order-1"]
    assert says in found.left[0].reason


def test_experiments_whose_slots_overlap_are_both_left_out_until_one_is_killed() -> None:
    """CAT-41: of two that share units neither says anything."""
    first = experiment("first", namespace="order", slots=[0, 6000])
    second = experiment("second", namespace="order", slots=[5000, 10000])
    found = read_rules(file(experiments=(first, second, experiment())))
    assert [one.id for one in found.experiments] == ["order-1"]
    assert {(one.id, one.reason.split()[0]) for one in found.left} == {("first", "second"), ("second", "first")}
    again = read_rules(file(experiments=(first, second | {"killed": True})))
    assert [one.id for one in again.experiments] == ["first", "second"]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"<html>", "not JSON"),
        (b"[]", "object"),
        (file(schema=2), "schema 2"),
        (b"{}", "schema None"),
        (file({"id": "x", "boost": 0.5}), "0.5"),
        (file(rules={}), "rules"),
        (file(*[rule()] * 201), "at most 200"),
        (b'{"schema":1,"rules":[' + b" " * MAX_BYTES + b"]}", "bytes"),
        (file(rule(because="\x1b[2J")), "control"),
    ],
)
def test_a_file_that_is_none_is_refused(raw: bytes, says: str) -> None:
    """Nothing of it is applied."""
    with pytest.raises(BadRules, match=says):
        read_rules(raw)


def test_what_is_published_is_applied_whole() -> None:
    """A publisher hears of a mistake before any client leaves something out."""
    assert len(check_rules(file(rule(), experiments=(experiment(),))).rules) == 1
    with pytest.raises(BadRules, match=r"^bad: .*sounds_like"):
        check_rules(file(rule("bad", when={"fact": "id", "op": "sounds_like", "value": "x"})))


def test_a_published_experiment_only_grows_or_ends() -> None:
    """CAT-40; the way back is the flag that kills it."""
    before = file(experiments=(experiment(),))
    check_rules(file(experiments=(experiment(ramp=2000),)), before)
    check_rules(file(experiments=(experiment(ramp=0, killed=True),)), before)
    check_rules(file(experiments=(experiment("order-2", ramp=1),)), before)
    with pytest.raises(BadRules, match="ramp was 1000"):
        check_rules(file(experiments=(experiment(ramp=500),)), before)
