"""How a refusal looks on the management API: RFC 9457 problem details.

Used by the error middleware, and by openapi.py for the schema. The data plane has the OpenAI shape instead.
"""

import json
from http import HTTPStatus

from aiohttp import web
from pydantic import ConfigDict, Field

from gateway.api.request import CODE
from gateway.described import Described
from gateway.errors import GatewayError

CONTENT_TYPE = "application/problem+json"


class FieldError(Described):
    """What is wrong with one field of the request."""

    field: str = Field(description="Where it stands, e.g. `endpoints.0.base_url`.")
    message: str
    got: bool | float | int | str | None = Field(
        default=None, description="The number or flag that was sent; of anything that may be a secret only its type."
    )


class Problem(Described):
    """A refusal (RFC 9457). Other members may be present, e.g. the current `etag` of a 412."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="`urn:modelport:problem:` and the code in kebab case.")
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="What happened, with the value at fault.")
    code: str = Field(description="Stable name of this refusal, for programs.")
    hint: str | None = Field(default=None, description="What to do about it.")
    param: str | None = Field(default=None, description="The request's field, parameter or header at fault.")
    request_id: str = Field(description="The answer's `x-request-id`: quote it when you ask for help.")
    errors: tuple[FieldError, ...] = Field(default=(), description="One entry per wrong field, on a 422.")


def problem_response(error: GatewayError, *, request_id: str) -> web.Response:
    """Return the answer to the refused request.

    `WWW-Authenticate` and `Retry-After` are added where RFC 9110 wants them and the error brought none.
    """
    members: dict[str, object] = {
        "type": f"urn:modelport:problem:{error.code.replace('_', '-')}",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": error.message,
        "code": error.code,
        "hint": error.hint,
        "param": error.param,
        "request_id": request_id,
    }
    members = {name: value for name, value in members.items() if value is not None} | error.extra
    headers = _REQUIRED_HEADERS.get(error.status, {}) | {"Cache-Control": "no-store"} | error.headers
    response = web.Response(
        body=json.dumps(members, default=str).encode(),
        status=error.status,
        reason=HTTPStatus(error.status).phrase,
        content_type=CONTENT_TYPE,
        headers=headers,
    )
    response[CODE] = error.code
    return response


_REQUIRED_HEADERS: dict[int, dict[str, str]] = {
    401: {"WWW-Authenticate": "Bearer"},
    429: {"Retry-After": "1"},
    503: {"Retry-After": "1"},
}
