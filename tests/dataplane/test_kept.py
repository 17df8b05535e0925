"""How long the places of stored objects and the rows of calls are kept is a setting, and the process keeps to it."""

from sqlalchemy import select

from gateway.registry.objects import ObjectStore
from gateway.registry.store.objects import StoredObject
from gateway.storage.clock import SystemClock
from gateway.storage.schema import usage_calls
from gateway.usage.model import DAY_MS
from tests.dataplane.conftest import Open
from tests.dataplane.house import word
from tests.usage.records import record, write


async def test_what_is_older_than_the_settings_say_goes(open_house: Open) -> None:
    """Both in one sweep, which runs every hour and when a process starts."""
    now = SystemClock().now_ms()
    old, new = word("file"), word("file")
    async with open_house(usage={"object_days": 2, "call_days": 1}) as house:
        database = house.product.inside.ground.database
        store = ObjectStore(database)
        await store.add([StoredObject("t", old, "file", "ep_1", now - 3 * DAY_MS)])
        await store.add([StoredObject("t", new, "file", "ep_1", now - 1 * DAY_MS)])
        await write(database, record(at=now - 2 * DAY_MS, request_id=old), record(at=now, request_id=new))
        await house.product.inside.ground.sweep()
        assert [one.object_id for one in await store.makers([old, new])] == [new]
        async with database.read() as conn:
            left = (await conn.execute(select(usage_calls.c.request_id))).scalars().all()
    assert left == [new]
