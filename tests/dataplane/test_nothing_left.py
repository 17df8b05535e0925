"""A call that failed is gone when it is over: what it held does not wait for a collection of cycles (CMP-1)."""

import gc
from collections.abc import Mapping
from types import FrameType
from typing import Any

import pytest

from tests.dataplane.house import House, chat, mark, told
from tests.dataplane.test_attempts import nowhere
from tests.fakes.script import answer

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALLS: Mapping[str, Any] = {
    "answered": told(id="one"),
    "refused": answer(503, b"<html>busy</html>", {"Content-Type": "text/html"}),
    "unreachable": None,
}


@pytest.mark.parametrize("how", CALLS)
async def test_no_frame_of_a_call_is_left(house: House, how: str) -> None:
    """A frame holds the body, up to 32 MB; an exception that its own trace refers to holds all frames of its way."""
    script, marker = CALLS[how], mark()
    if script is not None:
        house.near.scripts[marker] = script
    model = await house.publish(house.near if script is not None else nowhere())
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        await house.admin.post("v1/chat/completions", chat(model.name, marker))
        gc.collect()
        frames = [one.f_code.co_qualname for one in gc.garbage if isinstance(one, FrameType)]
        ours = [name for name in frames if name.startswith(("Dispatcher.", "Relay.", "Passage.", "DataPlane."))]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert ours == []
