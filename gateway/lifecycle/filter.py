"""Which models a bulk change is about: `team=acme and state=disabled and name=old-*`. Pure.

    filter = term { "and" term }
    term   = field "=" value            no blanks inside

| field        | value                                                                                    |
|--------------|------------------------------------------------------------------------------------------|
| `team`       | a team's name                                                                            |
| `task`       | a task, such as `chat`                                                                   |
| `state`      | a state                                                                                  |
| `name`       | a model's name; `*` stands for any characters                                            |
| `older_than` | `90d` or `12h`: deleted so long ago, else deprecated so long ago, else made so long ago  |

Every model is `name=*`: nothing at all is refused, because it is more often an empty variable than a wish.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, get_args

from msgspec import Struct
from sqlalchemy import ColumnElement, func

from gateway.errors import InvalidRequest
from gateway.registry.inputs import Task
from gateway.storage.schema import models, teams

FIELDS: Final = ("team", "task", "state", "name", "older_than")
STATES: Final = ("draft", "active", "deprecated", "disabled", "draining", "deleted")
MAX_FILTER: Final = 1000  # characters: five terms with the longest names
_WORD: Final = re.compile(r"\S+")
_NAME: Final = re.compile(r"[A-Za-z0-9._@+:/*-]+")
_AGE: Final = re.compile(r"([1-9][0-9]{0,4})([dh])")
_UNIT_MS: Final = {"d": 86_400_000, "h": 3_600_000}
_EXAMPLE: Final = "write it like: team=acme and state=disabled and name=old-*"


class Filter(Struct, frozen=True):
    """A filter that was understood. `text` is how it is written in one way: terms in order of the fields."""

    terms: Mapping[str, str]

    @property
    def text(self) -> str:
        """The filter as it is shown and hashed."""
        return " and ".join(f"{field}={self.terms[field]}" for field in FIELDS if field in self.terms)

    def where(self, dialect: str, now_ms: int) -> Iterator[ColumnElement[bool]]:
        """Yield conditions on rows of `models` joined with `teams`."""
        for field, value in self.terms.items():
            yield _CONDITIONS[field](value, dialect, now_ms)


def parse(text: str, *, param: str = "filter") -> Filter:
    """Return what the text says.

    >>> parse("name=old-* and  team=acme").text
    'team=acme and name=old-*'

    Raises:
        InvalidRequest: with the place of what was not understood, counted from 1.
    """
    if len(text) > MAX_FILTER:
        raise _bad(f"it has {len(text)} characters; {MAX_FILTER} are allowed", 1, param)
    words = list(_WORD.finditer(text))
    if not words:
        raise _bad("it is empty", 1, param, hint=f"{_EXAMPLE}; every model is name=*")
    terms: dict[str, str] = {}
    for number, word in enumerate(words):
        place = word.start() + 1
        if number % 2:
            if word[0].lower() != "and":
                raise _bad(f"{word[0]!r} stands where 'and' was expected", place, param)
            continue
        field, value = _term(word[0], place, param)
        if field in terms:
            raise _bad(f"{field!r} is given twice", place, param)
        terms[field] = value
    if len(words) % 2 == 0:
        raise _bad("nothing follows the last 'and'", len(text.rstrip()) + 1, param)
    return Filter(terms)


def _term(word: str, place: int, param: str) -> tuple[str, str]:
    field, equals, value = word.partition("=")
    if not equals:
        raise _bad(f"{word!r} is no field=value", place, param)
    if field not in FIELDS:
        raise _bad(f"{field!r} is no field", place, param, hint=f"the fields are {', '.join(FIELDS)}")
    wrong = _CHECKS[field](value)
    if wrong is not None:
        raise _bad(f"{field}={value}: {wrong}", place + len(field) + 1, param)
    return field, value


def _one_of(known: tuple[str, ...]) -> Callable[[str], str | None]:
    return lambda value: None if value in known else f"it is one of {', '.join(known)}"


def _matches(pattern: re.Pattern[str], otherwise: str) -> Callable[[str], str | None]:
    return lambda value: None if pattern.fullmatch(value) else otherwise


_CHECKS: Final[Mapping[str, Callable[[str], str | None]]] = {
    "team": _matches(re.compile(r"[a-z0-9-]{1,63}"), "a team's name has lower-case letters, digits and hyphens"),
    "task": _one_of(get_args(Task)),
    "state": _one_of(STATES),
    "name": _matches(_NAME, "a name has letters, digits and . - _ @ + : /, and * stands for any of them"),
    "older_than": _matches(_AGE, "write days or hours, like 90d or 12h"),
}


def _named(value: str, dialect: str) -> ColumnElement[bool]:
    """Compare with case on both databases: SQLite's LIKE ignores it, and its GLOB has no other sign in such names."""
    if "*" not in value:
        return models.c.name == value
    if dialect == "sqlite":
        return models.c.name.op("GLOB", is_comparison=True)(value)
    return models.c.name.like(value.replace("_", r"\_").replace("*", "%"), escape="\\")


def _older(value: str, now_ms: int) -> ColumnElement[bool]:
    found = _AGE.fullmatch(value)
    assert found is not None
    since = func.coalesce(models.c.deleted_at, models.c.deprecated_at, models.c.created_at)
    return since <= now_ms - int(found[1]) * _UNIT_MS[found[2]]


_CONDITIONS: Final[Mapping[str, Callable[[str, str, int], ColumnElement[bool]]]] = {
    "team": lambda value, _dialect, _now: teams.c.name == value,
    "task": lambda value, _dialect, _now: models.c.task == value,
    "state": lambda value, _dialect, _now: models.c.state == value,
    "name": lambda value, dialect, _now: _named(value, dialect),
    "older_than": lambda value, _dialect, now_ms: _older(value, now_ms),
}


def _bad(why: str, place: int, param: str, *, hint: str = _EXAMPLE) -> InvalidRequest:
    return InvalidRequest(
        f"{param}: {why} (at character {place})", code="bad_filter", param=param, hint=hint, position=place
    )
