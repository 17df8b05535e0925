"""USE-1 to USE-6 and the last column of section 4: what each kind of call leaves in the books."""

import asyncio
from typing import Any

import pytest

from tests.conformance.case import Case
from tests.conformance.modelport import Modelport
from tests.conformance.target import Target
from tests.conformance.wire import Leaving
from tests.fakes.scenarios import CHAT_STREAM, DONE, ONE, SCENARIOS, STOP, TWO, completion, event
from tests.fakes.script import JSON_TYPE, Script, answer, event_stream, head

BOOKS_S = 5.0
SOURCES = ("exact", "estimated", "unknown")


async def books(modelport: Modelport, case: Case, requests: int = 1) -> dict[str, Any]:
    """Return the sums of the case's model once that many requests are in them (rows are written in batches)."""
    async with asyncio.timeout(BOOKS_S):
        while True:
            page = await modelport.management.get(f"/usage?model={case.model}")
            if page["total"]["requests"] >= requests:
                return dict(page["total"])
            await asyncio.sleep(0.1)


def only(sums: dict[str, Any], source: str) -> dict[str, Any]:
    """Return the sums of a source that must be the only one with a request."""
    found = {name: sums[name]["requests"] for name in SOURCES if sums[name]["requests"]}
    assert found == {source: 1}, found
    return dict(sums[source])


async def test_a_plain_answer_is_counted_exactly(target: Target, modelport: Modelport) -> None:
    """USE-1 USE-2: the upstream's own numbers, cached and reasoning tokens apart."""
    details = completion()[:-2] + (
        b', "prompt_tokens_details": {"cached_tokens": 5}, "completion_tokens_details": {"reasoning_tokens": 3}}}'
    )
    case = await target.case(answer(200, details))
    await case.post()
    sums = only(await books(modelport, case), "exact")
    assert sums == {"requests": 1, "input_tokens": 11, "output_tokens": 7, "cached_tokens": 5, "reasoning_tokens": 3}


async def test_a_stream_whose_usage_nobody_asked_for_is_still_exact(target: Target, modelport: Modelport) -> None:
    """USE-3: the injected event is read before it is removed."""
    case = await target.case(CHAT_STREAM, fields={"stream_usage": True})
    await case.stream()
    sums = only(await books(modelport, case), "exact")
    assert (sums["input_tokens"], sums["output_tokens"]) == (11, 7)


async def test_the_last_usage_of_a_stream_wins_wherever_it_stands(target: Target, modelport: Modelport) -> None:
    """USE-2: beside content, more than once, before the end."""
    early = event("a", usage={"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2})
    late = event("b", usage={"prompt_tokens": 1, "completion_tokens": 9, "total_tokens": 10})
    case = await target.case(event_stream().events(early, late, STOP, DONE).end())
    await case.stream()
    assert only(await books(modelport, case), "exact")["output_tokens"] == 9


async def test_a_stream_without_usage_is_an_estimate(target: Target, modelport: Modelport) -> None:
    """USE-1: observed events, and it says so."""
    case = await target.case(event_stream().events(ONE, TWO, STOP, DONE).end(), fields={"stream_usage": False})
    await case.stream()
    assert only(await books(modelport, case), "estimated")["output_tokens"] > 0


async def test_responses_and_embeddings_are_counted(target: Target, modelport: Modelport) -> None:
    """USE-2: the other shapes of usage."""
    usage = b'{"id":"resp_1","usage":{"input_tokens":3,"output_tokens":4,"input_tokens_details":{"cached_tokens":2}}}'
    case = await target.case(answer(200, usage))
    await case.post(path="/responses")
    sums = only(await books(modelport, case), "exact")
    assert (sums["input_tokens"], sums["output_tokens"], sums["cached_tokens"]) == (3, 4, 2)
    other = await target.case()
    await other.post(path="/embeddings")
    assert only(await books(modelport, other), "exact")["input_tokens"] == 5


async def test_an_upstream_error_costs_nothing(target: Target, modelport: Modelport) -> None:
    """USE-6: no usage in the error: settled to 0."""
    case = await target.case(answer(400, b'{"error":{"message":"no"}}'))
    await case.post()
    sums = await books(modelport, case)
    assert all(sums[name]["input_tokens"] == sums[name]["output_tokens"] == 0 for name in SOURCES)


async def test_retries_are_one_charge(target: Target, modelport: Modelport) -> None:
    """USE-6: one row per attempt, one charge per request."""
    good = f"http://127.0.0.1:{target.upstream_port}/v1"
    case = await target.case(answer(200, completion()), base_urls=("http://127.0.0.1:9/v1", good))
    for _ in range(4):
        await case.post()
    sums = await books(modelport, case, 4)
    assert sums["exact"] | {"requests": 4} == sums["exact"]
    assert sums["exact"]["output_tokens"] == 28


HALF = Script().raw(head(200, {**JSON_TYPE, "Content-Length": "200000"}) + b'{"a":"' + b"x" * 70_000).silence()
CELLS: dict[str, tuple[Script, bool, str, str]] = {
    "waiting for the head": (Script().silence(), False, "body", "unknown"),
    "waiting for the head of a stream": (Script().silence(), True, "body", "unknown"),
    "events flowing": (SCENARIOS["stream-endless"], True, "sent", "estimated"),
    "stream, upstream silent": (event_stream().events(ONE, TWO).silence(), True, "sent", "estimated"),
    "plain body half received": (HALF, False, "sent", "unknown"),
}


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize(("script", "stream", "state", "source"), CELLS.values(), ids=CELLS.keys())
async def test_a_cancelled_call_leaves_one_row(
    target: Target, modelport: Modelport, how: Leaving, script: Script, stream: bool, state: str, source: str
) -> None:
    """Section 4 USE-5: one row, `estimated` from what was observed or `unknown`."""
    case = await target.case(script, fields={"stream_usage": False})
    async with await case.open(case.body(stream=stream)) as wire:
        await case.upstream_is(state)
        await asyncio.sleep(0.2)
        wire.leave(how)
        await case.upstream_left()
    only(await books(modelport, case), source)


@pytest.mark.parametrize("name", ["stream-no-finish", "stream-error", "stream-cut"])
async def test_the_metrics_tell_how_streams_ended(target: Target, modelport: Modelport, name: str) -> None:
    """PRX-5 PRX-6 STR-9: a stream without terminal, with an error inside or cut off is counted as such."""
    kind = {"stream-no-finish": "incomplete", "stream-error": "broken", "stream-cut": "broken"}[name]
    before = await _streams(modelport, kind)
    case = await target.case(SCENARIOS[name])
    await case.stream()
    assert await _streams(modelport, kind) == before + 1


async def _streams(modelport: Modelport, kind: str) -> float:
    text = (await modelport.fetch("metrics")).body.decode()
    lines = [
        line for line in text.splitlines() if not line.startswith("#") and "stream" in line and f'"{kind}"' in line
    ]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)
