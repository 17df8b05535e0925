"""A deletion that waits for calls under way: 202 with the operation, or at once. Carrying it out is test_drain.py's."""

from collections.abc import AsyncIterator

import pytest
from yarl import URL

from gateway.lifecycle.retire import DRAIN
from gateway.registry.service.registry_service import RegistryService
from gateway.storage.engine import Database
from tests.clock import ManualClock
from tests.lifecycle.house import Elsewhere, Waiting, lifecycle_routes, make_lifecycle
from tests.registry.api import Api

BASE = URL("https://models.corp.example/ai/api/v1/models/mdl_x")


@pytest.fixture
def waiting() -> Waiting:
    """Give what notes operations."""
    return Waiting()


@pytest.fixture
async def api(
    service: RegistryService, database: Database, clock: ManualClock, elsewhere: Elsewhere, waiting: Waiting
) -> AsyncIterator[Api]:
    """Give the routes of an installation where somebody waits for calls."""
    lifecycle = make_lifecycle(service, database, clock, watch=elsewhere.watch(), operations=waiting)
    async with Api(service, lifecycle_routes(lifecycle)) as started:
        yield started


@pytest.mark.parametrize("where", ["here", "elsewhere", "another process"])
async def test_it_waits_for_calls_and_for_processes(
    api: Api, elsewhere: Elsewhere, waiting: Waiting, where: str
) -> None:
    """LIF-6: also where nothing runs, as long as another process may not know of it yet."""
    model = await api.make("/models", name="a")
    elsewhere.here = {model["uid"]: 1} if where == "here" else {}
    others: dict[str, list[dict[str, int]]] = {"elsewhere": [{model["uid"]: 2}], "another process": [{}]}
    elsewhere.others_ = others.get(where, [])
    dry = await api.delete(f"/models/{model['uid']}?dry_run=true")
    assert (dry.status, dry.json["state"], dry.json["operation"]) == (202, "draining", None)
    assert waiting.made == []
    gone = await api.delete(f"/models/{model['uid']}", Idempotency_Key="k")
    assert (gone.status, gone.json["state"], gone.json["operation"]) == (202, "draining", "op_1")
    assert BASE.join(URL(gone.headers["Location"])).path == "/ai/api/v1/operations/op_1"
    assert gone.headers["Retry-After"] == "1"
    assert [(one.kind, one.target) for one in waiting.made] == [(DRAIN, model["uid"])]
    again = await api.delete(f"/models/{model['uid']}", Idempotency_Key="k")
    assert (again.status, again.json, again.headers["Location"]) == (202, gone.json, gone.headers["Location"])
    assert again.headers["Retry-After"] == "1"
    other = await api.delete(f"/models/{model['uid']}")
    assert (other.status, other.json["code"]) == (409, "operation_in_progress")


async def test_it_does_not_wait_where_nothing_runs_or_nobody_shall(api: Api, elsewhere: Elsewhere) -> None:
    """200: the only process and no call, or drain=0."""
    for query, running in (("", 0), ("?drain=0", 3)):
        model = await api.make("/models", name="a")
        elsewhere.here = {model["uid"]: running}
        gone = await api.delete(f"/models/{model['uid']}{query}")
        assert (gone.status, gone.json["state"], gone.json["operation"]) == (200, "deleted", None)


@pytest.mark.parametrize(
    ("drain", "status"),
    [("30s", 202), ("30", 202), ("10m", 202), ("500ms", 202), ("11m", 422), ("1h", 422), ("-1", 422)],
)
async def test_how_long_calls_may_go_on(api: Api, elsewhere: Elsewhere, drain: str, status: int) -> None:
    """At most what the settings allow (section 8: ten minutes)."""
    model = await api.make("/models", name="a")
    elsewhere.here = {model["uid"]: 1}
    answer = await api.delete(f"/models/{model['uid']}?drain={drain}")
    assert answer.status == status
    if drain == "11m":
        assert (answer.json["code"], answer.json["param"]) == ("grace_too_long", "drain")
