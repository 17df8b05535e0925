"""Who used how much: sums of days, for whoever may see them.

Reads the daily table alone, and asks the database three times at most (CMP-8).
"""

from datetime import date, timedelta

from gateway.api.page import decode_cursor, take_page
from gateway.api.permissions import Permission
from gateway.api.principal import Principal
from gateway.errors import Unprocessable
from gateway.storage.clock import Clock
from gateway.storage.engine import Database
from gateway.usage import store
from gateway.usage.model import (
    DIMENSIONS,
    MAX_DAYS,
    Dimension,
    Source,
    TokenSums,
    UsageGroup,
    UsagePage,
    UsageQuery,
    UsageSums,
    day_of,
)
from gateway.usage.store import Group, Sums, UsageFilter

_DEFAULT_DAYS = 30


class UsageService:
    """Sums over usage."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def summarise(self, query: UsageQuery, caller: Principal) -> UsagePage:
        """Return a page of sums. Who may not see the team's usage sees the own key's.

        Raises:
            NotFound: another team than the caller's.
            Unprocessable: the days are in the wrong order or too far apart.
        """
        which, by = self._filter(query, caller), _dimensions(query.group_by)
        after = None
        if query.cursor is not None:
            after = tuple(str(part) for part in decode_cursor(query.cursor, *(str for _ in by)))
        async with self._database.read() as conn:
            rows = await store.sums(conn, which, by, after=after, limit=query.limit + 1)
            total = await store.total(conn, which)
            page, cursor = take_page(rows, query.limit, lambda group: group.values)
            shown_keys = {group.values[by.index("key")] for group in page} if "key" in by else set()
            names = await store.key_names(conn, shown_keys) if shown_keys else {}
        return UsagePage(
            first_day=which.first,
            last_day=which.last,
            total=UsageSums(requests=_requests(total), **_by_source(total)),
            items=tuple(_group(group, by, names) for group in page),
            next_cursor=cursor,
        )

    def _filter(self, query: UsageQuery, caller: Principal) -> UsageFilter:
        last = date.fromisoformat(query.to or day_of(self._clock.now_ms()))
        first = date.fromisoformat(query.from_) if query.from_ else last - timedelta(days=_DEFAULT_DAYS - 1)
        if not timedelta(0) <= last - first < timedelta(days=MAX_DAYS):
            raise Unprocessable(
                f"from {first} to {last} is no range of 1 to {MAX_DAYS} days",
                param="from",
                hint="send from and to as days, the earlier one first",
            )
        if query.team is not None:
            caller.require_team(query.team)
        own_only = not caller.may(Permission.USAGE_READ)
        return UsageFilter(
            first=first.isoformat(),
            last=last.isoformat(),
            team=query.team if caller.team is None else caller.team,
            model=query.model,
            key=_own(query.key, caller) if own_only else query.key,
        )


_NOBODY = "-"
"""A key that nobody has: whoever asks for another one's usage sees none."""


def _own(asked: str | None, caller: Principal) -> str:
    own = caller.key_id or _NOBODY
    return own if asked in {None, own} else _NOBODY


def _dimensions(asked: tuple[Dimension, ...]) -> tuple[Dimension, ...]:
    """Return each dimension once, in one order: the cursor stands on it."""
    return tuple(one for one in DIMENSIONS if one in asked)


def _group(group: Group, by: tuple[Dimension, ...], names: dict[str, str]) -> UsageGroup:
    values = dict(zip(by, group.values, strict=True))
    key = values.get("key")
    return UsageGroup(
        day=values.get("day"),
        team=values.get("team"),
        key=key,
        key_name=names.get(key or ""),
        model=values.get("model"),
        requests=_requests(group.sums),
        **_by_source(group.sums),
    )


def _requests(sums: Sums) -> int:
    return sum(numbers[0] for numbers in sums.values())


def _by_source(sums: Sums) -> dict[Source, TokenSums]:
    return {
        source: TokenSums(
            requests=numbers[0],
            input_tokens=numbers[1],
            output_tokens=numbers[2],
            cached_tokens=numbers[3],
            reasoning_tokens=numbers[4],
        )
        for source, numbers in sums.items()
    }
