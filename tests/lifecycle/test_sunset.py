"""What happens when its time has come: retirement of announced models, purge of deleted ones. On both databases."""

import logging
from typing import Final

import pytest
from sqlalchemy import insert, select

from gateway.lifecycle.mass import PURGE_MODELS
from gateway.lifecycle.sunset import LEASE_MS, PURGE_TARGET
from gateway.operations.views import OperationQuery
from gateway.storage.schema import audit, meta, models, tombstones
from tests.bench.lifecycle_rows import Amount
from tests.lifecycle.crowd import Crowd
from tests.registry.api import ADMIN, Api

DAY_S: Final = 86_400


async def _announced(many: Api, name: str, day: str = "2027-01-20") -> str:
    uid = str((await many.make("/models", name=name))["uid"])
    done = await many.post(f"/models/{uid}/deprecation", {"sunset_at": day})
    assert done.status == 200, done.json
    return uid


async def _states(crowd: Crowd) -> dict[str, str]:
    return {row[0]: row[1] for row in await crowd.rows(select(models.c.name, models.c.state))}


async def test_an_announced_model_is_retired_at_its_sunset_by_the_server_itself(crowd: Crowd, many: Api) -> None:
    """The same retirement as everybody's, recorded as the system's; not a moment before."""
    await _announced(many, "a")
    await _announced(many, "later", "2028-01-01")
    await crowd.janitor.step()
    assert await _states(crowd) == {"a": "deprecated", "later": "deprecated"}
    crowd.clock.advance(6 * DAY_S)
    await crowd.janitor.step()
    assert await _states(crowd) == {"a": "deleted", "later": "deprecated"}
    assert crowd.janitor.overdue == 0
    assert await crowd.rows(select(audit.c.actor).where(audit.c.action == "model.delete")) == [("system",)]


async def test_a_referenced_one_stays_and_raises_an_alarm_once(
    crowd: Crowd, many: Api, caplog: pytest.LogCaptureFixture
) -> None:
    """Never a silent cascade: deprecated, counted, one warning and one row of the record; gone when it is free."""
    await _announced(many, "a")
    alias = await many.make("/aliases", name="best", model="a")
    crowd.clock.advance(6 * DAY_S)
    with caplog.at_level(logging.WARNING, "modelport.sunset"):
        for _ in range(3):
            await crowd.janitor.step()
            crowd.clock.advance(30)
    assert await _states(crowd) == {"a": "deprecated"}
    assert crowd.janitor.overdue == 1
    (warning,) = (one.message for one in caplog.records if one.name == "modelport.sunset")
    assert warning.startswith("the sunset of a model has come, but it stays deprecated: ")
    assert warning.endswith("model 'a' is still in use by alias 'best' (it points at the model)")
    assert await crowd.rows(select(audit.c.outcome).where(audit.c.action == "model.delete")) == [("conflict",)]
    assert (await many.delete(f"/aliases/{alias['id']}")).status == 200
    await crowd.janitor.step()
    assert await _states(crowd) == {"a": "deleted"}
    assert crowd.janitor.overdue == 0


async def test_one_that_is_kept_does_not_keep_the_others(crowd: Crowd, many: Api) -> None:
    """Protected, referenced, free: the free one goes."""
    await _announced(many, "a")
    uid = await _announced(many, "b")
    await _announced(many, "c")
    await many.make("/aliases", name="best", model="a")
    await many.post(f"/models/{uid}/protection", {"enabled": True})
    crowd.clock.advance(6 * DAY_S)
    await crowd.janitor.step()
    assert await _states(crowd) == {"a": "deprecated", "b": "deprecated", "c": "deleted"}
    assert crowd.janitor.overdue == 2


async def test_deleted_models_are_purged_when_nobody_can_restore_them_any_more(crowd: Crowd, many: Api) -> None:
    """In chunks, as an operation, one at a time."""
    await crowd.fill(Amount(300, aliases=0, grants=0))
    body = {"items": [{"uid": f"mdl_{n:06}"} for n in range(280)], "confirm_count": 280}
    assert (await many.post("/models:batchDelete", body)).status == 200
    crowd.clock.advance(29 * DAY_S)
    await many.delete("/models/mdl_000290")
    await crowd.janitor.step()
    assert await crowd.states() == {"active": 19, "deleted": 281}
    crowd.clock.advance(1 * DAY_S + 1)
    await crowd.janitor.step()
    await crowd.janitor.step()
    found = await crowd.operations.list(ADMIN, OperationQuery(kind=PURGE_MODELS), after=None)
    assert [one.target for one in found] == [PURGE_TARGET]
    over = await crowd.until_over(found[0].id)
    assert (over.state, over.done) == ("done", 280), over.error
    assert await crowd.states() == {"active": 19, "deleted": 1}
    assert len(await crowd.rows(select(tombstones.c.uid))) == 280


async def test_one_process_acts_and_another_when_that_is_silent(crowd: Crowd, many: Api) -> None:
    """A lease: what two processes both find is done by one."""
    await _announced(many, "a")
    crowd.clock.advance(6 * DAY_S)
    until = crowd.clock.at_ms + LEASE_MS
    async with crowd.database.write() as conn:
        held = f'{{"owner": "wrk_other", "until": {until}}}'
        await conn.execute(insert(meta).values(key="janitor", value=held))
    await crowd.janitor.step()
    assert await _states(crowd) == {"a": "deprecated"}
    assert crowd.janitor.overdue == 1
    crowd.clock.advance(LEASE_MS / 1000)
    await crowd.janitor.step()
    assert await _states(crowd) == {"a": "deleted"}


async def test_nothing_is_written_while_nothing_is_due(crowd: Crowd, many: Api) -> None:
    """A quiet server stays quiet: no lease, no revision."""
    await _announced(many, "a")
    before = await crowd.rows(select(meta))
    await crowd.janitor.step()
    assert await crowd.rows(select(meta)) == before
