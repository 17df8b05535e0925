"""Which web pages of other origins may call models: none, unless `server.cors_origins` lists them (PRX-27).

Only installed where origins are listed. The list says exact origins; `*` is not one, since a page of anybody could then
spend a key that its user pasted somewhere. Management is never opened: its pages come from this server.
"""

from collections.abc import Awaitable, Callable, Collection

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_PREFLIGHT = {
    hdrs.ACCESS_CONTROL_ALLOW_METHODS: "GET, POST, DELETE",
    hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "authorization, content-type, x-api-key, x-request-id, openai-beta, "
    "openai-organization, openai-project, x-stainless-arch, x-stainless-lang, x-stainless-os, "
    "x-stainless-package-version, x-stainless-retry-count, x-stainless-runtime, x-stainless-runtime-version, "
    "x-stainless-timeout",
    hdrs.ACCESS_CONTROL_MAX_AGE: "600",
}
_EXPOSED = "x-request-id, server-timing, retry-after, x-should-retry, deprecation, sunset, link"


def cors_middleware(origins: Collection[str], *, management_prefix: str) -> Middleware:
    """Return the middleware that answers preflights of listed origins; `allow_origin` dresses the answers.

    The collection may change while the server runs.
    """

    @web.middleware
    async def answer_preflight(request: web.Request, handler: Handler) -> web.StreamResponse:
        asked = request.method == hdrs.METH_OPTIONS and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
        if asked and _is_listed(request, origins, management_prefix):
            return web.Response(status=204, headers=_PREFLIGHT)
        return await handler(request)

    return answer_preflight


def allow_origin(
    origins: Collection[str], *, management_prefix: str
) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Return the `on_response_prepare` hook that lets pages of listed origins read the answer."""

    async def dress(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.add(hdrs.VARY, hdrs.ORIGIN)
        if _is_listed(request, origins, management_prefix):
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = request.headers[hdrs.ORIGIN]
            response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = _EXPOSED

    return dress


def _is_listed(request: web.Request, origins: Collection[str], management_prefix: str) -> bool:
    if request.rel_url.raw_path.startswith(management_prefix):
        return False
    return request.headers.get(hdrs.ORIGIN) in origins
