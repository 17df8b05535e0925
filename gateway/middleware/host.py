"""Which hosts are served here, and under which address the caller reached us (security.md RES-3, RES-4, RES-5).

A browser page that rebinds its name to 127.0.0.1 sends its own name as Host: refused with 421 before anything else.
Served without being listed: loopback names, this machine's name, and the very address that the caller connected to.
`X-Forwarded-*` counts only from a trusted proxy. Nothing a caller sends is ever copied into a URL unless it equals a
host that is on the list.
"""

import re
import socket
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from aiohttp import web
from aiohttp.typedefs import Middleware

from gateway.api.request import ORIGIN, PEER
from gateway.errors import InvalidRequest, Misdirected
from gateway.settings import ServerSettings

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[1-9][0-9]{0,4}))?")
_MAX_PORT = 65535
_MAX_KNOWN = 1024
"""Host headers that are remembered as served: callers repeat theirs, and a look at it takes 2 us."""
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


class Hosts:
    """The hosts that this process answers to."""

    def __init__(self, server: ServerSettings) -> None:
        self.adopt(server)

    def adopt(self, server: ServerSettings) -> None:
        """Answer to the hosts and believe the proxies of these settings from now on."""
        self._names = {name.lower() for name in (*server.allowed_hosts, *_LOOPBACK_NAMES, socket.gethostname())}
        self._public = server.public_origin
        self._public_host = self._public.partition("://")[2] if self._public else None
        if self._public_host is not None:
            self._names.add(self._public_host)
        self._known: dict[str, str] = {}
        self._proxies: list[IPv4Network | IPv6Network] = [ip_network(n, strict=False) for n in server.trusted_proxies]

    def admit(self, request: web.Request) -> tuple[str, str]:
        """Return (origin, peer) of the request.

        Raises:
            InvalidRequest: the Host header is no host.
            Misdirected: it names somebody else.
        """
        peer = request.remote or ""
        host, scheme = request.headers.get("Host", ""), "http"
        if self._proxies and self._is_proxy(peer):
            host = request.headers.get("X-Forwarded-Host", host)
            scheme = "https" if request.headers.get("X-Forwarded-Proto") == "https" else "http"
            peer = self._behind(request.headers.getall("X-Forwarded-For", []), peer)
        name = self._known.get(host) or self._check(host, request)
        if name == self._public_host and self._public is not None:
            return self._public, peer
        return f"{scheme}://{name}", peer

    def _check(self, host: str, request: web.Request) -> str:
        parts = _HOST.fullmatch(host)
        if parts is None or int(parts["port"] or 1) > _MAX_PORT:
            raise InvalidRequest("the Host header is not a host name with an optional port", code="bad_host")
        lower = host.lower()
        if lower in self._names or parts["name"].lower() in self._names:
            if len(self._known) < _MAX_KNOWN:
                self._known[host] = lower
            return lower
        if parts["name"] == _local_address(request):  # of this connection, so it is not remembered
            return lower
        raise Misdirected(
            "the host in this request is not served here",
            hint="add it to server.allowed_hosts if callers are meant to use it",
        )

    def _is_proxy(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._proxies)

    def _behind(self, forwarded: list[str], peer: str) -> str:
        hops = [hop.strip() for line in forwarded for hop in line.split(",")]
        for hop in reversed(hops):
            if not self._is_proxy(hop):
                return hop
        return peer


def _local_address(request: web.Request) -> str | None:
    """The address that the caller really connected to, as it stands in a Host header; it cannot be rebound."""
    local = request.get_extra_info("sockname")
    if not isinstance(local, tuple):
        return None
    return f"[{local[0]}]" if ":" in local[0] else str(local[0])


def host_middleware(hosts: Hosts) -> Middleware:
    """Return the middleware that refuses foreign hosts and notes origin and peer."""

    @web.middleware
    async def check_host(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        request[ORIGIN], request[PEER] = hosts.admit(request)
        return await handler(request)

    return check_host
