"""One call to an upstream and nothing else: no choice of endpoint, no policy of retries, no limit but the connect.

The data plane and the preflight know this interface only; `session_transport.py` is the implementation on aiohttp.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

import msgspec
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL


class UpstreamRequest(msgspec.Struct, frozen=True, gc=False):
    """What to send. Headers go out as they are; `Host` and the framing are added.

    `body` as bytes can be sent again on a new connection; an iterator is sent as it yields, chunked unless the
    headers hold `Content-Length`.
    """

    method: str
    url: URL
    headers: CIMultiDict[str]
    body: bytes | AsyncIterator[bytes] | None = None
    connect_timeout_s: float = 5.0  # name look-up, TCP and TLS together


class NothingSent(asyncio.CancelledError):
    """A cancellation before any connection was there: the upstream knows nothing of the request."""


class Landing:
    """Memory that a body lands in: `filled` bytes of `view` are taken, and what comes next goes behind them."""

    __slots__ = ("filled", "view")

    def __init__(self, view: memoryview) -> None:
        self.view = view
        self.filled = 0

    @property
    def room(self) -> memoryview:
        """Where the next bytes go; empty when there is no room left."""
        return self.view[self.filled :]


class UpstreamResponse(Protocol):
    """An answer whose head has arrived. Whoever gets one calls `close`."""

    @property
    def status(self) -> int:
        """The status; a redirect is an answer like any other."""
        ...

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """The headers as they came."""
        ...

    @property
    def connect_ms(self) -> float | None:
        """How long the connect took; None when the connection was reused."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """Return the body as it arrives, undecoded; asked once.

        Raises:
            UpstreamDisconnected: the connection ended before the body did.
            BadUpstreamResponse: the framing of the body is broken.
        """
        ...

    async def fill(self, landing: Landing) -> None:
        """Have the body land until there is no room left or it ends; nothing else is read meanwhile.

        What has landed stays when it fails or is cancelled. Not to be mixed with `chunks` and `read`.

        Raises:
            UpstreamDisconnected: the connection ended before the body did.
            BadUpstreamResponse: the framing of the body is broken.
        """
        ...

    async def read(self, limit: int) -> bytes:
        """Return the whole body.

        Raises:
            UpstreamDisconnected: the connection ended before the body did.
            BadUpstreamResponse: longer than `limit` bytes, or its framing is broken.
        """
        ...

    def close(self) -> None:
        """Drop the connection unless the whole body has arrived; returns at once, and may be called again."""
        ...


class Transport(Protocol):
    """Sends requests over pooled connections."""

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """Send the request and return the answer once its head is here.

        When a pooled connection turns out to be dead before any byte came back, the request is sent once more on a
        new one, if its body can be replayed. Cancelling closes the connection at once, and comes back as NothingSent
        when there was none yet. What the request's own body iterator raises is raised here.

        Raises:
            EgressDenied: the policy forbids the address; `hint` is for administrators, it names the address.
            ConnectFailed: no connection; nothing was sent.
            UpstreamDisconnected: it hung up before the head of an answer.
            BadUpstreamResponse: it answered no HTTP.
        """
        ...

    def drop_idle(self, url: URL) -> None:
        """Close the idle connections to the URL's host and port: nothing leads there any more (EGR-6)."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...
