"""A dry run is the same judgement with the same answer, and changes nothing; it says who would notice."""

import pytest

from gateway.lifecycle.service import LifecycleService
from gateway.registry.service.registry_service import RegistryService
from gateway.storage.engine import Database
from gateway.storage.schema import usage_calls
from gateway.usage.model import UsageRecord
from gateway.usage.store import add
from tests.clock import ManualClock
from tests.lifecycle.house import Elsewhere, dump
from tests.lifecycle.world import World
from tests.registry.api import Api

HOUR_MS = 3_600_000
DRY = ("dry_run", "traffic_24h", "inflight", "last_used", "confirmation")


@pytest.fixture
async def world(database: Database, service: RegistryService, lifecycle: LifecycleService, clock: ManualClock) -> World:
    """Give a model that an alias, a fallback and a key name."""
    built = World(database, service, lifecycle, clock)
    await built.build()
    for kind in ("alias", "fallback", "one of two models of a key"):
        await built.make[kind]()
    return built


def called(world: World, *, hours_ago: float, outcome: str = "ok") -> UsageRecord:
    """Return the row of a call of `old`."""
    return UsageRecord(
        at=world.clock.now_ms() - int(hours_ago * HOUR_MS),
        team="default", key_id="k", model_uid=world.uids["old"], model="old", endpoint_id=None, operation="chat",
        status=200, outcome=outcome, source="exact", input_tokens=1, output_tokens=1, cached_tokens=None,
        reasoning_tokens=None, duration_ms=1.0, ttfb_ms=None, bytes_in=1, bytes_out=1, request_id="r",
    )  # fmt: skip


@pytest.mark.parametrize("policy", ["restrict", "cascade", "repoint"])
async def test_it_answers_what_the_call_would_and_writes_nothing(world: World, api: Api, policy: str) -> None:
    """Same status, same effects, same refusal; then the real call does exactly that."""
    path = f"/models/{world.uids['old']}?references={policy}&successor=new"
    before = await dump(world.database)
    dry = await api.delete(f"{path}&dry_run=true", If_Match="*")
    assert await dump(world.database) == before
    real = await api.delete(path, If_Match="*")
    assert real.status == dry.status == (409 if policy == "restrict" else 200)
    if policy == "restrict":
        assert real.json["references"] == dry.json["references"]
        return
    differing = {*DRY, "rev", "etag"}  # a dry run shows the present ones, to be sent as If-Match
    same = {name: value for name, value in dry.json.items() if name not in differing}
    assert same == {name: value for name, value in real.json.items() if name not in differing}
    assert (dry.json["rev"], real.json["rev"]) == (2, 3)
    assert real.json["successor"] == "new"
    assert (dry.json["dry_run"], real.json["dry_run"]) == (True, False)
    assert all(real.json[name] is None for name in DRY[1:])


async def test_it_says_who_would_notice(world: World, api: Api, elsewhere: Elsewhere) -> None:
    """Calls of the last day without attempts that were followed by another, the last one, calls under way anywhere."""
    async with world.database.write() as conn:
        rows = [called(world, hours_ago=1), called(world, hours_ago=23), called(world, hours_ago=30)]
        await add(conn, [*rows, called(world, hours_ago=2, outcome="retried")])
    elsewhere.here, elsewhere.others_ = {world.uids["old"]: 2}, [{world.uids["old"]: 3}, {}]
    dry = (await api.delete("/models/old?references=cascade&dry_run=true", If_Match="*")).json
    assert (dry["traffic_24h"], dry["inflight"], dry["last_used"]) == (2, 5, "2027-01-15T07:00:00.000Z")
    assert dry["confirmation"] == {
        "phrase": "old",
        "needed": True,
        "lines": [
            "2 calls in the last 24 hours.",
            "5 calls are under way and may end first.",
            "1 alias is deleted.",
            "1 fallback of another model loses it.",
            "1 key's list loses it.",
            "1 endpoint is closed and kept until the purge.",
            "It can be restored until 2027-02-14.",
        ],
    }


async def test_a_model_that_nobody_uses_needs_no_name_typed(world: World, api: Api) -> None:
    """The words say since when nobody does, by the day."""
    async with world.database.write() as conn:
        await add(conn, [called(world, hours_ago=-48)])
        await conn.execute(usage_calls.delete())
    world.clock.advance(96 * 3600)  # type: ignore[attr-defined]
    dry = (await api.delete("/models/old?references=restrict&dry_run=true")).json
    assert dry["code"] == "model_referenced"
    unused = (await api.delete("/models/new?dry_run=true")).json
    assert unused["confirmation"]["needed"] is False
    assert unused["confirmation"]["lines"][0] == "Nobody has called it, as far as is on record."
    dry = (await api.delete("/models/old?references=cascade&dry_run=true", If_Match="*")).json
    assert (dry["traffic_24h"], dry["last_used"]) == (0, "2027-01-17")
    assert dry["confirmation"]["lines"][0] == "No call in the last 24 hours; the last one was on 2027-01-17."


async def test_of_a_model_that_is_not_there_it_says_so(api: Api) -> None:
    """With allow_missing as without."""
    assert (await api.delete("/models/none?dry_run=true")).status == 404
    absent = await api.delete("/models/none?dry_run=true&allow_missing=true")
    assert (absent.status, absent.json["state"], absent.json["dry_run"]) == (200, "absent", True)
