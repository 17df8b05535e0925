"""The language of rules: closed, strict, and with three values."""

from typing import Any

import msgspec
import pytest

from gateway.catalogue.entry import Entry
from gateway.catalogue.recommend.condition import ASKED, BadCondition, read_condition
from gateway.catalogue.recommend.facts import Known
from tests.catalogue.entries import entry


def made(**changes: Any) -> Entry:
    """Return an entry."""
    return msgspec.convert(entry(7, **changes), Entry)


def fact(name: str, op: str, *value: Any) -> dict[str, Any]:
    """Return a condition on a fact."""
    return {"fact": name, "op": op} | ({"value": value[0]} if value else {})


YES, NO, UNKNOWN = fact("kind", "is", "offering"), fact("kind", "is", "model"), fact("ram_bytes", "at_most", 1)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (fact("publisher", "is", "acme"), True),
        (fact("publisher", "in", ["other", "acme"]), True),
        (fact("residency", "has", "eu"), True),
        (fact("region", "has", "cn"), False),
        (fact("region", "in", ["cn", "us"]), True),
        (fact("capability", "has", "tools"), True),
        (fact("capability", "has", "reasoning"), False),
        (fact("capability", "has", "vision"), None),
        (fact("capability", "in", ["vision", "tools"]), True),
        (fact("capability", "in", ["vision", "reasoning"]), None),
        (fact("task", "has", "chat"), True),
        ({"fact": "open_weights", "op": "is", "value": True}, True),
        (fact("price_in", "at_most", "0.25"), True),
        (fact("price_in", "at_most", "0.249999"), False),
        (fact("context", "at_least", 131072), True),
        (fact("context", "is", 131072), True),
        (fact("updated_at", "at_least", "2026-11-01"), True),
        (fact("ram_bytes", "known"), False),
        (fact("context", "known"), True),
        ({"asked": "task", "op": "is", "value": "chat"}, True),
        ({"asked": "need", "op": "has", "value": "tools"}, True),
        ({"asked": "region", "op": "is", "value": "eu"}, None),
        ({"all": [YES, UNKNOWN]}, None),
        ({"all": [NO, UNKNOWN]}, False),
        ({"all": [YES, YES]}, True),
        ({"any": [NO, UNKNOWN]}, None),
        ({"any": [YES, UNKNOWN]}, True),
        ({"any": [NO, NO]}, False),
        ({"not": NO}, True),
        ({"not": YES}, False),
        ({"not": UNKNOWN}, None),
    ],
)
def test_a_condition_holds_does_not_or_nobody_knows(condition: dict[str, Any], holds: bool | None) -> None:
    """What is unknown makes neither a condition nor its opposite true (CAT-8)."""
    asked: dict[str, str | frozenset[str]] = {"task": "chat", "need": frozenset({"tools"})}
    assert read_condition(condition)(Known(made()), asked) is holds


@pytest.mark.parametrize(
    "condition",
    [
        fact("publisher", "matches", "a.*"),
        fact("nobody_knows", "is", "x"),
        {"asked": "team", "op": "is", "value": "team1"},
        {"asked": "key", "op": "is", "value": "key_1"},
        {"fact": "publisher", "op": "is", "value": "acme", "also": 1},
        {"fact": "publisher", "op": "is"},
        fact("context", "at_least", "many"),
        fact("context", "at_least", "NaN"),
        {"fact": "context", "op": "at_least", "value": True},
        fact("publisher", "is", ["acme"]),
        fact("publisher", "in", "acme"),
        fact("publisher", "in", []),
        fact("ram_bytes", "known", 1),
        {"all": YES},
        {"all": [YES], "any": [YES]},
        {"none": []},
        [],
        "1 == 1",
        None,
    ],
)
def test_what_is_not_of_this_language_is_refused_whole(condition: object) -> None:
    """An operator of a later program hides the rule; it is never half applied."""
    with pytest.raises(BadCondition):
        read_condition(condition)


def test_a_condition_is_neither_endless_nor_bottomless() -> None:
    """A hub must not make this installation think for long."""
    deep: dict[str, Any] = YES
    for _ in range(9):
        deep = {"not": deep}
    with pytest.raises(BadCondition, match="8 deep"):
        read_condition(deep)
    with pytest.raises(BadCondition, match="64 parts"):
        read_condition({"all": [YES] * 64})


def test_rules_have_no_word_for_who_asks() -> None:
    """They go by what is asked; a hub cannot single out a team."""
    assert sorted(ASKED) == ["input", "need", "output", "region", "residency", "task"]
