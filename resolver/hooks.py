"""What the two clients do in the SDK's hooks, apart from waiting.

Settled here: one attempt from its options to its answer. Used by `resolver.client` only. The attempt's route is kept
in a context variable between the hooks: the SDK calls them in one thread or task, and gives them nothing in common.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeVar

from resolver.routes import Route
from resolver.routing import NO_KEY, Headers, Routing
from resolver.trust import find_origin

__all__ = [
    "auth_headers",
    "directed",
    "forget",
    "forget_admin_key",
    "kwargs",
    "looks_up",
    "no_look_up",
    "seen",
    "shown",
    "worded",
]

# Answers after which the route is looked up anew (WRP-5): unknown there, gone, not served under that name.
_MOVED: Final = frozenset({404, 410, 421})
_REDIRECTS: Final = range(300, 400)
_KEY_MISSING: Final = frozenset({401, 403})

_in_use: ContextVar[tuple[str | None, Route] | None] = ContextVar("modelport_route_in_use", default=None)
_looks_up: ContextVar[bool] = ContextVar("modelport_looks_up", default=True)

_Response = TypeVar("_Response")


def directed(client: Any, routing: Routing, options: Any, route: Route | None, headers: Headers) -> Any:
    """Return the options of an attempt, pointed at its address; `headers` are the request's own."""
    _in_use.set(None if route is None else (routing.name_for(options), route))
    routing.direct(options, route, headers=headers, key=_key_of(client), client=client.default_headers)
    return options


def forget(routing: Routing | None) -> None:
    """Drop the route of an attempt that got no answer."""
    used = _in_use.get()
    if routing is not None and used is not None:
        routing.routes.drop(*used)


def seen(routing: Routing | None, response: _Response) -> _Response:
    """Return the answer of an attempt, having dropped its route if the model is no longer there.

    Whether another attempt follows is the SDK's decision (CL-6); that attempt asks the server anew.
    """
    if getattr(response, "status_code", 0) in _MOVED:
        forget(routing)
    return response


def shown(client: Any, routing: Routing, route: Route) -> Route:
    """Return `route`, having let `client.base_url` show it if the client is for one model."""
    if routing.model is not None and client._shown is not route:  # noqa: SLF001 - our own attribute of either class
        client._shown = route  # noqa: SLF001 - as above
        client.base_url = str(route.address)
    return route


def kwargs(client: Any, routing: Routing, route: Route) -> dict[str, str]:
    """Return address and credential for a client of another library."""
    key = routing.policy.key_for(route.origin, key=_key_of(client), gateways=route.gateways)
    return {"base_url": str(route.address), "api_key": key or NO_KEY}


def forget_admin_key(client: Any, routing: Routing | None, options: Mapping[str, Any]) -> None:
    """Drop the OPENAI_ADMIN_KEY that the SDK has read: it is not for the server of a routed client."""
    if routing is not None:
        client.admin_api_key = options.get("admin_api_key")


def auth_headers(client: Any, routing: Routing | None, base_url: object, plain: dict[str, str]) -> dict[str, str]:
    """Return what a WebSocket to the client's base_url is opened with."""
    if routing is None:
        return plain
    origin = find_origin(str(client.websocket_base_url or base_url))
    key = routing.policy.key_for(origin, key=_key_of(client), gateways=routing.routes.gateways())
    return {} if key is None else {"Authorization": f"Bearer {key}"}


def worded(routing: Routing | None, message: str, response: Any) -> str:
    """Return the text of a status error with what the SDK cannot know."""
    if routing is None:
        return message
    if response.status_code in _REDIRECTS:
        target = response.headers.get("location", "")[:200]
        return f"{message} - redirect to {target!r} not followed; publish the final URL as the model's base_url"
    if response.status_code in _KEY_MISSING and "authorization" not in response.request.headers:
        return f"{message} - no key was sent: {_how_to_send(routing, find_origin(str(response.request.url)))}"
    return message


def looks_up() -> bool:
    """Whether reading `base_url` may ask the server."""
    return _looks_up.get()


@contextmanager
def no_look_up() -> Iterator[None]:
    """Let the SDK's `copy` read `base_url` without asking the server: a copy is made before anything is called."""
    token = _looks_up.set(False)
    try:
        yield
    finally:
        _looks_up.reset(token)


def _how_to_send(routing: Routing, origin: str | None) -> str:
    if routing.policy.trusts(origin, gateways=routing.routes.gateways()):
        return "pass a key, or set MODELPORT_KEY"
    if origin is not None and origin.startswith("http:") and routing.policy.server.startswith("https:"):
        return f"{origin} is http, and the server is https"
    return f"pass trusted_origins=[{origin!r}] if that origin may have yours"


def _key_of(client: Any) -> str | None:
    return None if client.api_key in {"", NO_KEY} else client.api_key
