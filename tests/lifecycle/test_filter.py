"""The filter of bulk changes: what it takes, what it refuses and where, and that both databases read it alike."""

from typing import Final

import pytest
from sqlalchemy import insert, select

from gateway.errors import InvalidRequest
from gateway.lifecycle.filter import parse
from gateway.storage.engine import Database
from gateway.storage.schema import models, teams

DAY: Final = 86_400_000
NOW: Final = 100 * DAY
ROWS: Final = [
    # name, team, task, state, created, deprecated, deleted
    ("old-a", "acme", "chat", "active", 0, None, None),
    ("old_a", "acme", "chat", "disabled", 0, None, None),
    ("OLD-b", "acme", "embeddings", "active", 95 * DAY, None, None),
    ("org/new:1", "default", "chat", "deprecated", 0, 98 * DAY, None),
    ("gone", "default", "chat", "deleted", 0, 1 * DAY, 50 * DAY),
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("name=*", {"old-a", "old_a", "OLD-b", "org/new:1", "gone"}),
        ("team=acme", {"old-a", "old_a", "OLD-b"}),
        ("team=acme AND  task=chat and state=active", {"old-a"}),
        ("name=old-*", {"old-a"}),
        ("name=old_a", {"old_a"}),
        ("name=*a", {"old-a", "old_a"}),
        ("name=org/*", {"org/new:1"}),
        ("name=*/*:*", {"org/new:1"}),
        ("older_than=90d", {"old-a", "old_a"}),
        ("older_than=48h", {"old-a", "old_a", "OLD-b", "org/new:1", "gone"}),
        ("older_than=50d and state=deleted", {"gone"}),
        ("older_than=51d and state=deleted", set()),
    ],
)
async def test_a_filter_means_the_same_on_both_databases(database: Database, text: str, found: set[str]) -> None:
    """Case counts, `_` and `%` are themselves, `*` is the only sign that stands for others."""
    async with database.write() as conn:
        for name in ("acme", "default"):
            await conn.execute(insert(teams).values(id=name, name=name, created_at=0, updated_at=0))
        for number, (name, team, task, state, created, deprecated, deleted) in enumerate(ROWS):
            await conn.execute(
                insert(models).values(
                    uid=f"mdl_{number}",
                    team_id=team,
                    name=name,
                    task=task,
                    state=state,
                    created_at=created,
                    updated_at=created,
                    deprecated_at=deprecated,
                    deleted_at=deleted,
                )
            )
    query = select(models.c.name).join(teams, teams.c.id == models.c.team_id)
    async with database.read() as conn:
        names = await conn.execute(query.where(*parse(text).where(conn.dialect.name, NOW)))
    assert set(names.scalars()) == found


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", 1, "empty"),
        ("   ", 1, "empty"),
        ("state", 1, "no field=value"),
        ("team=acme or state=deleted", 11, "'or' stands where 'and' was expected"),
        ("team=acme and", 14, "nothing follows"),
        ("team=acme and colour=red", 15, "'colour' is no field"),
        ("state=gone", 7, "one of draft"),
        ("task=chatting", 6, "one of chat"),
        ("team=Acme", 6, "lower-case"),
        ("team=", 6, "lower-case"),
        ("name=", 6, "letters"),
        ("name=a%b", 6, "letters"),
        ("older_than=0d", 12, "90d"),
        ("older_than=3w", 12, "90d"),
        ("team=a and team=b", 12, "given twice"),
        ("name=" + "a" * 1000, 1, "1005 characters"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, place: int, words: str) -> None:
    """A person finds the spot; an empty filter never means everything."""
    with pytest.raises(InvalidRequest) as refused:
        parse(text)
    assert refused.value.extra["position"] == place
    assert words in refused.value.message
    assert f"at character {place}" in refused.value.message
    assert refused.value.hint


def test_one_meaning_has_one_text() -> None:
    """The text is hashed into the plan's token."""
    assert parse("state=deleted and team=a").text == parse("team=a  And state=deleted").text
