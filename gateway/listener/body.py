"""The only reader of request bodies: a size limit that names itself, a deadline, a slowest rate (SRV-5, SRV-7, SRV-8).

aiohttp's own `client_max_size` is not looked at by a handler that reads `request.content`, and it knows no deadline.
"""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO

from aiohttp import hdrs, web
from aiohttp.web_protocol import RequestPayloadError

from gateway.errors import InvalidRequest, RequestTimeout, TooLarge, UnsupportedMedia
from gateway.listener.connection import InboundConnection
from gateway.listener.limits import BODY_DEADLINE_S, MIN_BODY_RATE


async def read_limited(
    request: web.BaseRequest, limit: int, deadline_s: float = BODY_DEADLINE_S, min_rate: int = MIN_BODY_RATE
) -> bytes:
    """Return the whole body of at most `limit` bytes.

    Raises:
        TooLarge: announced or sent more; at once, without reading on.
        RequestTimeout: no progress for `deadline_s`, or after it less than `min_rate` bytes per second (0: any).
        UnsupportedMedia: the body is compressed (PRX-39).
        InvalidRequest: its framing is broken.
    """
    content = request.content
    if not content.is_eof():
        whole = BytesIO()  # grows in place and gives its bytes without a copy: 10 MB for 11 ms, joined parts take 15
        async for chunk in limited_chunks(request, limit, deadline_s, min_rate):
            whole.write(chunk)
        return whole.getvalue()
    check_head(request, limit)  # the whole body came with the head: no timer is needed, as for most calls
    body = content.read_nowait()
    if len(body) > limit:
        raise _too_large(request, limit)
    return body


async def limited_chunks(
    request: web.BaseRequest, limit: int, deadline_s: float = BODY_DEADLINE_S, min_rate: int = MIN_BODY_RATE
) -> AsyncIterator[bytes]:
    """Yield the body as it arrives, under the same limits and with the same errors as `read_limited`."""
    check_head(request, limit)
    loop = asyncio.get_running_loop()
    started = progress = loop.time()
    content, received = request.content, 0
    while True:
        latest = progress + deadline_s
        if min_rate:
            latest = min(latest, started + max(deadline_s, received / min_rate))
        try:
            async with asyncio.timeout_at(latest):
                chunk = await content.readany()
        except TimeoutError:
            _end_connection(request)
            raise RequestTimeout(
                f"the body came too slowly: {received} bytes in {loop.time() - started:.1f} s, then too little",
                hint=f"send at least {min_rate} bytes per second, and something every {deadline_s:g} s",
            ) from None
        except RequestPayloadError as error:
            _end_connection(request)
            raise InvalidRequest("the framing of the request's body is broken", code="invalid_framing") from error
        if not chunk:
            return
        received += len(chunk)
        if received > limit:
            raise _too_large(request, limit)
        progress = loop.time()
        yield chunk


def check_head(request: web.BaseRequest, limit: int) -> None:
    """Let pass a request whose head announces a body that can be taken.

    Raises:
        TooLarge: its Content-Length is above the limit.
        UnsupportedMedia: its body is compressed.
    """
    coding = request.headers.get(hdrs.CONTENT_ENCODING)
    if coding is not None and coding.strip().lower() not in {"", "identity"}:
        _end_connection(request)
        raise UnsupportedMedia(
            f"a body with Content-Encoding {coding!r} is not taken",
            code="unsupported_content_encoding",
            hint="send the body uncompressed",
        )
    if (request.content_length or 0) > limit:
        raise _too_large(request, limit)


def _too_large(request: web.BaseRequest, limit: int) -> TooLarge:
    _end_connection(request)
    return TooLarge(f"the body is larger than the limit of {limit} bytes")


def _end_connection(request: web.BaseRequest) -> None:
    """See that the connection ends with the answer: the rest of the body is still on its way over it."""
    if isinstance(request.protocol, InboundConnection):
        request.protocol.end_after_answer()
