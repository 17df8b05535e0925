"""`Expect: 100-continue`: key and size are checked before the caller is told to send its body (PRX-24).

aiohttp calls a route's expect handler before the application's middlewares and by default says 100 to anybody.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import hdrs, web
from aiohttp.http import HttpVersion11

from gateway.errors import GatewayError, InvalidRequest
from gateway.listener.body import check_head
from gateway.listener.refusal import refusal_response

Check = Callable[[web.Request], Awaitable[None]]
Answer = Callable[[web.Request, GatewayError], web.StreamResponse]
ExpectHandler = Callable[[web.Request], Awaitable[web.StreamResponse | None]]

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class ExpectationFailed(InvalidRequest):
    """417: an expectation that is not 100-continue."""

    status = 417
    default_code = "expectation_failed"


def expect_after(check: Check, *, limit: int, answer: Answer | None = None) -> ExpectHandler:
    """Return the `expect_handler` of a route: the announced size, then `check`, then 100.

    `check` raises a GatewayError to refuse; `answer` renders it (by default in the data plane's shape). The answer
    comes instead of the 100, and the connection ends, since the caller may send its body nevertheless.
    """

    async def handle(request: web.Request) -> web.StreamResponse | None:
        if request.version < HttpVersion11:  # RFC 9110 10.1.1: it cannot mean it
            return None
        try:
            expectation = request.headers.get(hdrs.EXPECT, "")
            if expectation.lower() != "100-continue":
                raise ExpectationFailed("only Expect: 100-continue is understood")
            check_head(request, limit)
            await check(request)
        except GatewayError as error:
            response = answer(request, error) if answer is not None else refusal_response(error)
            response.force_close()
            return response
        if not request.content.is_eof():  # who has sent the body already is waiting for the answer, not for a 100
            await request.writer.write(_CONTINUE)
            request.writer.output_size = 0  # the answer has not begun yet
        return None

    return handle
