"""A whole answer on its way back: read, looked at, and written in one piece. Used by relay.py alone.

Read first and passed then, so that an answer that is cut short can still become a 502 (PRX-4). Streams and large
answers go through passage.py.
"""

import time
from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http import HttpVersion11
from aiohttp.http_writer import _serialize_headers  # in C; refuses a header with a line break in it
from multidict import CIMultiDict

from gateway.access.account import timing
from gateway.access.balance import is_retryable
from gateway.access.call import Call, Outcome
from gateway.access.headers import to_client
from gateway.access.object_list import MAX_LIST_BYTES
from gateway.access.observation import observe_whole
from gateway.access.refusals import final, is_event_stream
from gateway.api.request import dress
from gateway.upstream.transport import UpstreamResponse

BUFFERED_BYTES = 256 * 1024
"""Answers announced up to this size are read whole."""
_NO_CONTENT = int(HTTPStatus.NO_CONTENT)
_WITHOUT_BODY = frozenset({_NO_CONTENT, int(HTTPStatus.NOT_MODIFIED)})


def whole_limit(call: Call, upstream: UpstreamResponse) -> int | None:
    """Return up to how many bytes the answer is read before any of it goes on, or None when it goes on as it comes."""
    if call.operation.lists:
        return MAX_LIST_BYTES
    if is_event_stream(upstream.headers.get("Content-Type", "")):
        return None
    length = announced_length(upstream)
    return BUFFERED_BYTES if length is not None and length <= BUFFERED_BYTES else None


async def pass_whole(request: web.Request, call: Call, upstream: UpstreamResponse, limit: int) -> web.Response:
    """Read the answer and return it as ours.

    Raises:
        UpstreamFailed: it broke off, or is longer than `limit` bytes.
    """
    body = await upstream.read(limit)
    call.first_byte_at = time.perf_counter()
    call.status, call.outcome, call.bytes_out = upstream.status, Outcome.COMPLETE, len(body)
    observe_whole(body, call, upstream.headers)
    answer = WholeAnswer(upstream.status, headers_for(call, upstream), body)
    dress(request, answer, timing=timing(call), attempts=", ".join(call.attempts))
    return answer


def headers_for(call: Call, upstream: UpstreamResponse) -> CIMultiDict[str]:
    """Return the headers of the upstream's answer that go to the caller."""
    headers = to_client(upstream.headers)
    if call.attempts and is_retryable(upstream.status):
        final(headers)
    if call.notice is not None:
        headers.update(call.notice)
    return headers


def announced_length(upstream: UpstreamResponse) -> int | None:
    """Return how long the answer's body says it is, in bytes; None when it does not."""
    if upstream.status == _NO_CONTENT:
        return 0
    value = upstream.headers.get("Content-Length")
    return int(value) if value is not None and value.isascii() and value.isdecimal() else None


class WholeAnswer(web.Response):
    """A response whose head and body leave in one write, 7 us of CPU sooner than through aiohttp's preparations.

    Takes over the headers that it is given. Anything unusual (HEAD, no body, HTTP/1.0) goes aiohttp's way.
    """

    def __init__(self, status: int, headers: CIMultiDict[str], body: bytes) -> None:
        web.StreamResponse.__init__(self, status=status, _real_headers=headers)
        self.body = body

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write everything (aiohttp's interface)."""
        usual = request.version == HttpVersion11 and request.method != hdrs.METH_HEAD
        if not usual or self._eof_sent or self.status in _WITHOUT_BODY or not isinstance(self.body, bytes):
            return await super().prepare(request)
        await request._prepare_hook(self)  # noqa: SLF001 - `on_response_prepare`, as aiohttp's own responses
        message = self._message(self.body, keep_alive=request.keep_alive)
        writer = request.writer
        transport = writer.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the caller has left")
        transport.write(message)
        writer.output_size += len(message)
        self._eof_sent = True
        await writer.drain()
        return writer

    def _message(self, body: bytes, *, keep_alive: bool) -> bytes:
        if self._keep_alive is None:
            self._keep_alive = keep_alive
        headers = self.headers
        headers[hdrs.CONTENT_LENGTH] = str(len(body))
        headers[hdrs.DATE] = rfc822_formatted_time()
        if body:
            headers.setdefault(hdrs.CONTENT_TYPE, "application/octet-stream")
        if not self._keep_alive:
            headers[hdrs.CONNECTION] = "close"
        return _serialize_headers(f"HTTP/1.1 {self.status} {self.reason}", headers) + body
