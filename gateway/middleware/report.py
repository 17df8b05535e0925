"""The outermost middleware: a request id, an answer for every error, and nothing written into a begun answer.

A GatewayError is told to the caller in the shape of the surface that it called: problem details under `/api/`, the
OpenAI shape everywhere else. Anything else is our bug: logged with its trace, answered with the request id only.
`except Exception` stands here and in tasks.py, nowhere else.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from gateway.access.errors import error_response
from gateway.access.headers import request_id as new_request_id
from gateway.api.principal import REQUEST_ID
from gateway.api.problem import problem_response
from gateway.api.request import ATTEMPTS, BEGUN, STARTED, TIMING
from gateway.errors import GatewayError, MethodNotAllowed, NotFound, TooLarge
from gateway.observe.logs import bind_request
from gateway.observe.metrics import Metrics

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


logger = structlog.get_logger()


def report_middleware(metrics: Metrics, *, management_prefix: str) -> Middleware:
    """Return the middleware; `management_prefix` is the raw path below which errors are problem details."""

    @web.middleware
    async def report(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[STARTED] = time.perf_counter()
        request_id = request[REQUEST_ID] = new_request_id(request.headers)
        bind_request(request_id)
        try:
            return await handler(request)
        except GatewayError as error:
            refusal = error
        except web.HTTPException as error:
            refusal = _from_router(error)
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception:
            logger.exception("internal error", method=request.method, path=request.rel_url.raw_path)
            refusal = GatewayError("internal error", hint="tell the operator this request id", request_id=request_id)
        metrics.error(refusal.code)
        return _answer(request, refusal, management=request.rel_url.raw_path.startswith(management_prefix))

    return report


async def dress(request: web.Request, response: web.StreamResponse) -> None:
    """`on_response_prepare`: mark the answer as begun and give it the headers that every answer has."""
    request[BEGUN] = True
    headers = response.headers
    headers["Server"] = "modelport"
    headers["X-Request-Id"] = request.get(REQUEST_ID, "")
    total_ms = (time.perf_counter() - request.get(STARTED, time.perf_counter())) * 1000
    if attempts := request.get(ATTEMPTS):
        headers["x-modelport-attempts"] = attempts
    timing = request.get(TIMING)
    headers["Server-Timing"] = f"{timing}, total;dur={total_ms:.2f}" if timing else f"total;dur={total_ms:.2f}"


def _answer(request: web.Request, refusal: GatewayError, *, management: bool) -> web.StreamResponse:
    if BEGUN in request:
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
            "nothing is served under this path", hint="the model calls are below /v1/, the API below /api/v1/"
        )
    raise error
