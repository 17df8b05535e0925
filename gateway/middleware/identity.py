"""Who is asking, settled before anything is looked up (security.md KEY-7, KEY-10; proxy_behaviour.md PRX-29).

A key decides. Without one, a caller on this machine may call models of a server that is bound to loopback, so that
localhost needs no set-up; it may not manage. A proxy on this machine is no such caller: its requests are forwarded, or
name a public host. A web page cannot borrow that right: a request that a browser sends for
another site carries a foreign `Origin` or `Sec-Fetch-Site`, and gets no local identity.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Middleware

from gateway.api.principal import PRINCIPAL, Principal
from gateway.api.request import ORIGIN, PEER
from gateway.errors import InvalidRequest
from gateway.keys.credential import presented_key
from gateway.settings import is_loopback

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


_FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "X-Real-IP", "Via")
"""Whoever sends one of these stands in front of somebody else: the neighbour is a proxy, not the caller."""


_KEY_NAMES = frozenset({"api_key", "api-key", "apikey", "access_token", "x-api-key", "authorization"})


class Verifier(Protocol):
    """What knows the keys: gateway.keys.ring.KeyRing."""

    def verify(self, presented: str, *, peer: str | None, now_ms: int) -> Principal:
        """Return the key's principal or raise Unauthenticated."""


class Identity:
    """Turns a request into a principal. `local` is who an unknown caller on this machine is, or None for nobody."""

    def __init__(
        self, verifier: Verifier, now_ms: Callable[[], int], *, local: Principal | None, cors_origins: tuple[str, ...]
    ) -> None:
        self._verifier = verifier
        self._now_ms = now_ms
        self._local = local
        self._origins = frozenset(cors_origins)

    def adopt(self, cors_origins: tuple[str, ...]) -> None:
        """Take pages of these origins for callers on this machine from now on."""
        self._origins = frozenset(cors_origins)

    def of(self, request: web.Request) -> Principal | None:
        """Return the caller, or None when the request carries no key and comes from elsewhere.

        Raises:
            Unauthenticated: the key is not one of ours; the same words for every reason.
            InvalidRequest: two different credentials.
        """
        presented = presented_key(request.headers)
        if request.rel_url.raw_query_string:
            _refuse_key_in_query(request)
        if self._local is not None and not _looks_like_ours(presented) and self._at_home(request):
            return self._local  # SDKs refuse to send no key at all: a placeholder is as good as none (clients.md 2)
        if presented is None:
            return None
        return self._verifier.verify(presented, peer=request[PEER], now_ms=self._now_ms())

    def _at_home(self, request: web.Request) -> bool:
        if any(name in request.headers for name in _FORWARDED) or not is_loopback(request[PEER]):
            return False
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        if site not in {None, "same-origin", "none"}:
            return False
        if origin is not None and origin not in self._origins and origin != request[ORIGIN]:
            return False
        return is_loopback(_host_name(request[ORIGIN]))


def _refuse_key_in_query(request: web.Request) -> None:
    """Queries end in logs and histories, so a key there is lost already (KEY-8)."""
    for name in request.query:
        if name.lower() in _KEY_NAMES:
            raise InvalidRequest(
                f"the query holds {name!r}: a key is never taken from there",
                code="key_in_query",
                param=name,
                hint="send it as Authorization: Bearer, and renew it: it is in logs by now",
            )


def _host_name(origin: str) -> str:
    authority = origin.partition("://")[2]
    return authority.partition("]")[0] + "]" if authority.startswith("[") else authority.partition(":")[0]


def _looks_like_ours(presented: str | None) -> bool:
    return presented is not None and presented.startswith("mp_")


def identity_middleware(identity: Identity, public: frozenset[str]) -> Middleware:
    """Return the middleware that notes the principal. `public` are the route patterns that nobody is asked at.

    A request without a key goes on without a principal: each operation refuses it by itself (deny by default, ACL-2).
    """

    @web.middleware
    async def identify(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource  # the matched route, never the path as sent (RES-5)
        if resource is not None and resource.canonical not in public:
            principal = identity.of(request)
            if principal is not None:
                request[PRINCIPAL] = principal
        return await handler(request)

    return identify
