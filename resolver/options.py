"""The wrapper's constructor arguments: what of them is ours, and what the SDK gets.

Settled here: when a client is routed at all (WRP-1), which server and key it has (`MODELPORT_URL`, `MODELPORT_KEY`;
never `OPENAI_API_KEY`), and what a copy shares (WRP-2). Used by `resolver.client` only; the environment is read here
and nowhere else in the package.

The SDK's own keywords go to it as they come, so each openai of the range keeps its own. Values whose type lives in
the SDK's HTTP library are Any: that library changed between openai 2 and 3 (CL-1).
"""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, TypedDict, cast

import openai
from openai import NotGiven, Timeout
from yarl import URL

from resolver.errors import ResolveError
from resolver.lookup import again
from resolver.routes import ROUTE_TTL_S, RouteCache
from resolver.routing import NO_KEY, Routing
from resolver.trust import KeyPolicy, find_origin

__all__ = ["ClientOptions", "ConnectOptions", "CopyOptions", "ServerAddressError", "connected", "constructed", "copied"]


class ServerAddressError(openai.OpenAIError, ResolveError):
    """The server, or an origin to trust, is missing or no http(s) URL; raised before any client is built (CL-4)."""


class _Server(TypedDict, total=False):
    server: str | URL | None
    team: str | None
    trusted_origins: Iterable[str] | None
    origin_keys: Mapping[str, str] | None
    route_ttl_s: float | None
    clock: Callable[[], float] | None


class _Ours(_Server, total=False):
    model: str | None
    _routing: Routing | None  # from `copy` to the constructor, through the SDK's `_extra_kwargs`


class _Both(TypedDict, total=False):
    api_key: Any  # str or a callable that gives one; in the async client the callable is a coroutine function
    admin_api_key: str | None
    workload_identity: Any
    organization: str | None
    project: str | None
    webhook_secret: str | None
    provider: Any
    base_url: Any
    data_residency: Any
    websocket_base_url: Any
    timeout: float | Timeout | NotGiven | None  # seconds
    max_retries: Any  # int; in a copy also not given
    default_headers: Mapping[str, str] | None
    default_query: Mapping[str, object] | None
    http_client: Any


class OpenAIOptions(_Both, total=False):
    """The SDK's keywords of `openai.OpenAI(…)` and `openai.AsyncOpenAI(…)`."""

    _strict_response_validation: bool
    _enforce_credentials: bool


class OpenAICopyOptions(_Both, total=False):
    """The SDK's keywords of `copy(…)` and `with_options(…)`."""

    set_default_headers: Mapping[str, str] | None
    set_default_query: Mapping[str, object] | None
    _enforce_credentials: bool | None


class ConnectOptions(_Server, OpenAIOptions, total=False):
    """Every keyword of the short forms besides `model` and `key`."""


class ClientOptions(_Ours, OpenAIOptions, total=False):
    """Every keyword of the wrapper's constructors."""


class CopyOptions(_Ours, OpenAICopyOptions, total=False):
    """Every keyword of the wrapper's `copy(…)`; ours that are None or absent stay as they are."""


# Each of these already says where calls go and with which credential.
_ELSEWHERE: Final = ("base_url", "provider", "workload_identity", "data_residency")
_OUR_NAMES: Final = frozenset({*_Server.__annotations__, *_Ours.__annotations__})


def constructed(options: ClientOptions) -> tuple[Routing | None, OpenAIOptions]:
    """Return the routing that a constructor asks for, None for the SDK's plain behaviour, and what the SDK gets.

    Raises:
        ServerAddressError: something of ours is given but no server, or a URL is none.
        openai.OpenAIError: a server is given together with another place to call.
    """
    ours, theirs = _split(options)
    routing = ours["_routing"] if "_routing" in ours else _routing_for(ours, theirs)
    settings = cast("OpenAIOptions", theirs)
    if routing is None:
        return None, settings
    # Never None or empty, which would be api.openai.com, and never the key that the SDK would read for it.
    return routing, {**settings, "base_url": routing.base_url, "api_key": _key(theirs)}


def copied(routing: Routing | None, options: CopyOptions) -> tuple[Routing | None, OpenAICopyOptions]:
    """Return the routing of a copy and what the SDK's `copy` gets."""
    ours, theirs = _split(options)
    settings = cast("OpenAICopyOptions", theirs)
    if routing is None or _is_given(theirs.get("base_url")):
        if ours:
            return _routing_for(ours, theirs), {**settings, "api_key": _key(theirs)}
        return None, _for_base_url(routing, settings)
    wished = _all_of(routing)
    wished.update(ours)
    changed = _routing(wished)
    if changed.policy.server != routing.policy.server:
        return changed, {**settings, "api_key": _key(theirs)}  # the old server's key is not for another one
    if _asks(changed) == _asks(routing) and not theirs.get("api_key"):
        changed = replace(changed, routes=routing.routes)
    return changed, settings


def connected(model: str | None, key: Any, options: ConnectOptions) -> ClientOptions:
    """Return a constructor's keywords for a short form.

    Raises:
        ServerAddressError: there is no server.
    """
    server = _server_or_default(options.get("server"))
    named = {**options, "server": server, "model": model}
    return cast("ClientOptions", named if key is None else {**named, "api_key": key})


def _split(options: Mapping[str, Any]) -> tuple[_Ours, dict[str, Any]]:
    ours = {name: value for name, value in options.items() if name in _OUR_NAMES and value is not None}
    if "_routing" in options:
        ours["_routing"] = options["_routing"]  # None is an answer here: a copy of a plain client
    return cast("_Ours", ours), {name: value for name, value in options.items() if name not in _OUR_NAMES}


def _routing_for(ours: _Ours, theirs: Mapping[str, Any]) -> Routing | None:
    elsewhere = [name for name in _ELSEWHERE if _is_given(theirs.get(name))]
    if not ours and (elsewhere or _environment("MODELPORT_URL") is None):
        return None
    if elsewhere:
        message = f"server= says where calls go, and so does {elsewhere[0]}=; give one of them"
        raise openai.OpenAIError(message)
    return _routing({**ours, "server": _server_or_default(ours.get("server"))})


def _routing(ours: _Ours) -> Routing:
    server = str(ours.get("server"))
    trusted, keys = ours.get("trusted_origins") or (), ours.get("origin_keys") or {}
    trusted = (trusted,) if isinstance(trusted, str) else trusted  # one origin, not its letters
    try:
        policy = KeyPolicy.of(server, trusted_origins=trusted, origin_keys=keys)
    except ResolveError as error:
        raise ServerAddressError(*error.args) from error
    ttl_s, clock = ours.get("route_ttl_s", ROUTE_TTL_S), ours.get("clock") or time.monotonic
    routes = RouteCache(ttl_s=ROUTE_TTL_S if ttl_s is None else ttl_s, clock=clock, again=again)
    return Routing(server, ours.get("model"), ours.get("team"), policy, routes)


def _all_of(routing: Routing) -> _Ours:
    return {
        "server": routing.server,
        "model": routing.model,
        "team": routing.team,
        "trusted_origins": routing.policy.trusted,
        "origin_keys": routing.policy.keys,
        "route_ttl_s": routing.routes.ttl_s,
        "clock": routing.routes.clock,
    }


def _asks(routing: Routing) -> tuple[object, ...]:
    """Return what decides, besides the key, which routes are found and how long they hold."""
    return routing.server, routing.team, routing.routes.ttl_s, routing.routes.clock


def _for_base_url(routing: Routing | None, settings: OpenAICopyOptions) -> OpenAICopyOptions:
    """Return the options of a plain copy; a key of ours does not follow to a place that it is not for."""
    if routing is None or settings.get("api_key") or routing.policy.trusts(find_origin(str(settings["base_url"]))):
        return settings
    return {**settings, "api_key": NO_KEY}


def _server_or_default(server: str | URL | None) -> str | URL:
    found = _environment("MODELPORT_URL") if server is None else server
    if found is None:
        raise ServerAddressError("bad_base", None, "no server is given", "pass server=… or set MODELPORT_URL")
    return found


def _key(theirs: Mapping[str, Any]) -> Any:
    return theirs.get("api_key") or _environment("MODELPORT_KEY") or NO_KEY


def _environment(name: str) -> str | None:
    return os.environ.get(name, "").strip() or None


def _is_given(value: object) -> bool:
    return value is not None and not isinstance(value, NotGiven)
