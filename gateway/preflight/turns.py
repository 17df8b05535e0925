"""Long computations in the event loop: in turns of 2 ms, between which everything else goes on."""

import asyncio
import time
from collections.abc import Generator
from typing import Final, TypeVar

T = TypeVar("T")

TURN_S: Final = 0.002


async def in_turns(steps: Generator[None, None, T]) -> T:
    """Return what the generator returns; where it yields there may be a pause, so its steps are short."""
    until = time.perf_counter() + TURN_S
    while True:
        try:
            next(steps)
        except StopIteration as done:
            value: T = done.value
            return value
        if time.perf_counter() >= until:
            await asyncio.sleep(0)
            until = time.perf_counter() + TURN_S
