"""What an upstream's refusal becomes (proxy_behaviour.md PRX-12 … PRX-16, sections 5 and 7). Pure.

A JSON error travels as it is. Everything else is told in our words: a redirect is never followed, a rejected upstream
credential is ours and not the caller's, an HTML page is nobody's error message.
"""

from collections.abc import Callable, Mapping, MutableMapping
from functools import lru_cache
from http import HTTPStatus

from gateway.errors import GatewayError, RateLimited, Unavailable, UpstreamFailed, UpstreamTimeout

RETIRED = "model_retired"
"""Name of the limit that ends calls of a model which leaves."""
_REDIRECT = int(HTTPStatus.MULTIPLE_CHOICES)
_FINAL = {"x-should-retry": "false"}
_WAITING = ("Retry-After", "retry-after-ms", "x-should-retry")
_TIMED_OUT = {
    "idle": ("upstream_idle_timeout", "the upstream fell silent inside its answer"),
    "total": ("upstream_timeout", "the call took longer than its total time limit"),
    "first_byte": ("upstream_timeout", "the upstream did not begin to answer in time"),
    "slow_client": ("slow_client", "the caller read nothing for too long"),
}


def refusal(status: int, headers: Mapping[str, str]) -> GatewayError | None:
    """Return our own error for the head of an upstream's answer, or None when the answer itself can be passed on."""
    if status < _REDIRECT:
        return None
    if status < HTTPStatus.BAD_REQUEST:
        return UpstreamFailed(
            f"the upstream answered with a redirect ({status}), which is never followed",
            code="upstream_redirect",
            hint="register the final address as the endpoint's base_url",
            headers=_FINAL,
            upstream_status=status,
        )
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return UpstreamFailed(
            f"the upstream refused this gateway's own credential ({status}); the caller's key is fine",
            code="upstream_auth_failed",
            hint="the operator has to renew the endpoint's api_key",
            headers=_FINAL,
            upstream_status=status,
        )
    if is_json(headers.get("Content-Type", "")):
        return None
    return _without_words(status, {name: headers[name] for name in _WAITING if name in headers})


def _without_words(status: int, headers: Mapping[str, str]) -> GatewayError:
    """The refusal for an error without a usable body. 429 and 503 stay what they are: they say when to come back."""
    message = f"the upstream answered {status} without a usable error message"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited(message, code="upstream_error", headers=headers, upstream_status=status)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return Unavailable(message, code="upstream_error", headers=headers, upstream_status=status)
    return UpstreamFailed(message, headers=headers, upstream_status=status)


def final(headers: MutableMapping[str, str]) -> None:
    """Say in the headers of a refusal that our attempts are spent: the caller's would only multiply them (CL-6, CL-7).

    Unless the upstream said when to come back: then that is the better advice (PRX-12).
    """
    if not any(name in headers for name in _WAITING):
        headers["x-should-retry"] = "false"


def timed_out(name: str, farewell: Callable[[], GatewayError] | None = None) -> GatewayError:
    """Return the error of the time limit `name` (section 5); `farewell` makes that of a model which leaves."""
    if name == RETIRED and farewell is not None:
        return farewell()
    if name == "shutting_down":
        return Unavailable("this gateway is shutting down", code=name, headers={"Retry-After": "1"})
    code, text = _TIMED_OUT[name]
    return UpstreamTimeout(text, code=code)


@lru_cache(maxsize=256)  # asked four times for each call, and always the same few
def is_json(content_type: str) -> bool:
    """Whether a Content-Type says JSON, problem details and vendor types included."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


@lru_cache(maxsize=256)
def is_event_stream(content_type: str) -> bool:
    """Whether a Content-Type says server-sent events."""
    return content_type.partition(";")[0].strip().lower() == "text/event-stream"
