"""CAT-31: marks rise and never fall, on both databases, and one broken place does not stop the other."""

import logging

import pytest

from gateway.catalogue.trust.errors import HubError
from gateway.catalogue.trust.high_water import HighWater, Mark
from gateway.catalogue.trust.mark_table import MarkTable
from gateway.storage.engine import Database
from tests.catalogue.trust.world import KeptMarks

HUB = "https://hub.example.com/"


async def test_the_table_keeps_the_highest_of_each(database: Database) -> None:
    """Member by member, for each hub and each version of its root."""
    table = MarkTable(database)
    assert await table.marks(HUB) == {}
    for mark in (Mark(1, 5, 50, 500), Mark(1, 4, 60, 400), Mark(2, 1, 1, 1)):
        await table.keep_mark(HUB, mark)
    await table.keep_mark("https://other.example.com/", Mark(1, 99, 99, 99))
    assert await table.marks(HUB) == {1: Mark(1, 5, 60, 500), 2: Mark(2, 1, 1, 1)}


async def test_the_table_holds_versions_of_a_fast_forward(database: Database) -> None:
    """A stolen key signs what it likes: a mark is no 32-bit number."""
    await MarkTable(database).keep_mark(HUB, Mark(1, 2**53 - 1, 2**53 - 1, 2**53 - 1))
    assert (await MarkTable(database).marks(HUB))[1].serial == 2**53 - 1


async def test_what_either_place_knows_counts() -> None:
    """The highest of both, and of a root that only one of them saw."""
    one, other = KeptMarks(), KeptMarks()
    await one.keep_mark(HUB, Mark(1, 5, 1, 0))
    await other.keep_mark(HUB, Mark(1, 1, 5, 0))
    await other.keep_mark(HUB, Mark(2, 1, 1, 0))
    assert await HighWater(one, other).read(HUB) == {1: Mark(1, 5, 5, 0), 2: Mark(2, 1, 1, 0)}


async def test_one_broken_place_is_told_and_does_not_stop_the_other(caplog: pytest.LogCaptureFixture) -> None:
    """`catalog.db` may be thrown away at any time; a database may be away for a minute."""
    one, other = KeptMarks(), KeptMarks()
    one.is_broken = True
    both = HighWater(one, other)
    with caplog.at_level(logging.WARNING, "modelport.catalogue"):
        await both.keep(HUB, Mark(1, 1, 1, 1))
        assert await both.read(HUB) == {1: Mark(1, 1, 1, 1)}
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "one of the catalogue's high-water marks cannot be written",
        "one of the catalogue's high-water marks cannot be read",
    ]
    other.is_broken = True
    for act in (both.read(HUB), both.keep(HUB, Mark(1))):
        with pytest.raises(HubError, match="the disk is on fire"):
            await act
