"""A row of usage, and what the API answers about many of them. Pure."""

from datetime import date, timedelta
from functools import lru_cache
from typing import Annotated, Literal, TypeAlias

import msgspec
from pydantic import AfterValidator, Field, StringConstraints

from gateway.api.page import PageQuery
from gateway.described import Described

Source: TypeAlias = Literal["exact", "estimated", "unknown"]
"""USE-1: the upstream's own numbers, our estimate, or nothing known; nothing else."""
SOURCES: tuple[Source, ...] = ("exact", "estimated", "unknown")

PREFLIGHT = "preflight"
"""The key, outcome and request of a check's trial call, which is no team's: its team is empty, no budget counts it."""
RETRIED = "retried"
"""The outcome of an attempt that failed and was followed by another one: the last one alone is the request (USE-6)."""

Dimension: TypeAlias = Literal["day", "team", "key", "model"]
DIMENSIONS: tuple[Dimension, ...] = ("day", "team", "key", "model")

DAY_MS = 86_400_000
MAX_DAYS = 400
"""A year with some weeks to compare."""


class UsageRecord(msgspec.Struct, gc=False):
    """One attempt at an upstream. Times are ms, sizes bytes; tokens are None where nobody said.

    A msgspec Struct: one is made per call, and a dataclass takes 2 us longer.
    """

    at: int
    team: str
    key_id: str
    """The key's id, "" for a caller on this machine without one; PREFLIGHT for the trial call of a check."""
    model_uid: str
    model: str
    endpoint_id: str | None
    operation: str
    status: int
    outcome: str
    """As the data plane calls it; `RETRIED` is the one that matters here."""
    source: Source
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    reasoning_tokens: int | None
    duration_ms: float
    ttfb_ms: float | None
    bytes_in: int
    bytes_out: int
    request_id: str


def day_of(at_ms: int) -> str:
    """Return the day in UTC that a moment belongs to.

    >>> day_of(1_767_225_599_999)
    '2025-12-31'
    """
    return _date_of(at_ms // DAY_MS)


@lru_cache(maxsize=64)  # rows of one batch are of one day
def _date_of(days: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=days)).isoformat()


def _day(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise ValueError(f"{value!r} is no day: write 2026-01-31") from error


Day: TypeAlias = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_day)]
Name: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class UsageQuery(PageQuery):
    """Which usage is summed up, and how."""

    from_: Day | None = Field(default=None, alias="from")
    """First day, in UTC; left out: 30 days before the last one."""
    to: Day | None = None
    """Last day, included; left out: today."""
    team: Name | None = None
    model: Name | None = None
    """The model's name as it was then."""
    key: Name | None = None
    """A key's id."""
    group_by: tuple[Dimension, ...] = Field(default=("day", "model"), max_length=4)
    """One sum for each combination of these; repeat the parameter."""


class TokenSums(Described):
    """Sums of one kind of source."""

    requests: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int


class UsageSums(Described):
    """Sums with what is certain, what is estimated and what is unknown apart (USE-1)."""

    requests: int
    """All three together."""
    exact: TokenSums
    estimated: TokenSums
    unknown: TokenSums


class UsageGroup(UsageSums):
    """One combination; what it was not grouped by is null."""

    day: str | None
    team: str | None
    """Empty for the trial calls of checks, which are no team's."""
    key: str | None
    """`preflight` for the trial calls of checks."""
    key_name: str | None
    """The key's present name, null when it was deleted or there was none."""
    model: str | None


class UsagePage(Described):
    """One page of sums, and the sum of all pages."""

    first_day: str
    last_day: str
    total: UsageSums
    items: tuple[UsageGroup, ...]
    next_cursor: str | None
    """Send it as `cursor` to get the next page; null on the last one."""
