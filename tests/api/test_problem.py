"""Refusals as RFC 9457 problem details."""

import json

import pytest

from gateway.api.problem import Problem, problem_response
from gateway.errors import Conflict, GatewayError, RateLimited, Unauthenticated, Unavailable


def test_a_refusal_says_what_why_and_what_to_do() -> None:
    """Every member of the error is shown, and what is not there is left out."""
    error = Conflict("the name 'a' is taken", code="name_taken", hint="choose another", param="name", uid="mdl_1")
    response = problem_response(error, request_id="req_1")
    assert (response.status, response.content_type) == (409, "application/problem+json")
    assert json.loads(str(response.text)) == {
        "type": "urn:modelport:problem:name-taken",
        "title": "Conflict",
        "status": 409,
        "detail": "the name 'a' is taken",
        "code": "name_taken",
        "hint": "choose another",
        "param": "name",
        "request_id": "req_1",
        "uid": "mdl_1",
    }


@pytest.mark.parametrize(
    ("error", "header", "value"),
    [
        (Unauthenticated("no"), "WWW-Authenticate", "Bearer"),
        (Unavailable("no"), "Retry-After", "1"),
        (RateLimited("no"), "Retry-After", "1"),
        (RateLimited("no", headers={"Retry-After": "30"}), "Retry-After", "30"),
    ],
)
def test_headers_that_belong_to_a_status(error: GatewayError, header: str, value: str) -> None:
    """RFC 9110 wants them; the error's own win."""
    assert problem_response(error, request_id="r").headers[header] == value


def _every_error(kind: type[GatewayError]) -> list[type[GatewayError]]:
    return [kind, *(below for one in kind.__subclasses__() for below in _every_error(one))]


_KINDS = [one for one in _every_error(GatewayError) if one.__module__ == "gateway.errors"]


@pytest.mark.parametrize("kind", _KINDS, ids=lambda kind: kind.__name__)
def test_every_error_fits_the_documented_schema(kind: type[GatewayError]) -> None:
    """The schema in the OpenAPI document is what is sent."""
    response = problem_response(kind("no"), request_id="r")
    assert Problem.model_validate_json(str(response.text)).status == kind.status
