"""How the listener says no before, or instead of, the application: the data plane's error shape, and never a trace."""

import json
import uuid
from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.http import HttpVersion11

from gateway.errors import GatewayError

SERVER: Final = "modelport"  # aiohttp's default names Python and its own version (HDR-2)
_RETRY_AFTER_S: Final = "1"


def refusal_response(error: GatewayError, *, request_id: str | None = None) -> web.Response:
    """Return the answer that refuses a request; the connection ends with it."""
    response = web.Response(
        status=error.status,
        body=_body(error.message, error.type, error.code, error.hint, param=error.param),
        content_type="application/json",
        headers={"Server": SERVER, "X-Request-Id": request_id or new_request_id(), **error.headers},
    )
    response.force_close()
    return response


def raw_refusal(status: int, code: str, message: str) -> bytes:
    """Return a whole answer for a connection that has no request yet: 408 or 503."""
    unavailable = status == HTTPStatus.SERVICE_UNAVAILABLE
    body = _body(message, "service_unavailable" if unavailable else "invalid_request_error", code, None)
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
        f"Server: {SERVER}",
        f"X-Request-Id: {new_request_id()}",
        *([f"Retry-After: {_RETRY_AFTER_S}"] if unavailable else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def answer_in_our_version(request: web.BaseRequest) -> None:
    """See that the status line says HTTP/1.1 (RFC 9110 2.5).

    It would repeat the caller's version, and aiohttp takes a head that it cannot read for HTTP/1.0.
    """
    request._cache["version"] = HttpVersion11  # noqa: SLF001 - a cached property without a setter


def new_request_id() -> str:
    """Return a new request id."""
    return str(uuid.uuid4())


def _body(message: str, kind: str, code: str, hint: str | None, *, param: str | None = None) -> bytes:
    error = {"message": message, "type": kind, "param": param, "code": code}
    if hint is not None:
        error["hint"] = hint
    return json.dumps({"error": error}).encode()
