"""Every error that modelport reports, and whose fault it is.

Settled here: code, HTTP status and hint of each refusal. Anybody may raise these; only the error middleware and the
data plane's answers render them (OpenAI shape on the data plane, RFC 9457 on the management API).

    GatewayError
    ├── ConfigError              a setting is wrong; the process does not start
    ├── InvalidRequest           400  the caller's bytes cannot be used
    ├── Unauthenticated          401  no key, or not one of ours
    ├── PermissionDenied         403  a good key that may not do this
    ├── NotFound                 404  unknown, or invisible to this key
    ├── MethodNotAllowed         405
    ├── RequestTimeout           408  the caller sends too slowly
    ├── Conflict                 409
    ├── Gone                     410  it was there, and is gone for good
    ├── PreconditionFailed       412  If-Match does not match
    ├── TooLarge                 413
    ├── UnsupportedMedia         415
    ├── Misdirected              421  this Host is not served here
    ├── Unprocessable            422
    ├── PreconditionRequired     428  this change needs If-Match
    ├── RateLimited              429
    ├── UpstreamFailed           502  the upstream's fault
    │   ├── ConnectFailed             nothing was sent: another endpoint may be tried
    │   │   └── EgressDenied          our own policy forbids the address
    │   ├── UpstreamDisconnected      it hung up before a whole answer
    │   └── BadUpstreamResponse       it answered something that cannot be passed on
    ├── Unavailable              503  known, but nobody can answer now
    ├── UpstreamTimeout          504
    └── LoopDetected             508
"""

from collections.abc import Mapping
from typing import ClassVar


class GatewayError(Exception):
    """A refusal that is reported as it stands: what, why, and in `hint` what to do.

    `param` names the request field at fault, `headers` go onto the answer, `extra` adds members to the error body.
    """

    status: ClassVar[int] = 500
    type: ClassVar[str] = "server_error"
    default_code: ClassVar[str] = "internal_error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
        **extra: object,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.hint = hint
        self.param = param
        self.headers = dict(headers or {})
        self.extra = extra


class ConfigError(GatewayError):
    """A setting is missing or wrong: one sentence that names it, and the process does not start."""

    default_code = "bad_config"


class InvalidRequest(GatewayError):
    """400: the caller's request cannot be understood."""

    status = 400
    type = "invalid_request_error"
    default_code = "invalid_request"


class Unauthenticated(GatewayError):
    """401: no credential, or not one of ours. One text for every reason (security.md KEY-10)."""

    status = 401
    type = "invalid_request_error"
    default_code = "invalid_api_key"


class PermissionDenied(GatewayError):
    """403: the key is good but lacks the permission or the team."""

    status = 403
    type = "permission_error"
    default_code = "permission_denied"


class NotFound(GatewayError):
    """404: unknown, or invisible to this key."""

    status = 404
    type = "invalid_request_error"
    default_code = "not_found"


class MethodNotAllowed(GatewayError):
    """405: carries `Allow`."""

    status = 405
    type = "invalid_request_error"
    default_code = "method_not_allowed"


class RequestTimeout(GatewayError):
    """408: the caller's body came too slowly."""

    status = 408
    type = "invalid_request_error"
    default_code = "request_timeout"


class Conflict(GatewayError):
    """409: the name is taken, something still refers to it, or the state forbids it."""

    status = 409
    type = "invalid_request_error"
    default_code = "conflict"


class Gone(GatewayError):
    """410: it was there, and is gone for good."""

    status = 410
    type = "invalid_request_error"
    default_code = "model_purged"


class PreconditionFailed(GatewayError):
    """412: `If-Match` names another revision."""

    status = 412
    type = "invalid_request_error"
    default_code = "etag_mismatch"


class TooLarge(GatewayError):
    """413: the message names the limit."""

    status = 413
    type = "invalid_request_error"
    default_code = "request_too_large"


class UnsupportedMedia(GatewayError):
    """415: a body in a coding or type that is not taken here."""

    status = 415
    type = "invalid_request_error"
    default_code = "unsupported_media_type"


class Misdirected(GatewayError):
    """421: the Host header names somebody else (DNS rebinding, security.md RES-4)."""

    status = 421
    type = "invalid_request_error"
    default_code = "misdirected_request"


class Unprocessable(GatewayError):
    """422: well-formed, but the values do not fit."""

    status = 422
    type = "invalid_request_error"
    default_code = "validation_failed"


class PreconditionRequired(GatewayError):
    """428: policy asks for `If-Match` on this change (lifecycle.md section 3)."""

    status = 428
    type = "invalid_request_error"
    default_code = "precondition_required"


class RateLimited(GatewayError):
    """429: always with `Retry-After`."""

    status = 429
    type = "rate_limit_error"
    default_code = "rate_limit_exceeded"


class UpstreamFailed(GatewayError):
    """502: the upstream's fault. The message never holds its address."""

    status = 502
    default_code = "upstream_error"


class ConnectFailed(UpstreamFailed):
    """502: no connection, so nothing was sent and another endpoint may be tried."""

    default_code = "upstream_connect_failed"


class EgressDenied(ConnectFailed):
    """502: the egress policy forbids the address; the hint is the line to add to the configuration."""

    default_code = "egress_denied"


class UpstreamDisconnected(UpstreamFailed):
    """502: the upstream hung up before a whole answer."""

    default_code = "upstream_disconnected"


class BadUpstreamResponse(UpstreamFailed):
    """502: the upstream answered something that is no HTTP, or cannot be passed on."""

    default_code = "upstream_bad_response"


class Unavailable(GatewayError):
    """503: known, but nobody can answer now. Always with `Retry-After`."""

    status = 503
    type = "service_unavailable"
    default_code = "no_upstream_available"


class UpstreamTimeout(GatewayError):
    """504: one of the four time limits ran out."""

    status = 504
    default_code = "upstream_timeout"


class LoopDetected(GatewayError):
    """508: our own `Via` came back."""

    status = 508
    default_code = "gateway_loop"
