"""Numbers, prices and dates of a list as entries write them. Pure; `None` is unknown, and is left out."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from gateway.catalogue.canonical import NotCanonical
from gateway.catalogue.fitness import is_id
from gateway.catalogue.hub.importers.row import Imported, Row
from gateway.catalogue.hub.working_list import problem_of

_DATE = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
_PLACES = 12  # after the point, as entries allow
_MAX_DIGITS = 9


def amount(number: object, *, times: int = 1) -> str | None:
    """Return money as text: the digits of the list, times a whole number, to 12 places.

    Places beyond are what floats left in somebody's list: 0.30000000000000004 was meant as 0.3.

    >>> amount(Decimal("1.9e-08"), times=1_000_000), amount(Decimal("2.50")), amount(0), amount("x")
    ('0.019', '2.5', '0', None)
    """
    if isinstance(number, bool) or not isinstance(number, int | Decimal):
        return None
    exact = Decimal(number) * times
    if not exact.is_finite() or exact < 0 or exact.adjusted() >= _MAX_DIGITS:
        return None
    text = f"{round(exact, _PLACES):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def tokens(number: object) -> int | None:
    """Return a number of tokens; lists write 0 where there is no limit to tell."""
    if isinstance(number, Decimal) and number == number.to_integral_value():
        number = int(number)
    return number if isinstance(number, int) and not isinstance(number, bool) and number > 0 else None


def date(text: object) -> str | None:
    """Return a whole date."""
    return text if isinstance(text, str) and _DATE.fullmatch(text) else None


def flag(value: object) -> bool | None:
    """Return what is said to be true or false."""
    return value if isinstance(value, bool) else None


def words(value: object) -> list[str]:
    """Return the texts of a list."""
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def text(value: object) -> str | None:
    """Return a text that says something."""
    return value if isinstance(value, str) and value.strip() else None


def known(**members: Any) -> dict[str, Any]:
    """Return the members that are known; a member called `into` is written as `in`."""
    named = {"in" if name == "into" else name: value for name, value in members.items()}
    return {name: value for name, value in named.items() if value is not None and value not in ({}, [])}


class Draft:
    """Rows and entries as they come: an id is taken once, and no entry is made that a hub would not publish."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._rows: list[Row] = []
        self._entries: dict[str, dict[str, Any]] = {}
        self._taken: dict[str, str] = {}

    def nothing(self, source: str, why: str) -> None:
        """Note what becomes no entry."""
        self._rows.append(Row(source, None, why))

    def entry(self, source: str, entry: Mapping[str, Any], notes: list[str]) -> None:
        """Note an entry."""
        id_ = str(entry["id"])
        if not is_id(id_):
            self.nothing(source, f"{id_!r} cannot be an id")
        elif id_ in self._taken:
            self.nothing(source, f"{id_} is made of {self._taken[id_]!r} already")
        elif (reason := _problem(entry)) is not None:
            self.nothing(source, reason)
        else:
            self._taken[id_] = source
            self._entries[id_] = dict(entry)
            self._rows.append(Row(source, id_, "; ".join(notes)))

    def imported(self) -> Imported:
        """Return what the list comes to."""
        return Imported(self._kind, tuple(self._rows), tuple(self._entries.values()))


def _problem(entry: Mapping[str, Any]) -> str | None:
    try:
        return problem_of(entry)
    except NotCanonical as error:
        return str(error)
