"""What aiohttp's parser accepts and this product does not (SRV-2, SRV-3). Pure, but for the look at the parser."""

from aiohttp import hdrs, http_parser, web
from aiohttp.http import HttpVersion10, HttpVersion11

from gateway.errors import ConfigError, GatewayError, InvalidRequest, MethodNotAllowed

_WITHOUT_BODY = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})
_NEVER = frozenset({hdrs.METH_CONNECT, hdrs.METH_TRACE})
_ALLOW = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"


def require_c_parser() -> None:
    """Let pass a process whose HTTP parser is the compiled one.

    Raises:
        ConfigError: the Python parser takes lower-case methods, HTTP/2.0 and a Content-Length in trailers (SRV-2).
    """
    if http_parser.HttpRequestParser is http_parser.HttpRequestParserPy:
        raise ConfigError(
            "aiohttp runs without its compiled HTTP parser, whose Python stand-in is too lenient to face a network",
            hint="unset AIOHTTP_NO_EXTENSIONS, or install the aiohttp wheel for this platform",
        )


def fault(request: web.BaseRequest) -> GatewayError | None:
    """Return why this request is refused although it could be parsed, or None.

    Smuggling needs two readings of one request; each of these has two (security.md section 8).
    """
    headers = request.headers
    if request.version != HttpVersion11 and (refused := _version_fault(request)) is not None:
        return refused
    method = request.method
    if method in _NEVER:
        return MethodNotAllowed(f"{method} is not served here", headers={"Allow": _ALLOW})
    if method in _WITHOUT_BODY and request.body_exists:
        return InvalidRequest(f"{method} carries no body here", code="unexpected_body")
    if hdrs.UPGRADE in headers:
        return InvalidRequest("nothing but HTTP/1.1 is spoken here", code="upgrade_not_supported")
    target = request.raw_path
    if target[:1] != "/" and target != "*" and _authority(target) != headers.get(hdrs.HOST, "").lower():
        return InvalidRequest("the request's target names another host than its Host header", code="host_mismatch")
    return None


def _version_fault(request: web.BaseRequest) -> GatewayError | None:
    if request.version != HttpVersion10:  # the parser takes 0.9 and 2.0 too
        return InvalidRequest("neither HTTP/1.1 nor HTTP/1.0", code="invalid_http")
    if hdrs.TRANSFER_ENCODING in request.headers:
        return InvalidRequest("HTTP/1.0 knows no Transfer-Encoding", code="invalid_framing")
    return None


def _authority(target: str) -> str:
    """Return the authority of an absolute-form target as it is written, in lower case."""
    rest = target.partition("://")[2]
    for end in "/?#":
        rest = rest.partition(end)[0]
    return rest.lower()
