"""One caller's connection: a deadline for request heads, refusals in our words, and an orderly end (SRV-4 to SRV-6).

Subclasses aiohttp's RequestHandler and uses private names of it (`_waiter`, `_request_count`, `_task_handler`):
pyproject.toml pins the minor version, tests/listener holds what is relied upon.
"""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, cast

from aiohttp import hdrs, web
from aiohttp.web_protocol import PayloadAccessError, RequestPayloadError

from gateway.errors import GatewayError, InvalidRequest
from gateway.listener.refusal import SERVER, answer_in_our_version, new_request_id, raw_refusal, refusal_response
from gateway.listener.unsent import unsent_bytes

if TYPE_CHECKING:  # the server makes connections, so the import is circular at run time
    from gateway.listener.server import ConnectionServer

_CALLERS_FAULT = (ConnectionError, RequestPayloadError, PayloadAccessError)
_MAX_REASON_CHARS = 120


class InboundConnection(web.RequestHandler):
    """aiohttp's connection handler with a deadline for heads and a place in the server's count."""

    __slots__ = (
        "_ends_after_answer",
        "_flush_timer",
        "_head_timer",
        "_is_refused",
        "_server",
        "_socket",
        "_unsent",
        "ip",
    )

    def __init__(self, server: "ConnectionServer", *, loop: asyncio.AbstractEventLoop, **options: Any) -> None:
        super().__init__(server, loop=loop, **options)
        self._server = server
        self._head_timer: asyncio.TimerHandle | None = None
        self._flush_timer: asyncio.TimerHandle | None = None
        self._unsent = 0  # bytes, when the flush timer was set
        self._socket: asyncio.Transport | None = None  # `transport` is forgotten by aiohttp while it still flushes
        self._is_refused = False
        self._ends_after_answer = False
        self.ip = ""

    def end_after_answer(self) -> None:
        """Close the connection when the present request is answered; what it still sends is taken and dropped."""
        self._ends_after_answer = True

    @property
    def is_idle(self) -> bool:
        """True while the connection waits for a request's head."""
        return self._waiter is not None and not self._waiter.done()

    def drain(self) -> None:
        """Close now when idle, else when the running request is answered (PRX-40)."""
        self.end_after_answer()
        if self.is_idle:
            self.force_close()

    def cut(self) -> None:
        """Cancel the running request: the drain time is over."""
        if self._task_handler is not None:
            self._task_handler.cancel()

    def abort(self) -> None:
        """Close at once, unsent bytes and all."""
        if self._socket is not None:
            self._socket.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection into the count and give its first head a deadline, or refuse it."""
        self._socket = cast("asyncio.Transport", transport)  # uvloop's is one by behaviour only
        peer = transport.get_extra_info("peername")
        self.ip = str(peer[0]) if isinstance(peer, tuple) else ""  # a unix socket has no address
        refused = self._server.admit(self)
        if refused is not None:
            self._is_refused = True
            self._refuse(refused)
            return
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Leave the count."""
        self._disarm()
        self._unwatch_caller()
        self._socket = None
        if self._is_refused:
            self._server.forget_refused(self)
            return
        self._server.release(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse; bytes that complete no head, on a connection that waits for one, start its deadline."""
        if self._is_refused:
            return
        before = self._request_count
        was_idle = self.is_idle
        super().data_received(data)
        if self._request_count != before:
            self._disarm()
        elif was_idle and data and self._head_timer is None:
            self._arm()

    async def start(self) -> None:
        """Serve requests until the connection ends; what is then unsent has to be taken, too (STR-3)."""
        try:
            await super().start()
        finally:
            if self._flush_timer is None:
                self._watch_caller()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Go on reading, if it was stopped: aiohttp does so after every chunk of a body, for 3 us each."""
        if self._reading_paused:
            super().resume_reading(resume_parser)

    def pause_writing(self) -> None:
        """Hold the writer back, and watch whether the caller takes anything (STR-5)."""
        super().pause_writing()
        self._watch_caller()

    def resume_writing(self) -> None:
        """Let the writer go on."""
        super().resume_writing()
        self._unwatch_caller()

    def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> Coroutine[Any, Any, tuple[web.StreamResponse, bool]]:
        """Answer, and end the connection where that was asked for."""
        if resp is not None:
            if hdrs.SERVER not in resp.headers:  # aiohttp answered by itself, and would name itself (HDR-2)
                resp.headers.update({"Server": SERVER, "X-Request-Id": new_request_id()})
            if self._ends_after_answer:
                resp.force_close()
        return super().finish_response(request, resp, start_time)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Return our answer to what the parser refused or the application let through."""
        if request.writer.output_size > 0:
            raise ConnectionError("the answer had begun: another one cannot follow it")
        if status == 400:  # noqa: PLR2004 - the parser's
            self._server.note_bad_request()
            answer_in_our_version(request)
            return refusal_response(InvalidRequest(f"not a valid HTTP request{_reason(message)}", code="invalid_http"))
        self.log_exception("a request failed outside of the application's own error handling", exc_info=exc)
        return refusal_response(GatewayError("internal error"))

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log our own faults, a bounded number of them; a caller that leaves or stalls is none (SRV-11)."""
        if not isinstance(kw.get("exc_info"), _CALLERS_FAULT):
            self._server.log_fault(*args, **kw)

    def _arm(self) -> None:
        self._head_timer = self._loop.call_later(self._server.limits.header_timeout_s, self._head_is_late)

    def _disarm(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self.transport is None:
            return
        if not self.is_idle:  # a handler runs, or an answered request lingers: a second answer would follow the first
            self._arm()
            return
        self._server.note_late()
        if self._request_count > 0:
            self.force_close()
            return
        self.close()  # no request is taken any more; what still drips in is dropped while the answer is read
        self._say_last(raw_refusal(408, "request_timeout", "the request's head did not arrive in time"))

    def _watch_caller(self) -> None:
        self._unwatch_caller()
        if self._socket is not None:
            self._unsent = unsent_bytes(self._socket)
            self._flush_timer = self._loop.call_later(self._server.limits.slow_client_s, self._caller_is_slow)

    def _unwatch_caller(self) -> None:
        if self._flush_timer is not None:
            self._flush_timer.cancel()
            self._flush_timer = None

    def _caller_is_slow(self) -> None:
        if self._socket is None:
            return
        if unsent_bytes(self._socket) < self._unsent:  # slow, but it takes something
            self._watch_caller()
            return
        self._server.note_slow()
        self.abort()

    def _refuse(self, message: str) -> None:
        refusal = raw_refusal(503, "too_many_connections", message)
        if self._server.may_linger(self):
            self._say_last(refusal)
        elif self._socket is not None:
            self._socket.write(refusal)
            self._socket.close()

    def _say_last(self, answer: bytes) -> None:
        """Write and close a little later: closing with bytes of the caller unread would reset the answer away."""
        if self._socket is None:
            return
        self._socket.write(answer)
        if self._socket.can_write_eof():
            self._socket.write_eof()
        self._flush_timer = self._loop.call_later(self._server.limits.lingering_time_s, self.abort)


def _reason(message: str | None) -> str:
    """Return the parser's reason without the bytes that it quotes: they are the caller's, and need not come back."""
    first = (message or "").strip().partition("\n")[0].partition(": b")[0].rstrip(": ")
    return f": {first[:_MAX_REASON_CHARS]}" if first else ""
