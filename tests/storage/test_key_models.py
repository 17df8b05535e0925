"""The step 0001 → 0002 with keys that are limited to models, on both databases: what they may call stays the same."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from sqlalchemy import text

from gateway.storage.engine import Database
from gateway.storage.migrate import run_steps

_LISTS = {
    "every": [],
    "linked": ["qwen3", "qwen*"],
    "foreign": ["elsewhere"],
    "teamless": ["qwen3"],
}
_KEY = (
    "INSERT INTO keys (id, key_id, env, name, team_id, role, hash, pepper_id, models, created_at, updated_at) "
    "VALUES (:id, :id, 'live', :id, :team, 'developer', :hash, 'p', :models, 1, 1)"
)
_TEAM = "INSERT INTO teams (id, name, created_at, updated_at) VALUES (:id, :id, 1, 1)"
_MODEL = (
    "INSERT INTO models (uid, team_id, name, task, state, created_at, updated_at) "
    "VALUES (:uid, :team, :name, 'chat', 'active', 1, 1)"
)


@pytest.fixture
async def old(empty_database_url: str) -> AsyncIterator[Database]:
    """Give a database of revision 0001 with two teams, a model in each, and keys."""
    database = await Database.open(empty_database_url)
    await _step(database, "0001")
    async with database.write() as conn:
        for team in ("research", "other"):
            await conn.execute(text(_TEAM), {"id": team})
        for uid, team, name in (("mdl_1", "research", "qwen3"), ("mdl_2", "other", "elsewhere")):
            await conn.execute(text(_MODEL), {"uid": uid, "team": team, "name": name})
        for key, patterns in _LISTS.items():
            owner = None if key == "teamless" else "research"
            values = {"id": key, "team": owner, "hash": b"h", "models": json.dumps(patterns)}
            await conn.execute(text(_KEY), values)
    yield database
    await database.close()


async def test_lists_become_rows_that_name_models(old: Database) -> None:
    """A whole name of the key's own team is a link; a key without a list stays open to every model."""
    await _step(old, "0002")
    assert await _rows(old) == {
        "linked": [("qwen3", "mdl_1"), ("qwen*", None)],
        "foreign": [("elsewhere", None)],
        "teamless": [("qwen3", None)],
    }
    assert await _column(old, "limited") == {"every": False, "linked": True, "foreign": True, "teamless": True}


async def test_rows_become_lists_again(old: Database) -> None:
    """Both ways, twice."""
    for revision in ("0002", "0001", "0002", "0001"):
        await _step(old, revision)
    assert {key: json.loads(value) for key, value in (await _column(old, "models")).items()} == _LISTS


async def test_a_key_without_a_model_left_is_not_opened_by_going_back(old: Database) -> None:
    """An empty list means every model in 0001; nothing is called by the empty name."""
    await _step(old, "0002")
    async with old.write() as conn:
        await conn.execute(text("DELETE FROM key_models WHERE key_id = 'linked'"))
    await _step(old, "0001")
    assert json.loads((await _column(old, "models"))["linked"]) == [""]
    await _step(old, "0002")
    assert "linked" not in await _rows(old)
    assert (await _column(old, "limited"))["linked"] is True


async def _step(database: Database, target: str) -> None:
    async with database.change_schema() as conn:
        await conn.run_sync(run_steps, target)


async def _rows(database: Database) -> Mapping[str, list[tuple[str, str | None]]]:
    found: dict[str, list[tuple[str, str | None]]] = {}
    query = text("SELECT key_id, pattern, model_uid FROM key_models ORDER BY key_id, position")
    async with database.read() as conn:
        for key, pattern, uid in await conn.execute(query):
            found.setdefault(key, []).append((pattern, uid))
    return found


async def _column(database: Database, name: str) -> dict[str, Any]:
    async with database.read() as conn:
        rows = await conn.execute(text(f"SELECT id, {name} FROM keys"))  # noqa: S608 - a constant of this file
        values = {row[0]: row[1] for row in rows}
    return {key: bool(value) for key, value in values.items()} if name == "limited" else values
