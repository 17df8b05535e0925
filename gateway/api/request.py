"""What is noted on a request for everybody above, and the headers that every answer gets of it.

Typed keys, set once by the middlewares, read anywhere.
"""

from time import perf_counter

from aiohttp import hdrs, web

from gateway.api.principal import REQUEST_ID

ORIGIN = web.RequestKey("ORIGIN", str)
"""Scheme and host that the caller used, checked, without a final slash: http://localhost:3000."""
PEER = web.RequestKey("PEER", str)
"""The caller's address; behind a trusted proxy the right-most address that is not a proxy's (HDR-3)."""
CODE = web.ResponseKey("CODE", str)
"""The code of an answer that is a refusal of ours, for the link to what is written about it."""
STARTED = web.RequestKey("STARTED", float)
"""When the request's head had been read, seconds of time.perf_counter()."""


def dress(request: web.Request, response: web.StreamResponse, *, timing: str = "", attempts: str = "") -> None:
    """Give an answer that has not begun the headers that every answer has (proxy_behaviour.md section 6).

    `timing` is the upstream's share in `Server-Timing` form, `attempts` which endpoints were tried in vain and why. A
    plain function and no `on_response_prepare` signal, which takes 4 us more of each call.
    """
    headers = response.headers
    headers[hdrs.SERVER] = "modelport"
    headers["X-Request-Id"] = request[REQUEST_ID]
    total_ms = (perf_counter() - request[STARTED]) * 1000
    headers["Server-Timing"] = f"{timing}, total;dur={total_ms:.2f}" if timing else f"total;dur={total_ms:.2f}"
    if attempts:
        headers["x-modelport-attempts"] = attempts
