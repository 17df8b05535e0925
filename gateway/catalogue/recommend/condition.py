"""`when` a rule applies: a small closed language over facts of an entry and over what is asked for. Pure.

    {"fact": "residency", "op": "has", "value": "eu"}
    {"asked": "task", "op": "is", "value": "chat"}
    {"all": [...]}, {"any": [...]}, {"not": {...}}

Three values: what is unknown makes neither a condition nor its opposite true. Rules cannot ask who asks: there is no
team, no key and no address among the words.
"""

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn, TypeAlias

from gateway.catalogue.recommend.facts import FACTS, Fact, Known

Asked: TypeAlias = Mapping[str, str | frozenset[str]]
Condition: TypeAlias = Callable[[Known, Asked], bool | None]

ASKED: Final = frozenset({"task", "region", "residency", "need", "input", "output"})
_NUMBERS: Final = frozenset({"context", "max_output", "price_in", "price_out", "ram_bytes"})
_MOST_DEPTH: Final = 8
_MOST_PARTS: Final = 64
"""Of one condition: a hub must not make this installation think for long."""


class BadCondition(ValueError):
    """What is no condition, or one of another language than this."""


def read_condition(value: object) -> Condition:
    """Return the condition that a JSON value means.

    Raises:
        BadCondition: an unknown word or operator, or too much of it: nothing of the rule is applied.
    """
    return _Reader().read(value, 0)


Test: TypeAlias = Callable[[Fact], bool | None]


class _Reader:
    def __init__(self) -> None:
        self._parts = 0

    def read(self, value: object, depth: int) -> Condition:
        self._parts += 1
        if depth > _MOST_DEPTH or self._parts > _MOST_PARTS:
            _refuse(f"a condition has at most {_MOST_PARTS} parts, {_MOST_DEPTH} deep")
        if not isinstance(value, dict):
            _refuse(f"a condition is an object, not {type(value).__name__}")
        match value:
            case {"all": list(parts), **rest} if not rest:
                return _all([self.read(one, depth + 1) for one in parts])
            case {"any": list(parts), **rest} if not rest:
                return _any([self.read(one, depth + 1) for one in parts])
            case {"not": part, **rest} if not rest:
                return _not(self.read(part, depth + 1))
            case {"fact": str(name), "op": str(op), **rest} if name in FACTS:
                return _about(name, _test(op, rest, is_number=name in _NUMBERS))
            case {"asked": str(name), "op": str(op), **rest} if name in ASKED:
                return _on_asked(name, _test(op, rest, is_number=False))
        raise BadCondition(f"{sorted(map(str, value))!r:.100} is no condition that is known here")


def _all(parts: list[Condition]) -> Condition:
    def holds(facts: Known, asked: Asked) -> bool | None:
        found = [one(facts, asked) for one in parts]
        return False if False in found else None if None in found else True

    return holds


def _any(parts: list[Condition]) -> Condition:
    def holds(facts: Known, asked: Asked) -> bool | None:
        found = [one(facts, asked) for one in parts]
        return True if True in found else None if None in found else False

    return holds


def _not(part: Condition) -> Condition:
    def holds(facts: Known, asked: Asked) -> bool | None:
        found = part(facts, asked)
        return None if found is None else not found

    return holds


def _about(name: str, test: Test) -> Condition:
    return lambda facts, _: test(facts.get(name))


def _on_asked(name: str, test: Test) -> Condition:
    return lambda _, asked: test(asked.get(name))


def _test(op: str, rest: dict[str, Any], *, is_number: bool) -> Test:
    make = _OPERATORS.get(op)
    if make is None:
        _refuse(f"the operator {op!r:.40} is not known here")
    if op == "known":
        if rest:
            _refuse("the operator 'known' takes no value")
        return lambda fact: fact is not None
    if set(rest) != {"value"}:
        _refuse(f"the operator {op!r} takes a value and nothing else")
    test = make(rest["value"], is_number)
    return lambda fact: None if fact is None else test(fact)


def _is(value: object, is_number: bool) -> Test:
    wanted = _number(value) if is_number else value
    if not isinstance(wanted, str | bool | Decimal):
        _refuse("the operator 'is' takes a text, true, false or, of a number, a number")

    def holds(fact: Fact) -> bool | None:
        if isinstance(fact, frozenset):
            return wanted in fact
        return fact.get(str(wanted)) if isinstance(fact, dict) else fact == wanted

    return holds


def _in(value: object, is_number: bool) -> Test:
    if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value) or is_number:
        _refuse("the operator 'in' takes a list of texts")
    tests = [_is(one, is_number) for one in value]

    def holds(fact: Fact) -> bool | None:
        found = {test(fact) for test in tests}
        return True if True in found else None if None in found else False

    return holds


def _at_least(value: object, _: bool) -> Test:
    return _compared(value, operator.ge)


def _at_most(value: object, _: bool) -> Test:
    return _compared(value, operator.le)


def _compared(value: object, holds: Callable[[Any, Any], bool]) -> Test:
    wanted = _amount(value)
    kinds = str if isinstance(wanted, str) else int | Decimal
    return lambda fact: isinstance(fact, kinds) and holds(fact, wanted)


def _amount(value: object) -> Decimal | str:
    """Return a number, or a date as it stands: those compare as texts."""
    if isinstance(value, str) and value[4:5] == "-":
        return value
    return _number(value)


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | str):
        _refuse('amounts are integers, or texts as "0.25"')
    try:
        number = Decimal(value)
    except InvalidOperation:
        _refuse(f"{value!r:.40} is no amount")
    if not number.is_finite():
        _refuse(f"{value!r:.40} is no amount")
    return number


def _refuse(why: str) -> NoReturn:
    raise BadCondition(why)


_OPERATORS: Final[Mapping[str, Callable[[object, bool], Test]]] = {
    "is": _is,
    "has": _is,
    "in": _in,
    "at_least": _at_least,
    "at_most": _at_most,
    "known": lambda _value, _is_number: lambda _fact: True,
}
