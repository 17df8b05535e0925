"""Sums for whoever may see them, on both databases."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace
from sqlalchemy import event

from gateway.api.permissions import ROLES, Role
from gateway.api.principal import Principal
from gateway.errors import InvalidRequest, NotFound, Unprocessable
from gateway.storage.engine import Database
from gateway.usage.model import UsageGroup, UsagePage, UsageQuery
from gateway.usage.service import UsageService
from tests.keys.installation import Installation, SetClock
from tests.usage.records import at, record, write

ADMIN = Principal("key_admin", "admin", Role.ADMIN, ROLES[Role.ADMIN])
VIEWER = Principal("key_a", "viewer", Role.VIEWER, ROLES[Role.VIEWER], team="team1")
PUBLISHER = Principal("key_p", "publisher", Role.PUBLISHER, ROLES[Role.PUBLISHER], team="team1")


async def asked(
    database: Database, query: Mapping[str, object] | None = None, *, caller: Principal = ADMIN
) -> UsagePage:
    """Ask on the last day of January."""
    clock = SetClock()
    clock.now = at("2026-01-31")
    return await UsageService(database, clock).summarise(UsageQuery.model_validate(query or {}), caller)


async def fill(database: Database) -> None:
    """Write usage of two teams, three keys, two models, two days."""
    await write(
        database,
        record("2026-01-10"),
        record("2026-01-10", model="llama", source="estimated"),
        record("2026-01-11", key_id="key_b", input_tokens=100),
        record("2026-01-11", team="team2", key_id="key_c", source="unknown", input_tokens=None, output_tokens=None),
    )


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (["team"], [("team1", 3), ("team2", 1)]),
        (["key"], [("key_a", 2), ("key_b", 1), ("key_c", 1)]),
        (["model"], [("llama", 1), ("qwen3", 3)]),
        (["day"], [("2026-01-10", 2), ("2026-01-11", 2)]),
        (
            ["model", "day", "day"],
            [("2026-01-10", "llama", 1), ("2026-01-10", "qwen3", 1), ("2026-01-11", "qwen3", 2)],
        ),
    ],
)
async def test_usage_is_summed_by_what_was_asked(
    database: Database, by: list[str], expected: list[tuple[object, ...]]
) -> None:
    """By team, key, model, day, and by several at once; what it was not grouped by is null."""
    await fill(database)
    page = await asked(database, {"group_by": by})
    shown = [
        (*(value for value in (item.day, item.team, item.key, item.model) if value is not None), item.requests)
        for item in page.items
    ]
    assert shown == expected
    assert page.total.requests == 4


async def test_certain_and_uncertain_numbers_stay_apart(database: Database) -> None:
    """USE-1: exact, estimated and unknown are never added up."""
    await fill(database)
    total = (await asked(database)).total
    assert (total.exact.requests, total.exact.input_tokens, total.exact.output_tokens) == (2, 110, 40)
    assert (total.estimated.requests, total.estimated.input_tokens) == (1, 10)
    assert (total.unknown.requests, total.unknown.input_tokens) == (1, 0)


async def test_an_empty_answer_has_zeros(database: Database) -> None:
    """A new installation is asked first of all."""
    page = await asked(database)
    assert (page.items, page.total.requests, page.total.exact.input_tokens, page.next_cursor) == ((), 0, 0, None)
    assert (page.first_day, page.last_day) == ("2026-01-02", "2026-01-31")


@pytest.mark.parametrize(
    ("filters", "requests"),
    [
        ({"team": "team2"}, 1),
        ({"model": "llama"}, 1),
        ({"key": "key_b"}, 1),
        ({"from": "2026-01-11"}, 2),
        ({"to": "2026-01-10"}, 2),
        ({"from": "2026-01-11", "to": "2026-01-11", "team": "team1"}, 1),
        ({"model": "%"}, 0),
    ],
)
async def test_usage_is_filtered(database: Database, filters: dict[str, str], requests: int) -> None:
    """By days, both included, team, model and key."""
    await fill(database)
    assert (await asked(database, filters)).total.requests == requests


async def test_a_page_ends_where_the_next_begins(database: Database) -> None:
    """No combination twice, none lost; the total is that of all pages."""
    await fill(database)
    query: dict[str, object] = {"group_by": ["day", "team", "key", "model"], "limit": 1}
    found: list[UsageGroup] = []
    while True:
        page = await asked(database, query)
        found += page.items
        assert page.total.requests == 4
        if page.next_cursor is None:
            break
        query["cursor"] = page.next_cursor
    assert [(one.day, one.key, one.model) for one in found] == [
        ("2026-01-10", "key_a", "llama"),
        ("2026-01-10", "key_a", "qwen3"),
        ("2026-01-11", "key_b", "qwen3"),
        ("2026-01-11", "key_c", "qwen3"),
    ]


async def test_a_cursor_of_another_grouping_is_refused(database: Database) -> None:
    """It would continue at a place that does not exist."""
    await fill(database)
    cursor = (await asked(database, {"group_by": ["day", "model"], "limit": 1})).next_cursor
    with pytest.raises(InvalidRequest):
        await asked(database, {"group_by": ["day"], "cursor": cursor})


async def test_one_sees_the_own_key_or_the_own_team(database: Database) -> None:
    """USAGE_OWN and USAGE_READ; another team is a 404, another key is empty."""
    await fill(database)
    assert (await asked(database, caller=VIEWER)).total.requests == 2
    assert (await asked(database, {"key": "key_b"}, caller=VIEWER)).total.requests == 0
    assert (await asked(database, caller=PUBLISHER)).total.requests == 3
    assert (await asked(database, {"key": "key_c"}, caller=PUBLISHER)).total.requests == 0
    assert (await asked(database, caller=replace(VIEWER, key_id=None))).total.requests == 0
    for caller in (VIEWER, PUBLISHER):
        with pytest.raises(NotFound):
            await asked(database, {"team": "team2"}, caller=caller)


async def test_keys_are_shown_with_their_present_names(database: Database) -> None:
    """A deleted key's usage stays, without a name."""
    process = await Installation.start(database)
    _, who = await process.key(name="night batch")
    await write(database, record(key_id=who.key_id), record(key_id="key_gone"))
    page = await asked(database, {"group_by": ["key"]})
    assert {item.key: item.key_name for item in page.items} == {who.key_id: "night batch", "key_gone": None}


@pytest.mark.parametrize(
    "days",
    [{"from": "2026-02-01", "to": "2026-01-01"}, {"from": "2024-01-01", "to": "2026-01-01"}, {"from": "2026-02-01"}],
)
async def test_a_range_that_makes_no_sense_is_refused(database: Database, days: dict[str, str]) -> None:
    """At most 400 days, the earlier one first."""
    with pytest.raises(Unprocessable):
        await asked(database, days)


async def test_an_answer_takes_at_most_three_queries_of_the_daily_table(database: Database) -> None:
    """CMP-8: the page of usage never reads the rows of calls."""
    await fill(database)
    statements: list[str] = []

    def note(*call: object) -> None:
        if str(call[2]).startswith("SELECT"):
            statements.append(str(call[2]))

    event.listen(database._engine.sync_engine, "before_cursor_execute", note)
    await asked(database, {"group_by": ["day", "team", "key", "model"]})
    assert len(statements) == 3
    assert "usage_calls" not in "".join(statements)
