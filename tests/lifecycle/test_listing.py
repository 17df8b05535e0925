"""Who points at a model, in pages."""

import pytest

from gateway.api.permissions import Role
from gateway.lifecycle.service import LifecycleService
from gateway.registry.service.registry_service import RegistryService
from gateway.storage.engine import Database
from tests.clock import ManualClock
from tests.lifecycle.house import Elsewhere
from tests.lifecycle.world import World
from tests.registry.api import Api, principal

VIEWER = principal(Role.VIEWER, team="default")
COUNTS = {"alias": 3, "fallback": 1, "key": 2, "team_default": 1, "stored_object": 1, "successor": 1, "endpoint": 1}


@pytest.fixture
async def world(database: Database, service: RegistryService, lifecycle: LifecycleService, clock: ManualClock) -> World:
    """Give a model that very much points at."""
    built = World(database, service, lifecycle, clock)
    await built.build()
    for name in ("c", "a", "b"):
        await built.alias(name)
    for kind in ("fallback", "only model of a key", "one of two models of a key", "team_default", "stored_object"):
        await built.make[kind]()
    await built.successor("empty")
    return built


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
async def test_the_pages_together_are_the_whole_list(world: World, api: Api, limit: int) -> None:
    """By kind, then name; each once; with the numbers of all on every page."""
    seen, cursor = [], ""
    while cursor is not None:
        page = (await api.get(f"/models/old/references?limit={limit}{cursor and '&cursor='}{cursor}")).json
        assert (page["counts"], page["total"]) == (COUNTS, sum(COUNTS.values()))
        seen += [(one["kind"], one["name"]) for one in page["items"]]
        cursor = page["next_cursor"]
    assert seen[:5] == [("alias", "a"), ("alias", "b"), ("alias", "c"), ("fallback", "other"), ("key", "a key")]
    assert len(seen) == sum(COUNTS.values())
    assert world.uids


async def test_one_kind_is_listed_alone(world: World, api: Api) -> None:
    """And says which entry is a key's last."""
    page = (await api.get(f"/models/{world.uids['old']}/references?kind=key")).json
    assert sorted(one["sole"] for one in page["items"]) == [False, True]
    assert page["counts"] == COUNTS
    assert (await api.get("/models/old/references?kind=nonsense")).status == 422
    assert (await api.get("/models/old/references?cursor=bm9wZQ")).json["code"] == "invalid_cursor"


async def test_who_may_not_delete_sees_no_keys_of_others(world: World, api: Api) -> None:
    """Their number alone, as that of unfinished jobs."""
    page = (await api.get("/models/old/references", by=VIEWER)).json
    assert {one["kind"] for one in page["items"]} == COUNTS.keys() - {"key", "stored_object"}
    assert page["counts"] == COUNTS
    assert (await api.get("/models/old/references?kind=key", by=VIEWER)).json["items"] == []
    assert world.uids


async def test_calls_under_way_are_counted(world: World, api: Api, elsewhere: Elsewhere) -> None:
    """Here and in other processes."""
    elsewhere.here, elsewhere.others_ = {world.uids["old"]: 1}, [{world.uids["old"]: 2}]
    page = (await api.get("/models/old/references")).json
    assert page["counts"]["call"] == 3


async def test_of_a_deleted_model_its_endpoints_are_left(world: World, api: Api) -> None:
    """Nothing else points at it any more."""
    await api.delete("/models/old?references=cascade", If_Match="*")
    page = (await api.get(f"/models/{world.uids['old']}/references")).json
    assert page["counts"] == {"endpoint": 1}
