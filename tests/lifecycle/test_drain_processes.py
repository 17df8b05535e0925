"""A drain with real processes: one deletes, another one still has a stream; then one of them is killed."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.app.caller import Caller, calling
from tests.conformance.events import broken_off
from tests.fakes.scenarios import ONE
from tests.fakes.upstream import Upstream
from tests.lifecycle.fleet import (
    IMPATIENT_S,
    WHOLE,
    Fleet,
    Process,
    held_answer,
    held_stream,
    running_fleet,
    silent_stream,
    until,
)

GRACE = "60s"
"""Longer than any test waits: what ends a drain in time is not the grace."""


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    """Give a caller without key and address."""
    async with calling() as opened:
        yield opened


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    """Give a scripted model server."""
    async with Upstream() as running:
        yield running


@pytest.fixture
def fleet(database_url: str, tmp_path: Path, caller: Caller) -> Iterator[Fleet]:
    """Give the way to start processes, once on SQLite and once on PostgreSQL."""
    with running_fleet(tmp_path, database_url, caller) as started:
        yield started


@pytest.fixture
def impatient(fleet: Fleet) -> Fleet:
    """Give the same for tests that kill one: nobody waits long for it."""
    fleet.dead_after_s = IMPATIENT_S
    return fleet


async def _two(fleet: Fleet, upstream: Upstream) -> tuple[Process, Process, Any]:
    """Return two processes and the model that both serve."""
    a = await fleet.start()
    b = await fleet.start()
    model = await a.admin.make("models", name="qwen3", endpoints=[{"base_url": upstream.url}])
    return a, b, model


async def _deleted(process: Process, **query: str) -> str:
    """Begin to delete the model and return the operation that waits."""
    answer = await process.delete("qwen3", **query)
    assert answer.status == 202, answer.text
    where = answer.headers["Location"]
    assert answer.headers["Retry-After"]
    return where.rpartition("/")[2]


async def _state(process: Process, uid: str) -> str:
    return str((await process.admin.show(f"api/v1/models/{uid}"))["state"])


async def test_a_stream_of_another_process_is_waited_for(fleet: Fleet, upstream: Upstream) -> None:
    """LIF-6: refused at once everywhere, the running stream ends whole, and only then the operation does."""
    a, b, model = await _two(fleet, upstream)
    async with held_stream(upstream).on(b, "qwen3") as stream:
        operation = await _deleted(a, drain=GRACE)
        assert await a.is_refused("qwen3")
        await until(lambda: b.is_refused("qwen3"))
        other = await b.id()
        waiting = await a.until(
            operation, lambda now: [(one["worker"], one["inflight"]) for one in now["blockers"]] == [(other, 1)]
        )
        assert (waiting["state"], waiting["kind"], waiting["target"]) == ("running", "drain", model["uid"])
        assert await _state(a, model["uid"]) == "draining"
        stream.go_on()
        assert await stream.rest() == WHOLE
    ended = await b.until(operation, lambda now: now["state"] != "running")
    assert (ended["state"], ended["done"], ended["total"], ended["blockers"]) == ("done", 1, 1, [])
    assert await _state(b, model["uid"]) == "deleted"


async def test_a_killed_process_does_not_hold_it(impatient: Fleet, upstream: Upstream) -> None:
    """Its silence is enough (lifecycle.md section 8)."""
    a, b, model = await _two(impatient, upstream)
    async with held_stream(upstream).on(b, "qwen3"):
        operation = await _deleted(a, drain=GRACE)
        await a.until(operation, lambda now: sum(one["inflight"] for one in now["blockers"]) == 1)
        await b.kill()
    ended = await a.until(operation, lambda now: now["state"] not in {"pending", "running"})
    assert ended["state"] == "done"
    assert await _state(a, model["uid"]) == "deleted"


async def test_the_other_process_takes_over_from_a_killed_one(impatient: Fleet, upstream: Upstream) -> None:
    """Whoever carries the drain out is killed in the middle of it; what runs in the other one still ends whole."""
    a, b, model = await _two(impatient, upstream)
    async with held_stream(upstream).on(a, "qwen3") as of_a, held_stream(upstream).on(b, "qwen3") as of_b:
        operation = await _deleted(a, drain=GRACE)
        waiting = await a.until(operation, lambda now: sum(one["inflight"] for one in now["blockers"]) == 2)
        owned_by_a = waiting["worker"] == await a.id()
        dead, heir, stream = (a, b, of_b) if owned_by_a else (b, a, of_a)
        successor = await heir.id()
        await dead.kill()
        await heir.until(operation, lambda now: now["worker"] == successor)
        await heir.until(operation, lambda now: [one["worker"] for one in now["blockers"]] == [successor])
        stream.go_on()
        assert await stream.rest() == WHOLE
        ended = await heir.until(operation, lambda now: now["state"] not in {"pending", "running"})
    assert ended["state"] == "done"
    assert await _state(heir, model["uid"]) == "deleted"


async def test_a_drain_goes_on_after_a_restart(impatient: Fleet, upstream: Upstream) -> None:
    """All processes are killed; the next one finds the operation and ends it."""
    a, b, model = await _two(impatient, upstream)
    async with held_stream(upstream).on(b, "qwen3"):
        operation = await _deleted(a, drain=GRACE)
        await a.until(operation, lambda now: now["state"] == "running")
        await a.kill()
        await b.kill()
    c = await impatient.start()
    assert await c.is_refused("qwen3")
    ended = await c.until(operation, lambda now: now["state"] not in {"pending", "running"})
    assert ended["state"] == "done"
    assert await _state(c, model["uid"]) == "deleted"


async def test_what_runs_longer_than_the_grace_is_ended_and_told(fleet: Fleet, upstream: Upstream) -> None:
    """A stream by an error event without [DONE], which the SDK raises; a plain call by a 404."""
    a, b, model = await _two(fleet, upstream)
    plain = asyncio.get_running_loop().create_task(b.admin.chat("qwen3", held_answer(upstream)))
    sdk = asyncio.get_running_loop().create_task(_by_sdk(b, silent_stream(upstream).marker))
    async with silent_stream(upstream).on(b, "qwen3") as stream:
        await until(lambda: _run(a, b, calls=3), told=lambda: (plain, sdk))
        operation = await _deleted(a, drain="2s")
        error = broken_off(await stream.rest(), ONE)
    assert (error["code"], error["param"]) == ("model_retired", "model")
    refused = await plain
    assert (refused.status, refused.code, refused.headers["x-should-retry"]) == (404, "model_retired", "false")
    raised = await sdk
    assert raised.code == "model_retired"
    ended = await a.until(operation, lambda now: now["state"] not in {"pending", "running"})
    assert ended["state"] == "done"
    assert await _state(a, model["uid"]) == "deleted"


async def test_a_cancelled_drain_puts_the_model_back(fleet: Fleet, upstream: Upstream) -> None:
    """With the alias that it took along; the stream never notices. The other process is asked to cancel."""
    a, b, model = await _two(fleet, upstream)
    await a.admin.make("aliases", name="fast", model="qwen3", team="default")
    async with held_stream(upstream).on(b, "qwen3") as stream:
        answer = await a.admin.call(
            "DELETE", f"api/v1/models/{model['uid']}?references=cascade&drain={GRACE}", **{"If-Match": model["etag"]}
        )
        if answer.status == 412:  # the alias is part of what its ETag stands for
            now = await a.admin.show(f"api/v1/models/{model['uid']}")
            answer = await a.admin.call(
                "DELETE", f"api/v1/models/{model['uid']}?references=cascade&drain={GRACE}", **{"If-Match": now["etag"]}
            )
        assert answer.status == 202, answer.text
        operation = answer.headers["Location"].rpartition("/")[2]
        await until(lambda: b.is_refused("qwen3"))
        asked = await b.admin.post(f"api/v1/operations/{operation}/cancel", {})
        assert (asked.status, asked.json["cancel_requested"]) == (202, True)
        ended = await b.until(operation, lambda now: now["state"] not in {"pending", "running"})
        assert ended["state"] == "cancelled"
        assert await _state(b, model["uid"]) == "active"
        for name in ("qwen3", "fast"):
            assert (await b.admin.chat(name)).status == 200
        stream.go_on()
        assert await stream.rest() == WHOLE
    again = await b.admin.post(f"api/v1/operations/{operation}/cancel", {})
    assert (again.status, again.code) == (409, "state_conflict")


async def _run(asked: Process, process: Process, *, calls: int) -> bool:
    """Whether so many calls run in the process, as every other one can see."""
    own = await process.id()
    found = (await asked.admin.show("api/v1/workers"))["items"]
    return any(one["id"] == own and one["inflight"] == calls for one in found)


async def _by_sdk(process: Process, text: str) -> openai.APIError:
    """Return what the SDK raises in the middle of a stream."""
    key = process.admin.headers["Authorization"].removeprefix("Bearer ")
    async with openai.AsyncOpenAI(base_url=f"{process.admin.address}v1", api_key=key, max_retries=0) as client:
        events = await client.chat.completions.create(
            model="qwen3", stream=True, messages=[{"role": "user", "content": text}]
        )
        try:
            async for _ in events:
                pass
        except openai.APIError as error:
            return error
    raise AssertionError("the stream looked complete")
