"""Single flight: one look-up however many callers wait, for threads and for coroutines (WRP-4)."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import openai
import pytest

from resolver import aconnect, connect, resolve
from resolver.routes import Route, RouteCache
from tests.fakes.modelport_api import ModelportAPI
from tests.resolver.conftest import KEY, MESSAGES

CALLERS = 20


class Refused(Exception):
    """What a look-up raises here."""


def cache(clock: Callable[[], float] = lambda: 0.0, *, ttl_s: float = 60.0) -> RouteCache:
    """Return an empty cache whose errors are made anew for each caller."""
    return RouteCache(ttl_s=ttl_s, clock=clock, again=lambda error: Refused(*error.args))


def route(path: str = "/v1") -> Route:
    """Return a route to some path."""
    return Route(resolve(path, server="http://localhost:3000"))


def waiting(routes: RouteCache) -> int:
    """Return how many threads wait for a flight to land."""
    return sum(len(flight.landed._cond._waiters) for flight in routes._flights.values())


class Lookup:
    """A look-up of threads that stays in the air until every other caller waits for it."""

    def __init__(self, routes: RouteCache, outcome: Route | Exception) -> None:
        self.routes, self.outcome, self.calls = routes, outcome, 0

    def __call__(self) -> Route:
        """Wait for the others, then give the outcome."""
        self.calls += 1
        deadline = time.monotonic() + 30
        while waiting(self.routes) < CALLERS - 1:
            assert time.monotonic() < deadline, "the others never came"
            threading.Event().wait(0.001)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def gather(count: int, call: Callable[[], Any]) -> list[Any]:
    """Call in so many threads at once; return what each gave or raised."""
    with ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(call) for _ in range(count)]
    return [future.exception() or future.result() for future in futures]


def test_threads_share_one_look_up() -> None:
    """Twenty cold calls, one look-up, one route."""
    routes, found = cache(), route()
    look_up = Lookup(routes, found)
    assert gather(CALLERS, lambda: routes.get("m", look_up)) == [found] * CALLERS
    assert look_up.calls == 1


def test_threads_share_one_failure_each_with_an_error_of_its_own() -> None:
    """One exception object raised in twenty threads would carry twenty mixed tracebacks."""
    routes = cache()
    look_up = Lookup(routes, Refused("no such model"))
    errors = gather(CALLERS, lambda: routes.get("m", look_up))
    assert look_up.calls == 1
    assert {str(error) for error in errors} == {"no such model"}
    assert len({id(error) for error in errors}) == CALLERS


def test_different_models_do_not_wait_for_each_other() -> None:
    """The lock is held for dict access only: a look-up may even look up another model."""
    routes, near, far = cache(), route("/near"), route("/far")

    def look_up() -> Route:
        assert routes.get("far", lambda: far) is far
        return near

    assert routes.get("near", look_up) is near
    assert routes.peek("far") is far


def test_a_route_that_landed_meanwhile_is_taken() -> None:
    """Between looking and boarding another thread may have finished: no second look-up."""
    found = route()

    class Overtaken(RouteCache):
        """A cache whose first look comes just before another caller's route."""

        overtaken = False

        def peek(self, name: str | None) -> Route | None:
            """Find nothing the first time."""
            if self.overtaken:
                return super().peek(name)
            self.overtaken = True
            self.get("m", lambda: found)
            return None

    routes = Overtaken(ttl_s=60, clock=lambda: 0.0, again=lambda error: error)
    assert routes.get("m", lambda: pytest.fail("looked up twice")) is found


def test_a_newer_route_is_not_dropped_for_an_older_ones_failure() -> None:
    """A slow call that fails on the old address must not throw away the new one."""
    routes, old, new = cache(), route("/old"), route("/new")
    routes.get("m", lambda: old)
    routes.drop("m", old)
    routes.get("m", lambda: new)
    routes.drop("m", old)
    assert routes.peek("m") is new


async def test_coroutines_share_one_look_up_and_its_failure() -> None:
    """The same for one event loop."""
    routes, release, calls = cache(), anyio.Event(), []

    async def look_up() -> Route:
        calls.append(1)
        await release.wait()
        if len(calls) == 1:
            raise Refused("no such model")
        return route()

    first = await gathered([routes.aget("m", look_up) for _ in range(CALLERS)], release)
    assert {type(error) for error in first} == {Refused}
    assert len({id(error) for error in first}) == CALLERS
    second = await gathered([routes.aget("m", look_up) for _ in range(CALLERS)], release)
    assert len({id(found) for found in second}) == 1
    assert len(calls) == 2


async def gathered(calls: list[Awaitable[Any]], release: anyio.Event) -> list[Any]:
    """Start the calls, release the look-up once all of them wait, and return what each gave or raised."""
    started = asyncio.gather(*calls, return_exceptions=True)
    for _ in range(3):
        await asyncio.sleep(0)
    release.set()
    return await started


async def test_a_cancelled_caller_does_not_cancel_the_others() -> None:
    """The leader's call is given up; one of those who wait leads the next look-up, and all get its route."""
    routes, started, release, calls, found = cache(), anyio.Event(), anyio.Event(), [], route()

    async def look_up() -> Route:
        calls.append(1)
        started.set()
        await release.wait()
        return found

    async with asyncio.TaskGroup() as group:
        leader = group.create_task(routes.aget("m", look_up))
        await started.wait()
        others = [group.create_task(routes.aget("m", look_up)) for _ in range(CALLERS)]
        await asyncio.sleep(0)
        leader.cancel()
        await asyncio.sleep(0)
        release.set()
    assert [task.result() for task in others] == [found] * CALLERS
    assert len(calls) == 2
    assert routes._flights == {}


async def test_a_caller_that_only_waits_can_be_cancelled() -> None:
    """Its going away is nobody else's business."""
    routes, release, found = cache(), anyio.Event(), route()

    async def look_up() -> Route:
        await release.wait()
        return found

    async with asyncio.TaskGroup() as group:
        leader = group.create_task(routes.aget("m", look_up))
        await asyncio.sleep(0)
        follower = group.create_task(routes.aget("m", look_up))
        await asyncio.sleep(0)
        follower.cancel()
        release.set()
    assert leader.result() is found
    assert follower.cancelled()


def test_one_cache_serves_one_event_loop_after_another() -> None:
    """`asyncio.run` twice with one client: routes stay, nothing is bound to the first loop."""
    routes, found = cache(), route()

    async def look_up() -> Route:
        return found

    assert asyncio.run(routes.aget("m", look_up)) is asyncio.run(routes.aget("m", look_up)) is found


def test_twenty_cold_calls_of_threads_make_one_request(api: ModelportAPI) -> None:
    """The whole way: client, hook, cache, server."""
    api.gate.clear()
    with connect(server=api.url, key=KEY, max_retries=0) as client:
        together = threading.Barrier(CALLERS + 1, action=api.gate.set)

        def call() -> str:
            together.wait(30)
            return client.chat.completions.create(model="qwen3", messages=MESSAGES).model

        with ThreadPoolExecutor(CALLERS) as pool:
            answers = [pool.submit(call) for _ in range(CALLERS)]
            together.wait(30)
        assert {answer.result() for answer in answers} == {"qwen3"}
    assert (len(api.lookups), len(api.calls)) == (1, CALLERS)


@pytest.mark.parametrize("aiohttp", [False, True])
async def test_twenty_cold_calls_of_tasks_make_one_request(api: ModelportAPI, *, aiohttp: bool) -> None:
    """The same for asyncio, on both transports."""
    transport: Any = {"http_client": openai.DefaultAioHttpClient()} if aiohttp else {}
    async with aconnect("qwen3", server=api.url, key=KEY, max_retries=0, **transport) as client:
        calls = [client.chat.completions.create(model="qwen3", messages=MESSAGES) for _ in range(CALLERS)]
        assert {answer.model for answer in await asyncio.gather(*calls)} == {"qwen3"}
    assert (len(api.lookups), len(api.calls)) == (1, CALLERS)
