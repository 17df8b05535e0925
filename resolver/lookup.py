"""The look-up: what the wrapper asks the server about a model, and how it reads the answer.

Settled here: the request (`GET {server}/api/v1/resolve`), the trust in its answer, and the words of its failures.
Every failure is an openai exception (clients.md WRP-8). Used by `resolver.client` only.

The answer's `base_url` is resolved here against the server URL that the user gave; its `url` is not read.
"""

import json
from typing import Any

import openai

from resolver.address import resolve
from resolver.errors import ResolveError
from resolver.routes import Route
from resolver.trust import find_origin

__all__ = ["LOOKUP_PATH", "LOOKUP_TIMEOUT_S", "again", "explained", "read_route"]

LOOKUP_PATH = "/api/v1/resolve"

# The server answers from memory. The SDK's own 600 s are meant for a model that thinks.
LOOKUP_TIMEOUT_S = 30.0


def read_route(response: Any, *, server: str) -> Route:
    """Return the route that the server's answer names.

    `response` is the SDK's HTTP response, whose library this package does not import (CL-1).

    Raises:
        openai.APIResponseValidationError: it is no such answer, or publishes an address that breaks R1..R9.
    """
    body: object = None
    try:
        body = json.loads(response.content)
        if not isinstance(body, dict) or not isinstance(body.get("base_url"), str):
            raise _not_modelport(response, body, server)
        address = resolve(body["base_url"], server=server)
    except ResolveError as error:
        message = f"the server {server} publishes an address that cannot be called: {error}"
        raise openai.APIResponseValidationError(response, body, message=message) from error
    except ValueError as error:  # no JSON, or not UTF-8
        raise _not_modelport(response, body, server) from error
    listed = body.get("gateways")
    gateways = [find_origin(url) for url in listed if isinstance(url, str)] if isinstance(listed, list) else []
    return Route(address, frozenset(origin for origin in gateways if origin is not None))


def explained(error: openai.APIError, *, server: str) -> openai.APIError:
    """Return an error of the same class whose text says what the server said (CL-5) and how to go on."""
    if isinstance(error, openai.APIStatusError):
        return type(error)(_told(error, server), response=error.response, body=error.body)
    if isinstance(error, openai.APIConnectionError):
        reason = f" ({error.__cause__})" if error.__cause__ and str(error.__cause__) else ""
        message = f"no answer from the modelport server at {server}{reason}; is it running, and is the URL right?"
        return _unreached(error, message)
    return error


def again(error: Exception) -> Exception:
    """Return an error like `error`, for the next of several callers that share one failed look-up."""
    if isinstance(error, openai.APIResponseValidationError):
        return type(error)(error.response, error.body, message=error.message)
    if isinstance(error, openai.APIStatusError):
        return type(error)(error.message, response=error.response, body=error.body)
    return _unreached(error, error.message) if isinstance(error, openai.APIConnectionError) else error


def _unreached(error: openai.APIConnectionError, message: str) -> openai.APIConnectionError:
    """Return an error of the same class with another text; a timeout's constructor takes none."""
    timeout = isinstance(error, openai.APITimeoutError)
    fresh = openai.APITimeoutError(error.request) if timeout else openai.APIConnectionError(request=error.request)
    fresh.message, fresh.args = message, (message,)
    return fresh


def _not_modelport(response: Any, body: object, server: str) -> openai.APIResponseValidationError:
    message = f"{server} did not answer like a modelport server; is the URL right, mount prefix included?"
    return openai.APIResponseValidationError(response, body, message=message)


def _told(error: openai.APIStatusError, server: str) -> str:
    """Return the problem's own words (RFC 9457): detail, names that come close, hint."""
    if error.status_code < 400:  # noqa: PLR2004 - a redirect: nothing below 400 is an error else
        target = error.response.headers.get("location")
        return f"the server {server} redirects to {target!r}; give the final URL as server="
    problem = error.body if isinstance(error.body, dict) else {}
    detail = problem.get("detail") or problem.get("title") or problem.get("message")
    if not isinstance(detail, str):
        return f"{server} answered {error.status_code} to a look-up; is it a modelport server, mount prefix included?"
    hint = problem.get("hint")
    parts = [detail, _did_you_mean(problem, f"{detail} {hint}"), hint if isinstance(hint, str) else ""]
    return "; ".join(part for part in parts if part)


def _did_you_mean(problem: dict[str, Any], said: str) -> str:
    names = problem.get("did_you_mean")
    if not isinstance(names, list):
        return ""
    unsaid = [str(name) for name in names if str(name) not in said]
    return f"did you mean {' or '.join(unsaid)}?" if unsaid else ""
