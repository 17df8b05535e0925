"""`/api/v1/operations` and `/api/v1/workers` of a running product."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from gateway.operations.job import Job
from gateway.operations.record import Item, OperationRecord
from tests.app.conftest import caller, process_settings, product, start, upstream
from tests.app.installation import Installation
from tests.operations.house import until

__all__ = ["caller", "process_settings", "product", "start", "upstream"]


async def _begun(product: Installation, kind: str = "nothing", **fields: Any) -> OperationRecord:
    """Create an operation that nobody carries out, unless the test brings somebody who does."""
    work = product.inside.ground.work
    async with product.inside.ground.database.write() as conn:
        begun = await work.operations.create(conn, kind, **fields)
    work.operations.nudge()
    return begun


async def test_an_operation_shows_its_progress_and_when_to_ask_again(product: Installation) -> None:
    """`Retry-After` until it is over; an ETag that changes with whatever is shown."""

    async def handle(job: Job) -> Mapping[str, Any]:
        await job.note(done=1, cursor={"blockers": [{"worker": "wrk_b", "inflight": 2, "behind": False, "host": "h"}]})
        while not job.cancel_requested:
            await job.pause(30)
        return {"freed": 2}

    product.inside.ground.work.runner.register("nothing", handle)
    begun = await _begun(product, team="default", target="mdl_a", target_name="qwen3", total=3)
    path = f"api/v1/operations/{begun.id}"

    async def told() -> bool:
        return bool((await product.admin.show(path))["blockers"])

    await until(told)
    answer = await product.admin.get(path)
    shown = answer.json
    assert answer.headers["Retry-After"] == "1"
    assert (shown["state"], shown["done"], shown["total"]) == ("running", 1, 3)
    assert shown["blockers"] == [{"worker": "wrk_b", "inflight": 2, "behind": False, "host": "h"}]
    assert shown["worker"] == product.inside.ground.work.runner.worker
    assert (await product.admin.get(path, **{"If-None-Match": answer.headers["ETag"]})).status == 304
    await product.admin.post(f"{path}/cancel", {})
    ended = await product.admin.show(f"{path}?wait=30s")
    while ended["state"] == "running":
        ended = await product.admin.show(f"{path}?wait=30s")
    assert (ended["state"], ended["result"], ended["blockers"], ended["worker"]) == ("done", {"freed": 2}, [], None)
    over = await product.admin.get(path)
    assert "Retry-After" not in over.headers
    assert over.headers["ETag"] != answer.headers["ETag"]


async def test_items_come_line_by_line(product: Installation) -> None:
    """NDJSON; HEAD has no body; nothing is there for an unknown operation."""

    async def handle(job: Job) -> None:
        await job.note(items=[Item(one, f"mdl_{one}", "ok" if one else "model_referenced", {}) for one in range(700)])

    product.inside.ground.work.runner.register("nothing", handle)
    begun = await _begun(product)
    path = f"api/v1/operations/{begun.id}"

    async def over() -> bool:
        return bool((await product.admin.show(path))["finished_at"])

    await until(over)
    answer = await product.admin.get(f"{path}/items")
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert len(lines) == 700
    assert lines[0] == {"position": 0, "item": "mdl_0", "outcome": "model_referenced", "detail": {}}
    assert (await product.admin.call("HEAD", f"{path}/items")).body == b""
    missing = await product.admin.get("api/v1/operations/op_nobody/items")
    assert (missing.status, missing.code) == (404, "operation_not_found")


async def test_the_list_has_filters_and_pages(product: Installation) -> None:
    """The newest first."""
    made = [await _begun(product, kind) for kind in ("one", "two", "one")]
    page = await product.admin.show("api/v1/operations?limit=2")
    rest = await product.admin.show(f"api/v1/operations?limit=2&cursor={page['next_cursor']}")
    assert {one["id"] for one in page["items"] + rest["items"]} == {one.id for one in made}
    assert rest["next_cursor"] is None
    assert len((await product.admin.show("api/v1/operations?kind=one&state=pending"))["items"]) == 2
    assert (await product.admin.get("api/v1/operations?state=sleeping")).status == 422
    assert (await product.admin.get("api/v1/operations?cursor=bogus")).code == "invalid_cursor"


@pytest.mark.parametrize(("wait", "status"), [("5", 200), ("5s", 200), ("61s", 422), ("soon", 422), ("-1", 422)])
async def test_how_long_one_may_wait(product: Installation, wait: str, status: int) -> None:
    """Up to a minute, in seconds."""

    async def handle(_: Job) -> None:
        return

    product.inside.ground.work.runner.register("nothing", handle)
    begun = await _begun(product)
    assert (await product.admin.get(f"api/v1/operations/{begun.id}?wait={wait}")).status == status


async def test_who_may_see_and_who_may_cancel(product: Installation) -> None:
    """A viewer sees those of its team; cancelling takes an operator; another team's does not exist."""
    await product.admin.make("teams", name="red")
    begun = await _begun(product, team="default")
    path = f"api/v1/operations/{begun.id}"
    viewer = await product.as_role("viewer", team="default")
    assert (await viewer.get(path)).status == 200
    assert (await viewer.post(f"{path}/cancel", {})).status == 403
    stranger = await product.as_role("operator", team="red")
    assert (await stranger.get(path)).status == 404
    assert (await stranger.post(f"{path}/cancel", {})).status == 404
    operator = await product.as_role("operator", team="default")
    stale = await operator.post(f"{path}/cancel", {}, **{"If-Match": '"op_x.1"'})
    assert (stale.status, stale.code) == (412, "etag_mismatch")
    asked = await operator.post(f"{path}/cancel", {})
    assert (asked.status, asked.json["cancel_requested"]) == (202, True)


async def test_processes_are_listed_for_operators(product: Installation) -> None:
    """Of every team, so a key that is bound to one may not; /metrics counts them."""
    shown = await product.admin.show("api/v1/workers")
    (own,) = shown["items"]
    assert (own["id"], own["role"], own["state"]) == (product.inside.ground.work.runner.worker, "server", "alive")
    assert own["seen_version"] <= shown["version"]
    operator = await product.as_role("operator", team="default")
    assert (await operator.get("api/v1/workers")).status == 403
    assert (await (await product.as_role("operator", team=None)).get("api/v1/workers")).status == 200
    assert "modelport_workers 1.0" in (await product.admin.get("metrics")).text
