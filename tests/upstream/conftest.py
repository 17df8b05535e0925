"""Transports under test: each test that asks for `transport` runs against every implementation."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import uvloop
from multidict import CIMultiDict
from yarl import URL

from gateway.upstream.egress import EgressPolicy, guarded_session
from gateway.upstream.session_transport import SessionTransport
from gateway.upstream.transport import Transport, UpstreamRequest

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run each test of this folder on both loops: their transports read, buffer and abort differently."""
    return LOOPS


async def _session_transport(policy: EgressPolicy) -> Transport:
    return SessionTransport(guarded_session(policy, connect_timeout_s=5))


TRANSPORTS: dict[str, Callable[[EgressPolicy], Awaitable[Transport]]] = {"session": _session_transport}


@pytest.fixture(params=sorted(TRANSPORTS))
async def transport(request: pytest.FixtureRequest) -> AsyncIterator[Transport]:
    """A transport under the policy of a developer's machine."""
    made = await TRANSPORTS[request.param](EgressPolicy("dev"))
    yield made
    await made.close()


@pytest.fixture(params=sorted(TRANSPORTS))
async def strict_transport(request: pytest.FixtureRequest) -> AsyncIterator[Transport]:
    """A transport under the policy of a server: public addresses only."""
    made = await TRANSPORTS[request.param](EgressPolicy("server"))
    yield made
    await made.close()


def post(url: URL, body: bytes | AsyncIterator[bytes] | None = b"{}", **headers: str) -> UpstreamRequest:
    """Return a POST with these headers (`_` stands for `-`)."""
    named = CIMultiDict((name.replace("_", "-"), value) for name, value in headers.items())
    return UpstreamRequest("POST", url, named, body, connect_timeout_s=2)
