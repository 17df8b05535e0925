"""How many connections are held, and what the one above hears (SRV-6)."""

import asyncio
import contextlib

from gateway.listener import Listener, ListenerLimits
from tests.listener.conftest import Caller, caller, listening

HEAD = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"


async def _open(stack: contextlib.AsyncExitStack, port: int, count: int) -> list[Caller]:
    return [await stack.enter_async_context(caller(port)) for _ in range(count)]


async def _settled(listener: Listener, connections: int) -> bool:
    for _ in range(100):
        if listener.connections == connections:
            return True
        await asyncio.sleep(0.01)
    return False


async def test_connections_above_the_cap_get_503() -> None:
    """Cap 5: five are served, the three above hear 503 with Retry-After and are closed."""
    limits = ListenerLimits(max_connections=5, lingering_time_s=0.2)
    async with listening(limits=limits) as (listener, port), contextlib.AsyncExitStack() as stack:
        held = await _open(stack, port, 5)
        assert await _settled(listener, 5)
        for client in await _open(stack, port, 3):
            await client.send(HEAD)
            assert await client.receive() == [503]
            assert b"Retry-After: 1" in client.received
            assert b"too_many_connections" in client.received
            assert await client.closes(within_s=5)
        assert (listener.connections, listener.refused) == (5, 3)
        for client in held:
            await client.send(HEAD)
            assert await client.receive() == [200]


async def test_a_place_is_free_again_when_a_connection_ends() -> None:
    """The count goes down as it went up."""
    limits = ListenerLimits(max_connections=1, lingering_time_s=0.05)
    async with listening(limits=limits) as (listener, port):
        for _ in range(3):
            async with caller(port) as client:
                await client.send(HEAD)
                assert await client.receive() == [200]
            assert await _settled(listener, 0)
        assert listener.refused == 0


async def test_one_address_has_its_own_cap() -> None:
    """One caller cannot take all places."""
    limits = ListenerLimits(max_connections_per_ip=2, lingering_time_s=0.05)
    async with listening(limits=limits) as (listener, port), contextlib.AsyncExitStack() as stack:
        await _open(stack, port, 2)
        assert await _settled(listener, 2)
        third = (await _open(stack, port, 1))[0]
        assert await third.receive() == [503]
        assert b"from this address" in third.received


async def test_a_flood_above_the_cap_is_not_held() -> None:
    """A refused connection is held for its answer only while there are few of them."""
    limits = ListenerLimits(max_connections=1, lingering_time_s=30)
    async with listening(limits=limits) as (listener, port), contextlib.AsyncExitStack() as stack:
        await _open(stack, port, 1)
        flood = await _open(stack, port, 200)
        await flood[-1].receive()
        assert listener.connections == 1
        ended = [await client.closes(within_s=1) for client in flood[-40:]]
        assert all(ended)
