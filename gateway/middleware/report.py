"""The outermost middleware: a request id, an answer for every error, and nothing written into a begun answer.

A GatewayError is told to the caller in the shape of the surface that it called: problem details under `/api/`, the
OpenAI shape everywhere else. Anything else is our bug: logged with its trace, answered with the request id only.
`except Exception` stands here and in tasks.py, nowhere else.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from gateway.access.errors import error_response
from gateway.access.headers import request_id as new_request_id
from gateway.api.principal import REQUEST_ID
from gateway.api.problem import problem_response
from gateway.api.request import CODE, STARTED, dress
from gateway.errors import GatewayError, MethodNotAllowed, NotFound, TooLarge
from gateway.middleware.refused import NoteRefusal, note_nothing
from gateway.observe.logs import bind_request
from gateway.observe.metrics import Metrics
from gateway.observe.structured import structlog

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


_REFUSED = 400
logger = structlog.get_logger()


def report_middleware(
    metrics: Metrics,
    *,
    problems_below: tuple[str, ...],
    help_page: str | None = None,
    refused: NoteRefusal = note_nothing,
) -> Middleware:
    """Return the middleware; `problems_below` are beginnings of raw paths whose errors are problem details.

    `refused` is told of each refusal before it is answered, for the record of changes.
    `help_page` is the path of the page about all codes, where this process has it: refusals link there (RFC 8288).
    """

    @web.middleware
    async def report(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[STARTED] = perf_counter()
        request_id = request[REQUEST_ID] = new_request_id(request.headers)
        bind_request(request_id)
        try:
            response = await handler(request)
        except GatewayError as error:
            refusal = error
        except web.HTTPException as error:
            refusal = _from_router(error)
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception:
            logger.exception("internal error", method=request.method, path=request.rel_url.raw_path)
            refusal = GatewayError("internal error", hint="tell the operator this request id", request_id=request_id)
        else:
            if hdrs.SERVER not in response.headers:
                dress(request, response)
            return helped(response)
        metrics.error(refusal.code)
        await refused(request, refusal)
        response = _answer(request, refusal, management=request.rel_url.raw_path.startswith(problems_below))
        dress(request, response)
        return helped(response)

    def helped(response: web.StreamResponse) -> web.StreamResponse:
        if help_page is not None and response.status >= _REFUSED and CODE in response:
            response.headers.add(hdrs.LINK, f'<{help_page}#{response[CODE]}>; rel="help"')
        return response

    return report


def _answer(request: web.Request, refusal: GatewayError, *, management: bool) -> web.StreamResponse:
    if request.writer.output_size > 0:
        # A second status line inside a begun body would be read as its content (STR-4): cut instead.
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError("the answer had begun when it failed") from refusal
    if management:
        return problem_response(refusal, request_id=request[REQUEST_ID])
    return error_response(refusal, request[REQUEST_ID])


def _from_router(error: web.HTTPException) -> GatewayError:
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        return MethodNotAllowed(f"{error.method} is not served here", hint=f"use {allowed}", headers={"Allow": allowed})
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return TooLarge(error.text or "the body is too large")
    if isinstance(error, web.HTTPNotFound):
        return NotFound(
            "nothing is served under this path",
            hint="the model calls are below /v1/, the API below /api/v1/: check base_url, --server, MODELPORT_URL",
        )
    raise error
