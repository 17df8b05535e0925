"""Reading and changing references of many models gives what doing it one by one gives. On both databases."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import insert, select

from gateway.lifecycle.case import described
from gateway.lifecycle.many import read_many
from gateway.lifecycle.plan import Policy, make_plan
from gateway.lifecycle.references import read_all
from gateway.lifecycle.relink import carry_out
from gateway.lifecycle.relink_many import carry_out_many
from gateway.registry.service.change import Change
from gateway.registry.store.tables import MODELS
from gateway.storage.schema import endpoints, key_models, keys, metadata, models, stored_objects, team_defaults
from tests.lifecycle.crowd import Crowd
from tests.registry.api import Api

UPSTREAM = "http://10.0.0.1:8000/v1"
_STAMPS = {"created_at": 1, "updated_at": 1}


async def _town(crowd: Crowd, many: Api) -> list[str]:
    """Make models with a reference of every kind, none between those that leave, and return the uids of these."""
    taker = await many.make("/models", name="taker", endpoints=[{"base_url": UPSTREAM}])
    await many.make("/gateways", name="eu", url="https://eu.example.com")
    uids = []
    for name in "abc":
        model = await many.make("/models", name=name, endpoints=[{"base_url": UPSTREAM}], via="eu")
        uids.append(model["uid"])
        await many.make("/aliases", name=f"{name}-alias", model=name)
        await many.make("/models", name=f"{name}-owner", fallbacks=[name], endpoints=[{"base_url": UPSTREAM}])
        await many.make("/models", name=f"{name}-lost", fallbacks=[name])
        await many.post(f"/models/{name}-owner/deprecation?team=default", {"successor": name})
    await many.patch(f"/models/{uids[0]}", {"fallbacks": ["taker"]})
    team = crowd.service.registry.snapshot.teams["default"].id
    async with crowd.database.write() as conn:
        for number, uid in enumerate(uids):
            for key, more in ((f"k{number}", []), (f"l{number}", [(taker["uid"], "taker"), (None, "x*")])):
                await conn.execute(insert(keys).values(_key(key, team)))
                entries = [(uid, "abc"[number]), *more]
                await conn.execute(
                    insert(key_models),
                    [
                        {"key_id": key, "position": place, "pattern": pattern, "model_uid": target}
                        for place, (target, pattern) in enumerate(entries)
                    ],
                )
            own = (await conn.execute(select(endpoints.c.id).where(endpoints.c.model_uid == uid))).scalar_one()
            named = {"team_id": team, "operation": ("files", "batches", "images")[number], "endpoint_id": own}
            await conn.execute(insert(team_defaults).values(named))
            for until in (None, crowd.clock.at_ms + 1, crowd.clock.at_ms):
                found = {"team_id": team, "object_id": f"b{number}{until}", "kind": "batches", "endpoint_id": own}
                await conn.execute(insert(stored_objects).values(**found, created_at=1, unfinished_until=until))
    return uids


async def test_reading_many_is_reading_each(crowd: Crowd, many: Api) -> None:
    """The same kinds, rows, order, owners, and which entry is a last one."""
    uids = await _town(crowd, many)
    async with crowd.database.read() as conn:
        together = await read_many(conn, uids, now_ms=crowd.clock.at_ms)
        each = {uid: await read_all(conn, uid, now_ms=crowd.clock.at_ms) for uid in uids}
    assert together == each
    assert {one.kind for one in together[uids[0]]} == {
        "alias",
        "fallback",
        "key",
        "team_default",
        "stored_object",
        "successor",
        "own_fallback",
        "gateway",
        "endpoint",
    }
    assert any(one.sole for one in together[uids[0]] if one.kind == "fallback")
    assert any(one.sole for one in together[uids[0]] if one.kind == "key")


@pytest.mark.parametrize("policy", ["cascade", "repoint"])
async def test_changing_many_is_changing_each(crowd: Crowd, many: Api, policy: Policy) -> None:
    """The same rows in every table afterwards, what is kept for the way back included."""
    uids = await _town(crowd, many)
    async with crowd.database.write() as conn:  # what is over by now is nobody's business
        over = stored_objects.c.unfinished_until <= crowd.clock.at_ms
        await conn.execute(stored_objects.delete().where(over))
    async with crowd.database.read() as conn:
        found = await read_many(conn, uids, now_ms=crowd.clock.at_ms)
        taker = await MODELS.find_where(conn, models.c.name == "taker")
        assert taker is not None
        successor = await described(conn, taker) if policy == "repoint" else None
    plans = {uid: make_plan(references, policy, successor) for uid, references in found.items()}

    async def one_by_one(change: Change) -> None:
        for uid, plan in plans.items():
            await carry_out(change, uid, plan, successor)

    async def together(change: Change) -> None:
        await carry_out_many(change, plans, successor)

    before = await _after(crowd, _nothing)
    each = await _after(crowd, one_by_one)
    assert await _after(crowd, together) == each
    changed = {name for name in each if each[name] != before[name]}
    assert changed >= {"aliases", "model_fallbacks", "key_models", "team_defaults", "retired_references", "models"}
    assert ("stored_objects" in changed) is (policy == "cascade")


async def _after(crowd: Crowd, write: Callable[[Change], Awaitable[None]]) -> dict[str, list[str]]:
    """Return every row as it is after the writing, which is undone; revisions and times apart, which tell steps."""
    found: dict[str, list[str]] = {}
    with contextlib.suppress(_UndoneError):
        async with crowd.database.write() as conn:
            await write(Change(conn, crowd.clock.at_ms + 7))
            for table in metadata.sorted_tables:
                apart = {"rev", "updated_at"} | ({"id"} if table.name == "retired_references" else set())
                columns = [column for column in table.c if column.name not in apart]
                found[table.name] = sorted(map(repr, (await conn.execute(select(*columns))).all()))
            raise _UndoneError
    for name in ("registry_changes", "meta"):
        del found[name]
    return found


async def _nothing(_change: Change) -> None:
    """Write nothing."""


class _UndoneError(Exception):
    pass


def _key(key: str, team: str) -> dict[str, Any]:
    return {
        "id": key,
        "key_id": key,
        "env": "live",
        "name": key,
        "team_id": team,
        "role": "developer",
        "hash": b"",
        "pepper_id": "p",
        "limited": True,
        **_STAMPS,
    }
