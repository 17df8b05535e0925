"""The key policy: to which origins a credential may be sent (security.md RES-2, clients.md WRP-9).

Settled here: key, other key or none, for one origin. Pure; used by the client half of the package only.

| target                                                        | what it gets                |
|---------------------------------------------------------------|-----------------------------|
| an origin with a key of its own (`origin_keys`)               | that key                    |
| http, while the server is https                               | nothing                     |
| the server, a gateway that the server lists, a trusted origin | the caller's modelport key  |
| any other                                                     | nothing                     |
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from resolver.address import resolve
from resolver.errors import ResolveError

__all__ = ["KeyPolicy", "find_origin", "origin_of"]


@dataclass(frozen=True, slots=True)
class KeyPolicy:
    """Origins are canonical texts (`https://host[:port]`), so that equality decides."""

    server: str
    trusted: frozenset[str]
    keys: Mapping[str, str]

    @classmethod
    def of(cls, server: str, *, trusted_origins: Iterable[str], origin_keys: Mapping[str, str]) -> Self:
        """Return the policy of a client of `server`.

        Raises:
            ResolveError: one of the texts is no http(s) URL.
        """
        return cls(
            server=origin_of(server),
            trusted=frozenset(map(origin_of, trusted_origins)),
            keys={origin_of(origin): key for origin, key in origin_keys.items()},
        )

    def trusts(self, origin: str | None, *, gateways: frozenset[str] = frozenset()) -> bool:
        """Whether `origin` may see the modelport key and what else the caller sends to the server."""
        if origin is None or (self.server.startswith("https:") and not origin.startswith("https:")):
            return False
        return origin == self.server or origin in gateways or origin in self.trusted

    def key_for(self, origin: str | None, *, key: str | None, gateways: frozenset[str] = frozenset()) -> str | None:
        """Return the credential that `origin` may be sent, or None; `key` is the caller's modelport key."""
        if origin is not None and origin in self.keys:
            return self.keys[origin]
        return key if self.trusts(origin, gateways=gateways) else None


def origin_of(url: str) -> str:
    """Return the canonical origin of a full URL.

    >>> origin_of("HTTPS://Gateway.Example.com:443/v1")
    'https://gateway.example.com'

    Raises:
        ResolveError: it is no http(s) URL by R1.
    """
    return str(resolve("/", server=url).origin)


def find_origin(url: str) -> str | None:
    """Return the origin that a request to `url` goes to, or None when two parsers could disagree about it.

    A WebSocket URL counts as its http twin; query and fragment do not matter.
    """
    address = url.partition("#")[0].partition("?")[0]
    scheme, separator, rest = address.partition("://")
    twin = {"ws": "http", "wss": "https"}.get(scheme.lower(), scheme)
    try:
        return origin_of(twin + separator + rest)
    except ResolveError:
        return None
