"""Version counters: one number per change, seen by every process."""

import asyncio

import pytest

from gateway.storage.engine import Database
from gateway.storage.versions import KEYS_VERSION, REGISTRY_VERSION, bump_version, read_version


async def test_a_new_database_counts_from_zero(database: Database) -> None:
    """Both counters exist from the start."""
    async with database.read() as conn:
        assert [await read_version(conn, name) for name in (REGISTRY_VERSION, KEYS_VERSION)] == [0, 0]


async def test_a_bump_is_rolled_back_with_its_change(database: Database) -> None:
    """A refused change must not make other processes reload."""

    async def refused_change() -> None:
        async with database.write() as conn:
            assert await bump_version(conn, REGISTRY_VERSION) == 1
            raise LookupError

    with pytest.raises(LookupError):
        await refused_change()
    async with database.read() as conn:
        assert await read_version(conn, REGISTRY_VERSION) == 0


async def test_writers_at_the_same_time_get_different_numbers(database: Database) -> None:
    """Two writers never share a number: the counter is what orders them."""

    async def change() -> int:
        async with database.write() as conn:
            return await bump_version(conn, KEYS_VERSION)

    numbers = await asyncio.gather(*(change() for _ in range(8)))
    assert sorted(numbers) == list(range(1, 9))
