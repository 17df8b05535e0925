"""The way back of a stream or a large answer: it goes to one caller, byte for byte, while a copy is read.

Bytes pass as they come; a stream that broke looks broken; after the first byte there is no second status line
(proxy_behaviour.md sections 1, 3 and 5). One object per call, used by relay.py alone.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from functools import partial

from aiohttp import hdrs, web

from gateway.access.account import timing
from gateway.access.answer import announced_length, headers_for
from gateway.access.call import Call, Outcome
from gateway.access.deadline import Deadline
from gateway.access.errors import error_event
from gateway.access.observation import CreatingStreamCopy, Observation, PlainCopy, StreamCopy
from gateway.access.refusals import is_event_stream, is_json, timed_out
from gateway.api.request import dress
from gateway.errors import GatewayError, UpstreamFailed
from gateway.settings import TimeoutSettings
from gateway.upstream.transport import UpstreamResponse

WRITE_BUFFER_BYTES = 32 * 1024
"""What a reader who stands still may leave unread here before its upstream is held back (PRX-37)."""
FAREWELL_S = 5.0
"""How long a reader may take to fetch what is buffered when its answer was broken off."""
KEEPALIVE = b": keepalive\n"
"""A comment of ours (STR-6), without a blank line: after an id: that would be an empty event (CL-9)."""


class Passage:
    """Everything that one answer needs on its way."""

    __slots__ = (
        "_call",
        "_copy",
        "_deadline",
        "_idle_s",
        "_keepalive_s",
        "_loop",
        "_made",
        "_request",
        "_response",
        "_slow_s",
        "_upstream",
    )

    def __init__(  # noqa: PLR0913 - `made` is told the id of an object that a stream creates; the last is a setting
        self,
        request: web.Request,
        call: Call,
        upstream: UpstreamResponse,
        deadline: Deadline,
        timeouts: TimeoutSettings,
        *,
        made: Callable[[Call, str, bool], object],
        keepalive_s: float | None = None,
    ) -> None:
        self._request = request
        self._call = call
        self._upstream = upstream
        self._deadline = deadline
        self._idle_s = idle_s(call, timeouts)
        self._slow_s = timeouts.slow_client_s
        self._keepalive_s = keepalive_s
        self._loop = asyncio.get_running_loop()
        self._made = made
        self._copy: Observation = self._observation()
        self._response: web.StreamResponse

    async def run(self) -> web.StreamResponse:
        """Pass chunks as they come. The head goes out with the first, so that early trouble keeps its status.

        Raises:
            UpstreamFailed: it broke before anything went to the caller.
        """
        self._deadline.limit("idle", self._idle_s)
        if self._streams:
            self._deadline.total(None)
        call = self._call
        chunks = self._upstream.chunks()
        if self._keepalive_s is not None and isinstance(self._copy, StreamCopy):
            chunks = self._kept_alive(chunks, self._keepalive_s)
        self._response = self._head()
        try:
            first = await anext(chunks, b"")
            call.first_byte_at = time.perf_counter()
            if call.left:
                await self._read_on(first)
                return self._response
            if not call.begun:
                await self._begin()
            await self._pump(first, chunks)
        except (asyncio.CancelledError, UpstreamFailed) as error:
            if not call.begun or not await self._ended_early(error):
                raise
        except ConnectionError:
            call.outcome = Outcome.CANCELLED
            if call.reads_on:
                await self._read_on(b"")
        finally:
            self._copy.settle(call)
        return self._response

    @property
    def _streams(self) -> bool:
        return is_event_stream(self._upstream.headers.get("Content-Type", ""))

    def _observation(self) -> Observation:
        call, headers = self._call, self._upstream.headers
        content_type = headers.get("Content-Type", "")
        if headers.get("Content-Encoding", "identity") != "identity":
            return Observation()
        if is_event_stream(content_type):
            if call.stored:
                return CreatingStreamCopy(drop_injected_usage=call.injected_usage, made=partial(self._made, call))
            return StreamCopy(drop_injected_usage=call.injected_usage)
        return PlainCopy(keep=call.stored) if is_json(content_type) else Observation()

    async def _begin(self) -> None:
        """Send the head; from here on nothing can be taken back (STR-4)."""
        call, request = self._call, self._request
        dress(request, self._response, timing=timing(call), attempts=", ".join(call.attempts))
        if request.transport is not None:
            request.transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        await self._response.prepare(request)
        call.begun, call.status = True, self._upstream.status

    async def _pump(self, first: bytes, chunks: AsyncIterator[bytes]) -> None:
        call, copy, deadline, write = self._call, self._copy, self._deadline, self._response.write
        chunk = b"" if self._request.method == hdrs.METH_HEAD else first  # a body would be read as the next answer
        while chunk:
            out = copy.feed(chunk)
            del chunk  # while a slow caller reads, no second copy is held
            if out:
                call.bytes_out += len(out)
                deadline.limit("slow_client", self._slow_s)
                await write(out)
                deadline.limit("idle", self._idle_s)
            chunk = await anext(chunks, b"")
        rest = copy.finish()
        deadline.limit("slow_client", self._slow_s)
        if rest:
            call.bytes_out += len(rest)
            await write(rest)
        call.outcome = Outcome.COMPLETE
        await self._response.write_eof()

    async def _kept_alive(self, chunks: AsyncIterator[bytes], every_s: float) -> AsyncIterator[bytes]:
        """Yield the chunks; where none comes for so long, say so between two events (STR-6).

        A comment is nothing that the upstream said: the limit of its silence runs on.
        """
        while True:
            try:
                async with asyncio.timeout(every_s):
                    chunk = await anext(chunks, b"")
            except TimeoutError:
                await self._comment()
                continue
            if not chunk:
                return
            yield chunk

    async def _comment(self) -> None:
        if not self._copy.at_boundary or self._call.left:
            return
        if not self._call.begun:
            await self._begin()
        self._call.bytes_out += len(KEEPALIVE)
        await self._response.write(KEEPALIVE)

    async def _read_on(self, first: bytes) -> None:
        """Read what the upstream still says, for its usage alone: the caller has left (USE-5)."""
        self._call.status = self._upstream.status
        self._deadline.limit("idle", self._idle_s)
        try:
            if first:
                self._copy.feed(first)
            async for chunk in self._upstream.chunks():
                self._copy.feed(chunk)
                self._deadline.again()
            self._copy.finish()
        except UpstreamFailed:
            return
        except asyncio.CancelledError:
            if self._deadline.took() is None:
                raise

    async def _ended_early(self, error: asyncio.CancelledError | UpstreamFailed) -> bool:
        """Return whether the answer was ended here; if not, the caller has left.

        `error` is never raised here: its trace would hold this frame, which holds it, and with it the chunk that nobody
        took, 160 KiB until the next collection.
        """
        if isinstance(error, UpstreamFailed):
            await self._break_off(error)
        elif (name := self._deadline.took()) is not None:
            await self._break_off(timed_out(name, self._call.farewell))
        else:
            self._call.outcome = Outcome.CANCELLED
            return False
        return True

    async def _break_off(self, error: GatewayError) -> None:
        """End the answer so that nobody takes it for whole: error event, then no last chunk (STR-3)."""
        self._call.outcome, self._call.error_code = Outcome.BROKEN, error.code
        transport = self._request.transport
        if transport is None:
            return
        if error.code == "slow_client":
            transport.abort()
            return
        if isinstance(self._copy, StreamCopy):
            separator = b"" if self._copy.at_boundary else b"\n\n"
            await self._say_farewell(separator + error_event(error, self._call.request_id))
        transport.close()
        self._loop.call_later(FAREWELL_S, transport.abort)

    async def _say_farewell(self, event: bytes) -> None:
        self._deadline.limit("slow_client", FAREWELL_S)
        try:
            await self._response.write(event)
        except asyncio.CancelledError:
            if self._deadline.took() is None:
                raise
        except ConnectionError:
            return

    def _head(self) -> web.StreamResponse:
        response = web.StreamResponse(status=self._upstream.status, headers=headers_for(self._call, self._upstream))
        length = announced_length(self._upstream)
        if self._streams:
            response.headers["Cache-Control"] = "no-cache"
            response.headers["X-Accel-Buffering"] = "no"  # PRX-42: nginx in front must not hold events
        elif length is not None:
            response.content_length = length
        if response.content_length is None and self._request.version >= (1, 1):
            response.enable_chunked_encoding()
        return response


def idle_s(call: Call, timeouts: TimeoutSettings) -> float:
    """Return how long the answer may be silent, in seconds."""
    own = call.route.idle_timeout_s if call.route is not None else None
    return timeouts.idle_s if own is None else own
