"""Endpoints that are away or ask for patience: who is asked meanwhile, and how often (CMP-17, CMP-18)."""

import asyncio
from collections import Counter

import pytest

from gateway.access.balance import DEFAULTS, Balancer
from tests.clock import ManualClock
from tests.dataplane.house import House, Model, chat, mark, refused, sent
from tests.fakes.scenarios import completion
from tests.fakes.script import answer

pytestmark = pytest.mark.asyncio(loop_scope="module")

BUSY = b'{"error":{"message":"busy"}}'
GOOD = answer(200, completion())


async def test_an_endpoint_that_asked_to_wait_is_left_alone(house: House, balance: Balancer) -> None:
    """CMP-17: until its Retry-After is over, as long as another one answers."""
    model, marker, clock = await house.ranked(house.near, house.far), mark(), ManualClock()
    balance._clock = clock.monotonic
    house.near.scripts[marker] = answer(429, BUSY, {"Retry-After": "30"})
    for _ in range(4):
        assert (await house.admin.post("v1/chat/completions", chat(model.name, marker))).status == 200
    assert len(sent(house.near, marker)) == 1
    clock.advance(29)
    await house.admin.post("v1/chat/completions", chat(model.name, marker))
    assert len(sent(house.near, marker)) == 1
    clock.advance(2)
    house.near.scripts[marker] = GOOD
    await house.admin.post("v1/chat/completions", chat(model.name, marker))
    assert len(sent(house.near, marker)) == 2


async def _break(house: House, model: Model, marker: str) -> None:
    house.near.scripts[marker] = answer(502, BUSY)
    for _ in range(DEFAULTS.failures):
        assert (await house.admin.post("v1/chat/completions", chat(model.name, marker))).status == 502


async def test_an_outage_is_told_without_asking(house: House, balance: Balancer) -> None:
    """CMP-18: 503 with Retry-After, also for a model with one endpoint; other models do not notice."""
    model, other, marker = await house.publish(house.near), await house.publish(house.near), mark()
    clock = ManualClock()
    balance._clock = clock.monotonic
    await _break(house, model, marker)
    answered = await house.admin.post("v1/chat/completions", chat(model.name, marker))
    refused(answered, 503, "no_upstream_available")
    assert answered.headers["Retry-After"] == "5"
    assert len(sent(house.near, marker)) == DEFAULTS.failures
    assert (await house.admin.chat(other.name)).status == 200
    clock.advance(3)
    again = await house.admin.post("v1/chat/completions", chat(model.name, marker))
    assert again.headers["Retry-After"] == "2"


async def test_one_call_finds_out_whether_the_outage_is_over(house: House, balance: Balancer) -> None:
    """CMP-18: one probe per interval, however many callers there are; its success opens the way for all."""
    model, marker, clock = await house.publish(house.near), mark(), ManualClock()
    balance._clock = clock.monotonic
    await _break(house, model, marker)
    clock.advance(DEFAULTS.interval_s)
    body = chat(model.name, marker)
    answers = await asyncio.gather(*(house.admin.post("v1/chat/completions", body) for _ in range(20)))
    assert Counter(one.status for one in answers) == {503: 19, 502: 1}
    assert len(sent(house.near, marker)) == DEFAULTS.failures + 1
    house.near.scripts[marker] = GOOD
    assert (await house.admin.post("v1/chat/completions", body)).status == 503
    clock.advance(DEFAULTS.interval_s)
    answers = [await house.admin.post("v1/chat/completions", body) for _ in range(20)]
    assert Counter(one.status for one in answers) == {200: 20}


async def test_an_outage_of_one_endpoint_is_nobodys_outage(house: House, balance: Balancer) -> None:
    """Callers do not even wait for the attempt."""
    model, marker, clock = await house.ranked(house.near, house.far), mark(), ManualClock()
    balance._clock = clock.monotonic
    house.near.scripts[marker] = answer(503, BUSY)
    answers = [await house.admin.post("v1/chat/completions", chat(model.name, marker)) for _ in range(12)]
    assert {one.status for one in answers} == {200}
    assert len(sent(house.near, marker)) == DEFAULTS.failures
