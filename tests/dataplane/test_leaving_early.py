"""Section 4's row "DNS, connect, TLS": a caller that leaves before the upstream has a connection ends the attempt."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from aiohttp.abc import AbstractResolver, ResolveResult

from tests.app.caller import until
from tests.dataplane.house import House, chat
from tests.fakes.blackhole import blackhole, connects_under_way

pytestmark = pytest.mark.asyncio(loop_scope="module")
WITHIN_S = 1.0  # principle 2


@dataclass
class Waiting(AbstractResolver):
    """Answers a question about a name when it is told to; notes which are being asked."""

    asked: list[str] = field(default_factory=list)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Wait, then name this machine."""
        self.asked.append(host)
        await self.may_answer.wait()
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        """Have nothing to close."""


@dataclass
class Silent:
    """A listener that takes connections and says nothing: a TLS handshake that never ends."""

    port: int = 0
    came: asyncio.Event = field(default_factory=asyncio.Event)
    went: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read until the other side goes."""
        self.came.set()
        try:
            while await reader.read(4096):
                pass
        except ConnectionError:
            pass
        finally:
            self.went.set()
            writer.close()


@pytest_asyncio.fixture(loop_scope="module")
async def silent() -> AsyncIterator[Silent]:
    """Give that listener."""
    one = Silent()
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    yield one
    server.close()


async def _cancelled_row(house: House, request_id: str) -> None:
    row = (await house.rows(request_id))[0]
    assert (row["outcome"], row["status"], row["source"], row["input_tokens"]) == ("cancelled", 499, "exact", 0)


async def _calling(house: House, model: str, request_id: str) -> "asyncio.Task[object]":
    caller = house.admin.having(X_Request_Id=request_id)
    return asyncio.get_running_loop().create_task(caller.post("v1/chat/completions", chat(model)))


async def _leave(task: "asyncio.Task[object]") -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_leaving_during_the_name_look_up_ends_the_attempt(
    house: House, silent: Silent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PRX-2 section 4: the row is there while the look-up still runs, and its answer is connected to by nobody."""
    waiting, request_id = Waiting(), "6f1c3f0e-8a56-4b0e-9d4c-2f7c6f7b1a01"
    monkeypatch.setattr(house.product.inside.ground.transport._connector._filter, "_inner", waiting)
    model = await house.publish(f"http://slow-dns.example:{silent.port}/v1")
    task = await _calling(house, model.name, request_id)

    async def is_asked() -> bool:
        return bool(waiting.asked)

    await until(is_asked)
    await _leave(task)
    async with asyncio.timeout(WITHIN_S):
        await _cancelled_row(house, request_id)
    waiting.may_answer.set()
    await asyncio.sleep(0.2)
    assert not silent.came.is_set()


async def test_leaving_during_the_connect_costs_nothing(house: House) -> None:
    """PRX-2 section 4: the socket is closed, and the row says 0 tokens."""
    with blackhole() as port:
        model = await house.publish(f"http://127.0.0.1:{port}/v1")
        before = connects_under_way(port)
        task = await _calling(house, model.name, "6f1c3f0e-8a56-4b0e-9d4c-2f7c6f7b1a02")

        async def is_connecting() -> bool:
            return bool(connects_under_way(port) - before)

        async def is_over() -> bool:
            return not connects_under_way(port) - before

        await until(is_connecting)
        await _leave(task)
        await until(is_over, within_s=WITHIN_S)
    await _cancelled_row(house, "6f1c3f0e-8a56-4b0e-9d4c-2f7c6f7b1a02")


async def test_leaving_during_the_tls_handshake_closes_the_connection(house: House, silent: Silent) -> None:
    """PRX-2 section 4: so it is before the request could be sent."""
    model = await house.publish({"base_url": f"https://127.0.0.1:{silent.port}/v1"})
    task = await _calling(house, model.name, "6f1c3f0e-8a56-4b0e-9d4c-2f7c6f7b1a03")
    async with asyncio.timeout(5):
        await silent.came.wait()
    await _leave(task)
    async with asyncio.timeout(WITHIN_S):
        await silent.went.wait()
    await _cancelled_row(house, "6f1c3f0e-8a56-4b0e-9d4c-2f7c6f7b1a03")
