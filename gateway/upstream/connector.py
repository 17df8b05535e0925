"""aiohttp's connector under the egress policy: every address is judged at the moment of the connect (EGR-3 to EGR-6).

Used by `egress.py` only. It overrides private methods of aiohttp (`_create_connection`, `_wrap_create_connection`,
`_release`, `_conns`, `_ssl`); pyproject.toml pins the minor version and tests/upstream holds what is relied upon.
"""

import asyncio
import errno
import socket
import ssl
import time
from contextvars import ContextVar
from functools import partial
from typing import Any
from weakref import WeakSet

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from yarl import URL

from gateway.upstream.address_ranges import parse_address
from gateway.upstream.policy import EgressPolicy
from gateway.upstream.wire import CURRENT_WIRE, Wire

# The name being dialled: a socket factory is told the address only. Context is copied into the connect's own tasks.
_DIALLED: ContextVar[str] = ContextVar("modelport_dialled_host", default="")

_LANDING_BYTES = 32 * 1024  # what one read may bring: with READ_BUFFER_BYTES it bounds what a stream holds
_KEEPALIVE_S = 15  # many servers close sooner (5 s): that is noticed, and the one retry covers the moment between
_DNS_CACHE_S = 10  # a model server that moved is found again quickly; the policy is applied at each connect anyway

AddrInfo = tuple[int, int, int, str, tuple[Any, ...]]


class FilteringResolver(AbstractResolver):
    """Resolves with another resolver and leaves out what the policy forbids: an early and clear refusal (EGR-4)."""

    def __init__(self, inner: AbstractResolver, policy: EgressPolicy) -> None:
        self._inner = inner
        self.policy = policy

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the allowed addresses of the name.

        Raises:
            PermissionError: there are addresses, and all are forbidden.
        """
        answers = await self._inner.resolve(host, port, family)
        allowed, refusals = [], []
        for answer in answers:
            reason = self.policy.refusal(answer["host"], port, host=host)
            refusals.append(reason) if reason else allowed.append(answer)
        if refusals and not allowed:
            raise PermissionError(errno.EACCES, refusals[0])
        return allowed

    async def close(self) -> None:
        """Close the inner resolver."""
        await self._inner.close()


class PromptHandler(ResponseHandler):
    """aiohttp's handler without its work for a pause that never was: it resumes after every chunk (3 us each)."""

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Go on reading, if it was stopped."""
        if self._reading_paused:
            super().resume_reading(resume_parser)


class GuardedConnector(aiohttp.TCPConnector):
    """Connects only where the policy lets it, measures what a connect took, and never holds a queue of its own."""

    def __init__(
        self,
        policy: EgressPolicy,
        *,
        ssl_context: ssl.SSLContext | None = None,
        resolver: AbstractResolver | None = None,
        bulk: tuple[int, int] | None = None,
    ) -> None:
        self.read_bytes: int | None = None if bulk is None else bulk[0]
        """At which size a body waits for its reader, where that is not what suits calls."""
        self._filter = FilteringResolver(resolver or aiohttp.ThreadedResolver(), policy)
        self._policy = policy
        self._landing = memoryview(bytearray(_LANDING_BYTES if bulk is None else bulk[1]))
        self._wires: WeakSet[Wire] = WeakSet()
        super().__init__(
            resolver=self._filter,
            socket_factory=self._open_socket,
            ssl=ssl_context or True,
            limit=0,  # our own limits count; aiohttp's would be a hidden queue at 100
            keepalive_timeout=_KEEPALIVE_S,
            ttl_dns_cache=_DNS_CACHE_S,
        )
        self._factory = partial(PromptHandler, loop=self._loop)  # type: ignore[assignment]  # a subclass will do

    @property
    def policy(self) -> EgressPolicy:
        """The policy in force."""
        return self._policy

    def adopt(self, policy: EgressPolicy) -> None:
        """Judge by this policy from now on; an open connection that it forbids is cut at once (EGR-6)."""
        self._policy = self._filter.policy = policy
        self.clear_dns_cache()
        for wire in tuple(self._wires):
            try:
                self._check_peer(wire)
            except PermissionError:
                wire.abort()

    async def addresses(self, url: URL) -> list[str]:
        """Return the addresses that a connect to the URL's host would choose from; see `Egress.addresses`."""
        host, port = url.raw_host or "", url.port or 0
        if parse_address(host) is not None:
            self._policy.check((host, port))
            return [host]
        return [one["host"] for one in await self._filter.resolve(host, port)]

    def drop_idle(self, url: URL) -> None:
        """Close the idle connections to this host and port: one of them was found dead, so all are under suspicion."""
        for key in [key for key in self._conns if key.host == url.raw_host and key.port == url.port]:
            for handler, _ in self._conns.pop(key):
                handler.close()

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's signature
    ) -> Connection:
        """Return a pooled or new connection, and leave its wire in the context."""
        return _begun(await super().connect(req, traces, timeout))

    async def connect_to(
        self,
        url: URL,
        key: ConnectionKey,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - as above
    ) -> Connection:
        """Do the same for a request that aiohttp does not know of; `key` is the URL's."""
        pooled = await self._get(key, [])
        if pooled is not None:
            return _begun(pooled)
        try:
            return await self.connect(aiohttp.ClientRequest("GET", url, loop=self._loop), [], timeout)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError("the connection took too long") from error

    def _release(self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        super()._release(key, protocol, should_close=should_close)
        wire = None if protocol.transport is None else protocol.transport.get_protocol()
        if isinstance(wire, Wire):
            wire.is_idle = True

    async def _create_connection(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's signature
    ) -> ResponseHandler:
        started = time.monotonic()  # uvloop's clock stands still within a turn
        host = req.url.raw_host or ""
        _DIALLED.set(host)
        if req.is_ssl() and self._ssl is True:
            self._ssl = await asyncio.to_thread(system_trust)
        handler = await super()._create_connection(req, traces, timeout)
        wire = None if handler.transport is None else handler.transport.get_protocol()
        if isinstance(wire, Wire):
            wire.host = host
            wire.connect_ms = (time.monotonic() - started) * 1000
            self._wires.add(wire)
            try:
                self._check_peer(wire)  # the policy may have changed while we were connecting
            except PermissionError as error:
                wire.abort()
                raise aiohttp.ClientConnectorError(req.connection_key, error) from error
        return handler

    async def _wrap_create_connection(self, *args: Any, **kwargs: Any) -> tuple[asyncio.Transport, ResponseHandler]:
        make_handler, *rest = args
        transport, wire = await super()._wrap_create_connection(
            lambda: Wire(make_handler(), self._landing), *rest, **kwargs
        )
        assert isinstance(wire, Wire)
        return transport, wire.handler

    def _open_socket(self, info: AddrInfo) -> socket.socket:
        """Make the socket for an address that is allowed: nothing connects around this (EGR-4)."""
        family, kind, protocol, _, address = info
        self._policy.check(address, host=_DIALLED.get())
        return socket.socket(family, kind, protocol)

    def _check_peer(self, wire: Wire) -> None:
        peer = wire.transport.get_extra_info("peername") if wire.transport is not None else None
        if peer is not None:
            self._policy.check(peer, host=wire.host)


def system_trust() -> ssl.SSLContext:
    """Return a TLS context that trusts the system's authorities; reading them takes 40 ms."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _begun(connection: Connection) -> Connection:
    """Note that a request is about to go out over the connection."""
    transport = connection.transport
    wire = None if transport is None else transport.get_protocol()
    if isinstance(wire, Wire):
        wire.begin()
        CURRENT_WIRE.set(wire)
    return connection
