"""Where this process may connect to: two profiles, two lists, and a few places that nothing can allow (EGR-1 to EGR-3).

Pure: names are not resolved here. `egress.py` asks `refusal` for every address that a connect would really use.
"""

import errno
from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct
from yarl import URL

from gateway.errors import ConfigError, EgressDenied
from gateway.upstream.address_ranges import (
    Address,
    Kind,
    Network,
    classify,
    is_wholly_forbidden,
    parse_address,
    parse_network,
    unwrap,
)

Profile = Literal["dev", "server"]
_FREE: Final[dict[str, frozenset[Kind]]] = {
    "dev": frozenset({Kind.PUBLIC, Kind.LOOPBACK}),
    "server": frozenset({Kind.PUBLIC}),
}
# Every refusal's text holds it, so that an EACCES of our own is told from one of the kernel's.
MARK: Final = "egress policy"
DENIED_MESSAGE: Final = "the egress policy does not allow this upstream's address"
_MAX_PORT = 65535


class NetworkRule(Struct, frozen=True):
    """`CIDR[:ports]`: `10.1.2.0/24`, `10.1.2.0/24:8000`, `10.1.2.3:8000,9000-9010`, `fd12::/16:443`."""

    network: Network
    ports: tuple[range, ...] = ()  # none: every port

    @classmethod
    def parse(cls, text: str) -> "NetworkRule":
        """Return the rule.

        Raises:
            ConfigError: not of this form, or a network that can never be reached (EGR-2).
        """
        network_text, ports_text = _split_ports(text.strip())
        try:
            rule = cls(parse_network(network_text), _parse_ports(ports_text))
        except ValueError as error:
            raise ConfigError(
                f"egress.allow_networks: {text!r} is not a network: {error}",
                hint='write CIDR[:ports], for example "10.1.2.0/24:8000"',
            ) from error
        if is_wholly_forbidden(rule.network):
            raise ConfigError(
                f"egress.allow_networks: {text!r} can never be reached",
                hint="link-local, metadata, multicast and unspecified addresses cannot be allowed: remove the line",
            )
        return rule

    def covers(self, address: Address, port: int) -> bool:
        """Return True when the rule allows this address and port."""
        return address in self.network and (not self.ports or any(port in ports for ports in self.ports))


class HostRule(Struct, frozen=True):
    """`name[:port]`: whatever this name resolves to may be reached, except what nothing can allow."""

    name: str
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> "HostRule":
        """Return the rule.

        Raises:
            ConfigError: not a host name, or an address (that is what allow_networks is for).
        """
        try:
            url = URL(f"//{text.strip()}")
            name, port = _host(url), url.explicit_port
        except ValueError as error:
            raise ConfigError(f"egress.allow_hosts: {text!r} is not name[:port]") from error
        if not name or url.raw_path not in {"", "/"} or url.raw_user or parse_address(name):
            raise ConfigError(
                f"egress.allow_hosts: {text!r} is not name[:port]",
                hint="an address belongs into egress.allow_networks",
            )
        return cls(name, port)

    def covers(self, name: str, port: int) -> bool:
        """Return True when the rule allows this name and port."""
        return name == self.name and self.port in {None, port}


class EgressPolicy:
    """One answer to "may we connect there?", the same for data plane, preflight, catalogue and sign-in."""

    __slots__ = ("_free", "_hosts", "_networks", "profile")

    def __init__(
        self, profile: Profile = "dev", allow_networks: Iterable[str] = (), allow_hosts: Iterable[str] = ()
    ) -> None:
        self.profile = profile
        self._free = _FREE[profile]
        self._networks = tuple(NetworkRule.parse(text) for text in allow_networks)
        self._hosts = tuple(HostRule.parse(text) for text in allow_hosts)

    def refusal(self, address: str, port: int, *, host: str = "") -> str | None:
        """Return why this address may not be reached, with the line that would allow it, or None when it may.

        `host` is the name under which the address was found; it counts for allow_hosts only.
        """
        parsed = parse_address(address)
        if parsed is None:
            return f"{address!r} is not an address: the {MARK} denies what it cannot read"
        kind, why = classify(parsed)
        shown = f"[{parsed}]:{port}" if parsed.version == 6 else f"{parsed}:{port}"  # noqa: PLR2004 - IPv6
        if kind is Kind.FORBIDDEN:
            return f"{shown} is {why}: the {MARK} never allows it, and no setting does"
        if kind in self._free or self._is_listed(parsed, port, host):
            return None
        inner = unwrap(parsed)[0]
        line = f'egress.allow_networks: ["{inner}/{inner.max_prefixlen}:{port}"]'
        return f"{shown} is {why}: not allowed by the {MARK} (profile {self.profile}); to allow it, add {line}"

    def check(self, sockaddr: tuple[object, ...] | str, *, host: str = "") -> None:
        """Let the socket address pass.

        Raises:
            PermissionError: EACCES, with the text of `refusal` (EGR-4).
        """
        if isinstance(sockaddr, str) or len(sockaddr) < 2:  # noqa: PLR2004 - host and port; a str is a unix socket
            raise PermissionError(errno.EACCES, f"{sockaddr!r} is not an internet address: the {MARK} denies it")
        port = sockaddr[1]
        reason = self.refusal(str(sockaddr[0]), port if isinstance(port, int) else 0, host=host)
        if reason is not None:
            raise PermissionError(errno.EACCES, reason)

    def judge(self, url: URL) -> None:
        """Let pass a URL whose host is a name, or an address that may be reached; a name is judged when it is dialled.

        Raises:
            EgressDenied: with the reason and the line to add in `hint`; for administrators, it names the address.
        """
        if url.scheme not in {"http", "https"}:
            raise EgressDenied(DENIED_MESSAGE, hint="only http:// and https:// are carried")
        host = _host(url)
        if not host:
            raise EgressDenied(DENIED_MESSAGE, hint="the URL names no host")
        if host == "localhost" or host.endswith(".localhost"):  # RFC 6761
            reason = self.refusal("127.0.0.1", url.port or 0, host=host)
        elif parse_address(host) is None:
            return
        else:
            reason = self.refusal(host, url.port or 0)
        if reason is not None:
            raise EgressDenied(DENIED_MESSAGE, hint=reason)

    def _is_listed(self, address: Address, port: int, host: str) -> bool:
        name = host.lower().removesuffix(".")
        if any(rule.covers(name, port) for rule in self._hosts):
            return True
        return all(any(rule.covers(inner, port) for rule in self._networks) for inner in unwrap(address))


def _host(url: URL) -> str:
    return (url.raw_host or "").lower().removesuffix(".")


def _split_ports(text: str) -> tuple[str, str]:
    if text.startswith("["):  # [fd12::1]:8000
        network, _, rest = text[1:].partition("]")
        return network, rest.removeprefix(":")
    if "/" in text:  # fd12::/16:443
        base, _, rest = text.partition("/")
        length, _, ports = rest.partition(":")
        return f"{base}/{length}", ports
    if text.count(":") == 1:  # 10.1.2.3:8000
        network, _, ports = text.partition(":")
        return network, ports
    return text, ""


def _parse_ports(text: str) -> tuple[range, ...]:
    if not text:
        return ()
    found = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        start, end = int(first), int(last or first)
        if not 0 < start <= end <= _MAX_PORT:
            raise ValueError(f"{part!r} is not a port or a range of ports")
        found.append(range(start, end + 1))
    return tuple(found)
