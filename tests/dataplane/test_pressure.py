"""What stands still or is full holds up nobody: a reader that was told to go (STR-3), a queue without room (USE-7)."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable

import pytest
from yarl import URL

from gateway.access import passage
from gateway.storage.writer import BatchWriter
from tests.app.caller import until
from tests.dataplane.conftest import Open
from tests.dataplane.house import House, chat, mark, sent
from tests.fakes.scenarios import event
from tests.fakes.script import chunk, event_stream

LONG = event_stream().repeat(chunk(event("x" * 20_000)), 2000).end()  # 40 MB


async def test_a_reader_that_stands_still_cannot_hold_a_broken_answer(
    open_house: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """STR-3: the flush of the last words has a deadline; then the connection is gone, unsent bytes and all."""
    monkeypatch.setattr(passage, "FAREWELL_S", 0.2)
    async with open_house() as house:
        model, marker = await house.publish(house.near), mark()
        house.near.scripts[marker] = LONG
        with socket.socket() as standing:
            await _ask_and_stand_still(standing, house, model.name, marker)
            await _nothing_moves(house, marker)
            relay, listener = house.product.inside._relay, _connections(house)
            assert relay is not None
            assert (len(relay), await listener()) == (1, 1)
            relay.end_all()

            async def is_gone() -> bool:
                return await listener() == 0

            await until(is_gone, within_s=5)
            assert len(relay) == 0


async def test_a_full_queue_of_usage_is_counted_and_blocks_nobody(open_house: Open) -> None:
    """USE-7: rows without room are lost and counted in a metric; the calls go on as before."""
    async with open_house() as house:
        model = await house.publish(house.near)
        usage = _writer(house, "usage")
        usage._max_queue = 0
        began = time.monotonic()
        for _ in range(20):
            assert (await house.admin.post("v1/chat/completions", chat(model.name))).status == 200
        assert time.monotonic() - began < 10
        metrics = (await house.admin.get("metrics")).text
    assert "modelport_usage_rows_lost_total 20.0" in metrics
    assert usage.lost == 20


def _writer(house: House, name: str) -> "BatchWriter[object]":
    owners = (getattr(close, "__self__", None) for close in house.product.inside.ground.closing)
    return next(one for one in owners if isinstance(one, BatchWriter) and one._name == name)


def _connections(house: House) -> Callable[[], Awaitable[int]]:
    async def open_now() -> int:
        text = (await house.product.anonymous.get("metrics")).text
        line = next(line for line in text.splitlines() if line.startswith("modelport_connections "))
        return int(float(line.split()[1])) - 1  # without the one that asks

    return open_now


async def _ask_and_stand_still(standing: socket.socket, house: House, model: str, marker: str) -> None:
    loop, url = asyncio.get_running_loop(), URL(house.admin.address)
    standing.settimeout(0)
    standing.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
    await loop.sock_connect(standing, (url.host or "", url.port or 0))
    body = (f'{{"model":"{model}","stream":true,"messages":[{{"role":"user","content":"{marker}"}}]}}').encode()
    lines = [f"POST {url.path}v1/chat/completions HTTP/1.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in house.admin.headers.items()]
    await loop.sock_sendall(standing, "\r\n".join([*lines, "Content-Type: application/json", "", ""]).encode() + body)


async def _nothing_moves(house: House, marker: str) -> None:
    """Return when the upstream has been held back for a while."""
    before = -1
    async with asyncio.timeout(20):
        while not (records := sent(house.near, marker)) or (now := records[0].sent) != before or not now:
            before = records[0].sent if records else -1
            await asyncio.sleep(0.3)
