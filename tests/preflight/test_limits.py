"""A check costs little, holds nobody up, and tells a port scanner nothing."""

import asyncio
import time
from collections.abc import Callable

import pytest

from gateway.api.permissions import ROLES, Role
from gateway.api.principal import Principal
from gateway.errors import RateLimited
from gateway.preflight.limits import Limits
from gateway.preflight.names import MAX_COMPARED, close_names, compare
from gateway.preflight.run import Wish
from gateway.registry.verdict import EndpointReport, Verdict
from gateway.vault.secret import Secret
from tests.clock import ManualClock
from tests.preflight.conftest import ADMIN, PUBLISHER, Bench, Check
from tests.preflight.server import Asked, Reply, answering, chat, error, listing, said, serving

SERVER = "http://localhost:3000/"


async def test_a_hundred_at_once_are_one_call_at_a_time(bench: Bench) -> None:
    """Per upstream; and no more than 20 wait, the others are told to come back."""

    async def slowly(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.01)
        await answering(models=listing("qwen3"), chat_completions=chat())(asked, writer)

    async with serving(slowly) as server:

        async def one(number: int) -> Verdict | None:
            wish = Wish(team="default", base_url=server.url, model=f"qwen3-{number}")
            try:
                return (await bench.preflight.run(ADMIN, [wish], server=SERVER)).verdict
            except RateLimited:
                return None

        told = await asyncio.gather(*(one(number) for number in range(100)))
    assert server.most_in_flight == 1
    assert sum(verdict is not None for verdict in told) == 20
    assert len(server.calls()) == 20


def test_five_a_minute_for_each_caller() -> None:
    """The sixth is told how long to wait; another caller is not."""
    clock = ManualClock()
    limits = Limits(clock.monotonic)
    for _ in range(5):
        limits.count("a")
        clock.advance(2)
    with pytest.raises(RateLimited) as refused:
        limits.count("a")
    assert refused.value.headers == {"Retry-After": "50"}
    assert refused.value.hint == "wait 50 s, then go on"
    limits.count("b")
    clock.advance(51)
    limits.count("a")


def _silent(kind: str) -> bytes:
    return {"ssh": b"SSH-2.0-x\r\n", "smtp": b"220 mail ESMTP\r\n", "redis": b"-ERR unknown\r\n"}[kind]


async def _close(asked: Asked, writer: asyncio.StreamWriter) -> None:
    del asked
    writer.close()


OTHERS: list[Reply] = [
    answering(models=said(200, b"<html>", "text/html")),
    answering(models=said(200, {"users": []})),
    answering(models=said(401, b"<html>no</html>", "text/html")),
    answering(models=said(403, {"detail": "no"})),
    answering(models=said(404, b"", "text/plain")),
    answering(models=said(503, b"", "text/plain")),
    answering(models=said(301, Location="https://x.example/")),
    answering(),
    _close,
]


async def test_fifty_ports_look_alike_to_who_is_no_administrator(bench: Bench) -> None:
    """Open or closed, web page or SSH: one message, no time, no evidence (threat 4)."""
    told: set[tuple[object, ...]] = set()

    async def look(url: str, number: int) -> None:
        by = Principal(f"key_{number}", "publisher", Role.PUBLISHER, ROLES[Role.PUBLISHER], team="default")
        wish = Wish(team="default", base_url=url, model="qwen3", key=Secret("sk-0123456789abcdef"))
        (report,) = (await bench.preflight.run(by, [wish], server=SERVER)).endpoints
        place = url.removeprefix("http://").removesuffix("/v1")
        _, found, *rest = report.stages
        told.add((found.code, found.message.replace(place, "X"), found.hint, found.took_ms, str(found.evidence)))
        told.add(("rest", *((one.code, one.verdict) for one in rest)))

    for number in range(50):
        if number % 3 == 0:
            await look(f"http://127.0.0.1:{20_000 + number}/v1", number)
        elif number % 3 == 1:
            async with serving(None, banner=_silent(("ssh", "smtp", "redis")[number % 9 // 3])) as server:
                await look(server.url, number)
        else:
            async with serving(OTHERS[number // 3 % len(OTHERS)]) as server:
                await look(server.url, number)
    assert len(told) == 2, told


async def test_who_may_register_hears_what_a_model_server_says(check: Check) -> None:
    """A publisher needs the upstream's own words about the key; a server of models is no secret."""
    no = error(401, "expired")
    async with serving(answering(models=listing("qwen3"), chat_completions=no)) as server:
        report = await check(server.url, by=PUBLISHER, key=Secret("sk-0123456789abcdef"))
    assert report.stages[-1].message == f'{server.url}/chat/completions refuses the key (401): "expired"'


async def test_what_was_found_is_kept_ten_minutes(check: Check, bench: Bench) -> None:
    """Only the trial is repeated; a failure is not kept."""
    async with serving(answering(models=listing("qwen3"), chat_completions=error(401, "no"))) as server:
        await check(server.url)
        before = len(server.asked)
        again = await check(server.url)
        assert [one.path for one in server.asked[before:]] == ["/v1/chat/completions"]
        assert [(one.stage, one.cached) for one in again.stages[1:]] == [("existence", True), ("trial", False)]
        bench.clock.advance(601)
        await check(server.url)
        assert len(server.calls()) == 3
        assert [one.path for one in server.asked].count("/v1/models") == 2


async def test_a_call_that_was_answered_counts_for_a_minute(check: Check, bench: Bench) -> None:
    """Who looks and then registers calls once; another key, model or caller is another call."""
    async with serving(answering(models=listing("qwen3"), chat_completions=chat())) as server:
        await check(server.url)
        assert (await check(server.url)).stages[-1].cached
        assert len(server.calls()) == 1
        await check(server.url, key=Secret("sk-0123456789abcdef"))
        await check(server.url, model="other")
        await check(server.url, by=PUBLISHER)
        bench.clock.advance(61)
        await check(server.url)
    assert len(server.calls()) == 5


async def test_close_names_of_fifty_thousand_do_not_hold_up_the_loop() -> None:
    """In turns of 2 ms, at most 5,000 compared. In CPU of the loop's own thread: what else runs does not count."""
    names = [f"org-{number % 97}/model-{number:05d}-{number % 7}b" for number in range(50_000)]
    longest = 0.0

    async def turn() -> None:
        nonlocal longest
        began = time.thread_time()
        while True:
            await asyncio.sleep(0)
            longest, began = max(longest, time.thread_time() - began), time.thread_time()

    watch = asyncio.get_running_loop().create_task(turn())
    found = await close_names("model-00017-3b", names)
    watch.cancel()
    assert found[0].endswith("model-00017-3b")
    assert longest < 0.1  # 3 to 5 ms; all at once it would be 300 ms and more


async def test_a_list_that_is_too_long_is_worth_what_was_read_of_it(check: Check) -> None:
    """50,000 models are 4 MB: the first 5,000 are kept, and close names are found among them."""
    absent = error(404, "no such model", "model_not_found")
    names = [f"org/model-{number:05d}-{'x' * 30}" for number in range(50_000)]
    async with serving(answering(models=listing(*names), chat_completions=absent)) as server:
        report = await check(server.url, model="model-00017")
    assert report.stages[1].evidence["models"] == 5000
    assert report.stages[-1].code == "model_absent"


@pytest.mark.parametrize(
    ("wanted", "listed", "found"),
    [
        ("gpt4o-mini", ["gpt-4o-mini", "whisper-1"], "gpt-4o-mini"),
        ("GPT-4O", ["gpt-4o", "o1"], "gpt-4o"),
        ("llama3.1", ["llama3.1:8b", "qwen3:4b"], "llama3.1:8b"),
        ("openai/gpt-4o", ["gpt-4o", "o1"], "gpt-4o"),
    ],
)
def test_close_names_are_found(wanted: str, listed: list[str], found: str) -> None:
    """Preflight.md section 9."""
    assert compare(wanted, listed)[0] == found
    assert compare("xyz", [f"a{number}" for number in range(MAX_COMPARED + 1)]) == ()


STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'


def _streaming(pauses: Callable[[int], float]) -> Reply:
    async def reply(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if asked.method == "GET":
            writer.write(listing("qwen3") if asked.path.endswith("/models") else said(404))
        elif not asked.body["stream"]:
            writer.write(chat())
        else:
            writer.write(STREAM)
            for number in range(8):
                await asyncio.sleep(pauses(number))
                writer.write(EVENT)
                await writer.drain()
            writer.write(b"data: [DONE]\n\n")
            writer.close()

    return reply


async def _stream(check: Check, reply: Reply) -> EndpointReport:
    async with serving(reply) as server:
        return await check(server.url, stream=True)


async def test_a_stream_that_comes_event_by_event(check: Check) -> None:
    """With the time of its first event."""
    report = await _stream(check, _streaming(lambda _: 0.01))
    assert (report.stages[-1].stage, report.stages[-1].code) == ("stream", "streams")
    assert report.stages[-1].evidence["events"] == 9


async def test_a_proxy_that_holds_a_stream_back(check: Check) -> None:
    """Everything in one piece, after a wait: a warning that says what to switch off."""

    async def held(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if asked.method == "GET" or not asked.body["stream"]:
            await _streaming(lambda _: 0)(asked, writer)
            return
        await asyncio.sleep(0.2)
        writer.write(STREAM + EVENT * 8 + b"data: [DONE]\n\n")
        writer.close()

    found = (await _stream(check, held)).stages[-1]
    assert (found.stage, found.code, found.verdict) == ("stream", "buffered", Verdict.WARN)
    assert found.hint == "switch buffering off in the proxy before the upstream (nginx: proxy_buffering off)"


async def test_an_upstream_that_does_not_stream(check: Check) -> None:
    """A plain answer to a wish for a stream."""
    found = (await _stream(check, answering(models=listing("qwen3"), chat_completions=chat()))).stages[-1]
    assert (found.code, found.message) == ("no_stream", "asked for a stream, it answered application/json")
