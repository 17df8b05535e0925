"""The server behind the listener: it counts connections, and looks at each request before the application does."""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Awaitable
from typing import Any

from aiohttp import web

from gateway.errors import GatewayError
from gateway.listener.connection import InboundConnection
from gateway.listener.limits import ListenerLimits
from gateway.listener.refusal import answer_in_our_version, refusal_response
from gateway.listener.strict import fault

logger = logging.getLogger("modelport.listener")

_MAX_LINGERING = 128  # refused connections that are held a moment for their answer; above, they are closed at once
_FAULTS_PER_PERIOD = 5
_PERIOD_S = 10.0


class ConnectionServer(web.Server):
    """Makes an `InboundConnection` per caller and holds what they share: limits, counts, the log's budget."""

    def __init__(self, inner: web.Server, limits: ListenerLimits) -> None:
        self._application = inner.request_handler
        super().__init__(
            self._checked,
            request_factory=inner.request_factory,
            handler_cancellation=inner.handler_cancellation,
            loop=inner._loop,  # noqa: SLF001 - the runner gives no other way to another server class
            **inner._kwargs,  # noqa: SLF001 - same
        )
        self.limits = limits
        self.open: set[InboundConnection] = set()
        self.is_draining = False
        self._emptied = asyncio.Event()
        self.refused = 0  # connections above a cap
        self.late = 0  # heads that did not come in time
        self.slow = 0  # callers that did not take their answer
        self.bad_requests = 0
        self._per_ip: Counter[str] = Counter()
        self._lingering: set[InboundConnection] = set()
        self._period_start = 0.0
        self._faults = 0

    def __call__(self) -> InboundConnection:
        """Return the handler of a new connection (asyncio's protocol factory)."""
        return InboundConnection(self, loop=self._loop, **self._kwargs)

    def admit(self, connection: InboundConnection) -> str | None:
        """Take the connection into the count and return None, or return why it is refused (SRV-6)."""
        ip = connection.ip
        if self.is_draining:
            reason = "this server is shutting down"
        elif len(self.open) >= self.limits.max_connections:
            reason = "too many connections"
        elif ip and self._per_ip[ip] >= self.limits.max_connections_per_ip:
            reason = "too many connections from this address"
        else:
            self.open.add(connection)
            self._per_ip[ip] += 1
            return None
        self.refused += 1
        return reason

    def release(self, connection: InboundConnection) -> None:
        """Take an ended connection out of the count."""
        if connection not in self.open:
            return
        self.open.discard(connection)
        self._per_ip[connection.ip] -= 1
        if self._per_ip[connection.ip] <= 0:
            del self._per_ip[connection.ip]
        if not self.open:
            self._emptied.set()

    async def until_empty(self, within_s: float) -> None:
        """Wait until the last connection has ended, at most so long."""
        if self.open:
            self._emptied.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    await self._emptied.wait()

    def abort_all(self) -> None:
        """Close every connection at once, refused ones too."""
        for connection in (*self.open, *self._lingering):
            connection.abort()

    def may_linger(self, connection: InboundConnection) -> bool:
        """Return True when there is room to hold this refused connection until its answer is read."""
        if len(self._lingering) >= _MAX_LINGERING:
            return False
        self._lingering.add(connection)
        return True

    def forget_refused(self, connection: InboundConnection) -> None:
        """Note that a refused connection has ended."""
        self._lingering.discard(connection)

    def note_late(self) -> None:
        """Count a head that came too late."""
        self.late += 1

    def note_slow(self) -> None:
        """Count a caller that took nothing of its answer for too long."""
        self.slow += 1

    def note_bad_request(self) -> None:
        """Count a request that the parser refused."""
        self.bad_requests += 1

    def log_fault(self, *args: Any, **kw: Any) -> None:
        """Log a fault of ours with its trace, at most five in ten seconds; the rest is counted (SRV-11)."""
        now = time.monotonic()
        if now - self._period_start >= _PERIOD_S:
            if (unsaid := self._faults - _FAULTS_PER_PERIOD) > 0:
                logger.error("%d more faults of this kind were not logged", unsaid)
            self._period_start, self._faults = now, 0
        self._faults += 1
        if self._faults <= _FAULTS_PER_PERIOD:
            logger.error(*args, **kw)

    def _checked(self, request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        refused = fault(request)
        return self._application(request) if refused is None else self._refuse(request, refused)

    async def _refuse(self, request: web.BaseRequest, refused: GatewayError) -> web.StreamResponse:
        self.bad_requests += 1
        answer_in_our_version(request)
        return refusal_response(refused)
