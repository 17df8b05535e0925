"""How the data plane says no: the OpenAI error shape, as a whole answer and as the last event of a broken stream.

The table of codes is proxy_behaviour.md section 7. Never in it: an upstream's address, a key, HTML, a stack.
"""

import json
from collections.abc import Mapping

from aiohttp import web

from gateway.api.request import CODE
from gateway.errors import GatewayError

_ALWAYS = {"Cache-Control": "no-store"}


def error_body(error: GatewayError, request_id: str) -> dict[str, object]:
    """Return `{"error": {…}}` with message, type, param, code, and what helps: hint, request id, extras."""
    body: dict[str, object] = {
        "message": error.message if error.hint is None else f"{error.message} ({error.hint})",
        "type": error.type,
        "param": error.param,
        "code": error.code,
        "request_id": request_id,
    }
    if error.hint is not None:
        body["hint"] = error.hint
    body.update(error.extra)
    return {"error": body}


def error_response(error: GatewayError, request_id: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return the refusal as a whole answer with its status and headers."""
    response = web.Response(
        status=error.status,
        body=json.dumps(error_body(error, request_id), ensure_ascii=False).encode(),
        content_type="application/json",
        headers={**_ALWAYS, **(headers or {}), **error.headers},
    )
    response[CODE] = error.code
    if error.status in {408, 413, 415}:
        response.force_close()  # the body was not read: the connection cannot be used again
    return response


def error_event(error: GatewayError, request_id: str) -> bytes:
    """Return the event that ends a broken stream; every SDK raises on it (STR-3)."""
    return b"data: " + json.dumps(error_body(error, request_id)).encode() + b"\n\n"
