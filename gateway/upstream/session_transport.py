"""The transport on aiohttp's client session. The hottest code of the data plane: more than half of a call's CPU.

A request whose body is at hand goes the short way (exchange.py), an upload or a large body the session's own. What pays
was measured: one shared timeout object and no total (no timer per request), no cookies, no default headers looked up,
no trace hooks; the connect is timed in the connector, which costs nothing on a pooled connection.
"""

import asyncio
from functools import lru_cache

import aiohttp
from aiohttp import hdrs
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from gateway.errors import BadUpstreamResponse, UpstreamDisconnected
from gateway.upstream.egress import READ_BUFFER_BYTES, Session, connector_of
from gateway.upstream.exchange import Answer, exchange, pool_key
from gateway.upstream.failures import body_failure, request_failure
from gateway.upstream.request_body import SLICE_BYTES, Upload, payload
from gateway.upstream.transport import Landing, NothingSent, UpstreamRequest
from gateway.upstream.wire import CURRENT_WIRE, Wire

_FAILURES = (aiohttp.ClientError, HttpProcessingError, OSError)  # TimeoutError is an OSError
_SWITCHING_PROTOCOLS = 101
# aiohttp adds these when they are missing. Forbidding it costs 5 us per request, so only where one is missing.
_AUTO_HEADERS = (hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE, hdrs.USER_AGENT)


class SessionTransport:
    """Sends over the pooled connections of a guarded session, which it closes in the end."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._connector = connector_of(session)
        self._read_bytes = self._connector.read_bytes or READ_BUFFER_BYTES

    async def send(self, request: UpstreamRequest) -> "SessionResponse":
        """Send the request and return the answer once its head is here; see `Transport.send`."""
        body = request.body
        upload = None if body is None or isinstance(body, bytes) else Upload(body)
        was_retried = upload is not None
        while True:
            CURRENT_WIRE.set(None)
            try:
                response = await self._attempt(request, upload)
            except _FAILURES as error:
                wire = CURRENT_WIRE.get()
                if upload is not None and upload.failure is not None:
                    raise upload.failure from None  # the caller's side broke, not the upstream
                if was_retried or wire is None or not wire.is_pooled or wire.heard:
                    raise request_failure(error, connect_timeout_s=request.connect_timeout_s) from error
                was_retried = True
                self._connector.drop_idle(request.url)
            except asyncio.CancelledError:
                wire = CURRENT_WIRE.get()
                if wire is None:
                    raise NothingSent from None
                wire.abort()  # aiohttp would first flush what the upstream does not take
                raise
            else:
                return _opened(response, upload)

    async def _attempt(self, request: UpstreamRequest, upload: Upload | None) -> aiohttp.ClientResponse | Answer:
        body, url, headers = request.body, request.url, request.headers
        timeout = _timeout(request.connect_timeout_s)
        if body is None or (isinstance(body, bytes) and len(body) <= SLICE_BYTES):
            key = pool_key(url)
            if key is not None:
                connection = await self._connector.connect_to(url, key, timeout)
                return await exchange(connection, request.method, url, headers, body, self._read_bytes)
        return await self._session.request(
            request.method,
            url,
            headers=headers,
            skip_auto_headers=None if _has_auto_headers(headers) else _AUTO_HEADERS,
            data=upload or payload(body),  # type: ignore[arg-type]  # an iterator is in `upload`
            allow_redirects=False,
            timeout=timeout,
        )

    def drop_idle(self, url: URL) -> None:
        """Close the idle connections to the URL's host and port; see `Transport.drop_idle`."""
        self._connector.drop_idle(url)

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()


class SessionResponse:
    """An answer over aiohttp; iterating it yields the body as it arrives."""

    __slots__ = ("_past", "_read", "_response", "_upload", "_wire", "connect_ms", "headers", "status")

    def __init__(self, response: aiohttp.ClientResponse | Answer, wire: Wire, upload: Upload | None) -> None:
        self.status: int = response.status
        self.headers: CIMultiDictProxy[str] = response.headers
        self.connect_ms: float | None = None if wire.is_pooled else wire.connect_ms
        self._response = response
        self._read = response.content.readany
        self._past = 0  # bytes that landed past the parser
        self._wire = wire
        self._upload = upload

    def chunks(self) -> "SessionResponse":
        """Return the body as it arrives, undecoded; see `UpstreamResponse.chunks`."""
        return self

    def __aiter__(self) -> "SessionResponse":
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await self._read()
        except _FAILURES as error:
            if rest := self._take_unread():
                return rest  # the next call raises
            self._response.close()
            if self._upload is not None and self._upload.failure is not None:
                raise self._upload.failure from None
            raise body_failure(error) from error
        if chunk:
            return chunk
        if self._wire.reset is not None and self._ends_with_connection():
            raise UpstreamDisconnected("the upstream closed the connection in the middle of its answer")
        raise StopAsyncIteration

    async def fill(self, landing: Landing) -> None:
        """Have the body land until there is no room left or it ends; see `UpstreamResponse.fill`."""
        content = self._response.content
        try:
            while room := landing.room:
                if content._buffer:  # noqa: SLF001 - what came with the head, and before a failure
                    piece = content._read_nowait(len(room))  # noqa: SLF001 - read_nowait() would raise that failure first
                elif (error := content.exception()) is not None:
                    raise error
                elif not content.is_eof() and (left := self._left()):
                    await self._land(landing, left)
                    return
                else:
                    piece = await content.read(len(room))
                if not piece:
                    break
                room[: len(piece)] = piece
                landing.filled += len(piece)
        except _FAILURES as error:
            self._response.close()
            raise body_failure(error) from error
        if room and self._wire.reset is not None and self._ends_with_connection():
            raise UpstreamDisconnected("the upstream closed the connection in the middle of its answer")

    async def read(self, limit: int) -> bytes:
        """Return the whole body of at most `limit` bytes; see `UpstreamResponse.read`."""
        content = self._response.content
        if content.is_eof() and content.exception() is None and not self._ends_with_connection():
            body = content.read_nowait()  # it came together with the head
        elif int(self.headers.get("Content-Length", "0")) > limit:
            raise self._too_long(limit)
        else:
            body = await self._read_along(limit)
        if len(body) > limit:
            raise self._too_long(limit)
        return body

    def close(self) -> None:
        """Drop the connection unless the whole body has arrived; see `UpstreamResponse.close`."""
        connection = self._response.connection
        if connection is not None and connection.transport is not None:
            connection.transport.abort()
        self._response.close()

    def _left(self) -> int:
        """Return how many bytes of the body have not been read off the connection; 0 where only the parser can tell."""
        if "Transfer-Encoding" in self.headers or self._wire.handler._reading_paused:  # noqa: SLF001 - then it holds some
            return 0
        return int(self.headers.get("Content-Length", "0")) - self._response.content.total_bytes - self._past

    async def _land(self, landing: Landing, left: int) -> None:
        """Have the next bytes of the body land, all that are `left` at most."""
        view, before = landing.view, landing.filled
        landing.view = view[: before + left]
        try:
            await self._wire.land(landing)
        finally:
            landing.view = view
            self._past += landing.filled - before
        if landing.filled == before + left:
            self._wire.part()
            self._response.content.feed_eof()  # the connection goes back to the pool

    async def _read_along(self, limit: int) -> bytes:
        """Return the body as it comes, or its beginning when that is longer than `limit` bytes."""
        parts, size = [], 0
        async for chunk in self:
            parts.append(chunk)
            if (size := size + len(chunk)) > limit:
                break
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _too_long(self, limit: int) -> BadUpstreamResponse:
        self.close()
        return BadUpstreamResponse(f"the upstream's answer is longer than {limit} bytes")

    def _take_unread(self) -> bytes:
        """Return what had arrived before the failure: aiohttp raises first and would forget it."""
        buffer = self._response.content._buffer  # noqa: SLF001 - no public way past the exception
        rest = b"".join(buffer)
        buffer.clear()
        return rest

    def _ends_with_connection(self) -> bool:
        """True when only the end of the connection ends the body: then a reset is all that tells it was cut."""
        return "Content-Length" not in self.headers and "Transfer-Encoding" not in self.headers


def _has_auto_headers(headers: CIMultiDict[str]) -> bool:
    return (
        hdrs.ACCEPT in headers
        and hdrs.ACCEPT_ENCODING in headers
        and hdrs.CONTENT_TYPE in headers
        and hdrs.USER_AGENT in headers
    )


@lru_cache(maxsize=64)  # as many values as the configuration holds; one object serves all requests
def _timeout(connect_timeout_s: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=connect_timeout_s)


def _opened(response: aiohttp.ClientResponse | Answer, upload: Upload | None) -> SessionResponse:
    wire = CURRENT_WIRE.get()
    assert wire is not None  # set by the connector
    opened = SessionResponse(response, wire, upload)
    if upload is not None:
        if upload.failure is not None:
            opened.close()
            raise upload.failure
        upload.on_failure = opened.close
    if response.status == _SWITCHING_PROTOCOLS:
        opened.close()
        raise BadUpstreamResponse("the upstream wants to leave HTTP, and was not asked to")
    return opened
