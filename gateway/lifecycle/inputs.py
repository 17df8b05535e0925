"""What callers send to the routes of a model's life: shapes and ranges."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, StringConstraints

from gateway.api.page import PageQuery
from gateway.described import Described
from gateway.lifecycle.references import Kind
from gateway.registry.inputs import Input, ModelName, Name

_DURATION = re.compile(r"(\d{1,6})(ms|s|m)?")
_FACTORS = {None: 1.0, "s": 1.0, "m": 60.0, "ms": 0.001}


def seconds_of(text: str) -> float:
    """Return a duration in seconds.

    >>> seconds_of("30s"), seconds_of("2m"), seconds_of("0")
    (30.0, 120.0, 0.0)
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError("a duration is a number of seconds, or like 30s, 5m, 500ms")
    return int(found[1]) * _FACTORS[found[2]]


def _duration(text: str) -> str:
    seconds_of(text)
    return text


def moment_of(text: str) -> int:
    """Return a time or day (then its end in UTC) in milliseconds.

    >>> moment_of("2026-01-01T00:00:00Z"), moment_of("2025-12-31")
    (1767225600000, 1767225600000)
    """
    moment = datetime.fromisoformat(text)
    if len(text) == len("2026-01-01"):
        return int(moment.replace(tzinfo=UTC).timestamp() * 1000) + 86_400_000
    if moment.tzinfo is None:
        raise ValueError("the zone is missing")
    return int(moment.timestamp() * 1000)


def _moment(text: str) -> str:
    try:
        moment_of(text)
    except ValueError as error:
        raise ValueError("a time is like 2026-12-31, or 2026-12-31T18:00:00Z with its zone") from error
    return text


Duration: TypeAlias = Annotated[
    str, StringConstraints(max_length=9), AfterValidator(_duration), Field(examples=["30s", "0", "5m"])
]
Moment: TypeAlias = Annotated[
    str, StringConstraints(max_length=40), AfterValidator(_moment), Field(examples=["2026-12-31"])
]
Reason: TypeAlias = Annotated[str, StringConstraints(max_length=500)]


class TeamQuery(Described):
    """Whose model is meant."""

    team: Name | None = None
    """The team of a model that is named instead of given by its uid; the key's own team when left out."""


class RetireQuery(TeamQuery):
    """How a model is deleted."""

    references: Literal["restrict", "cascade", "repoint"] = "restrict"
    """What becomes of those who point at it: nothing, and the deletion is refused; they go along; they point at
    `successor` from then on. The last two need the permission models.force."""
    successor: Name | None = None
    """Uid or name of the model of the same team that callers are told to use; needed to repoint."""
    suppress: bool = True
    """Whether the catalogue's entry that it came from is kept out of the team's list from then on."""
    drain: Duration | None = None
    """How long calls under way may go on, 30s or a number of seconds; 0 ends them at once. Left out: the setting."""
    dry_run: bool = False
    """Answer what the call would, with what it would touch, and change nothing."""
    allow_missing: bool = False
    """Answer 200 also when there is no such model, or it is deleted already."""
    purge: bool = False
    """Take a model that is deleted already away for good, before its time. Needs the permission models.purge."""


class ReferenceQuery(PageQuery):
    """Which references are listed."""

    team: Name | None = None
    """As in a deletion."""
    kind: Kind | None = None


class Undelete(Input):
    """How a model comes back."""

    rename_to: ModelName | None = None
    """Another name, when its own is taken by now."""
    activate: bool = False
    """Back to the state that it had; left out, it is switched off until somebody enables it."""


class Protect(Input):
    """Whether a model is kept from being deleted."""

    enabled: bool
    reason: Reason | None = None


class Deprecate(Input):
    """What a deprecated model announces to its callers."""

    sunset_at: Moment | None = None
    """When it is going to be retired: a day, or a time with its zone. Left out: not said."""
    successor: Name | None = None
    """Uid or name of the model of the same team to use instead."""
    reason: Reason | None = None
