"""PRX-3 and USE-5 where they are switched on: a call whose caller left is read on for its usage, for a bounded time."""

import asyncio

import pytest

from tests.conformance.conftest import Serve
from tests.conformance.modelport import Modelport, UpstreamProcess
from tests.conformance.target import Target
from tests.conformance.test_usage_rows import books, only
from tests.conformance.wire import Leaving
from tests.fakes.scenarios import DONE, ONE, STOP, TWO, completion, usage_event
from tests.fakes.script import JSON_TYPE, Script, answer, event_stream, head

LONG = {"drain_for_usage_ms": 20_000, "stream_usage": True}
NOTICED_S = 0.3  # a caller that left has been noticed by then
PLAIN = answer(200, completion()).steps[0].data
FILLED = completion("x" * 300_000)
HALF, REST = FILLED[:100_000], FILLED[100_000:]
LARGE = head(200, {**JSON_TYPE, "Content-Length": str(len(FILLED))})
CELLS: dict[str, tuple[Script, bool, str]] = {
    "waiting for the head": (Script().gate().raw(PLAIN), False, "body"),
    "waiting for the head of a stream": (
        Script()
        .gate()
        .raw(b"".join(step.data for step in event_stream().events(ONE, STOP, usage_event()).end().steps)),
        True,
        "body",
    ),
    "half of a small answer": (Script().raw(PLAIN[:-50]).gate().raw(PLAIN[-50:]), False, "sent"),
    "half of a large answer": (Script().raw(LARGE + HALF).gate().raw(REST), False, "sent"),
    "inside a stream": (event_stream().events(ONE).gate().events(TWO, STOP, usage_event(), DONE).end(), True, "sent"),
}


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize(("script", "stream", "state"), CELLS.values(), ids=CELLS.keys())
async def test_a_call_whose_caller_left_is_read_on_for_its_usage(
    target: Target, modelport: Modelport, how: Leaving, script: Script, stream: bool, state: str
) -> None:
    """PRX-3 USE-5 CMP-13: the upstream ends as it would have, and one row has its exact numbers."""
    case = await target.case(script, fields=LONG)
    async with await case.open(case.body(stream=stream)) as wire:
        await case.upstream_is(state)
        await asyncio.sleep(0.1)
        wire.leave(how)
        await asyncio.sleep(NOTICED_S)
        await case.open_gate()
        sums = only(await books(modelport, case), "exact")
    assert (sums["input_tokens"], sums["output_tokens"]) == (11, 7)
    assert not (await case.only()).left


async def test_reading_on_ends_in_time(target: Target, modelport: Modelport) -> None:
    """USE-5: an upstream that says nothing more is left when the time is over; what was observed is charged."""
    case = await target.case(event_stream().events(ONE, TWO).silence(), fields=LONG | {"drain_for_usage_ms": 400})
    wire, head_ = await case.open_stream()
    async with wire:
        await wire.take(head_, 1)
        wire.leave("fin")
        await case.upstream_is("over", timeout_s=3)
    only(await books(modelport, case), "estimated")


async def test_no_further_attempt_is_made_for_a_caller_that_left(target: Target) -> None:
    """USE-5 section 4: reading on is for what was asked for already."""
    base = f"http://127.0.0.1:{target.upstream_port}/v1"
    busy = Script().gate().raw(answer(503, b'{"error":{"message":"busy"}}').steps[0].data)
    case = await target.case(busy, base_urls=(base, base), fields=LONG)
    async with await case.open() as wire:
        await case.upstream_is("body")
        wire.leave("rst")
        await asyncio.sleep(NOTICED_S)
        await case.open_gate()
        await case.upstream_is("sent")
        await asyncio.sleep(NOTICED_S)
    await case.only()


async def test_a_model_differs_from_the_setting(serve: Serve, upstream: UpstreamProcess) -> None:
    """PRX-3: the setting is for all models, a model's own value goes before it, and 0 ends its calls at once."""
    script = event_stream().events(ONE).gate().events(STOP, usage_event(), DONE).end()
    with serve(usage={"drain_for_usage_ms": 20_000}) as server:
        target = server.target(upstream)
        usual, other = await target.case(script), await target.case(script, fields={"drain_for_usage_ms": 0})
        for case in (usual, other):
            wire, head_ = await case.open_stream()
            async with wire:
                await wire.take(head_, 1)
                wire.leave("fin")
        await other.upstream_left()
        await usual.open_gate()
        only(await books(server, usual), "exact")
        only(await books(server, other), "estimated")


async def test_a_process_that_stops_charges_what_was_observed(serve: Serve, upstream: UpstreamProcess) -> None:
    """USE-5: reading on holds no process; the row is written before the end."""
    with serve(usage={"drain_for_usage_ms": 60_000}) as server:
        case = await server.target(upstream).case(event_stream().events(ONE).silence())
        wire, head_ = await case.open_stream()
        async with wire:
            await wire.take(head_, 1)
            wire.leave("fin")
        await asyncio.sleep(NOTICED_S)
        server.terminate()
        await asyncio.to_thread(server.process.wait, 8)
    with serve(again=server) as second:
        only(await books(second, case), "estimated")
