"""What kind of place an IP address is, decided by a table of our own (security.md EGR-2, EGR-3).

Pure. `ipaddress.is_global` and its relatives are not used: what they answer changed between patch releases of Python
(CVE-2024-4032). An address that carries another one (mapped, NAT64, 6to4, Teredo, ...) is judged by what it carries.
"""

import re
import socket
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Kind(StrEnum):
    """How reachable a kind of address is: the later, the stricter."""

    PUBLIC = "public"
    LOOPBACK = "loopback"
    PRIVATE = "private"
    FORBIDDEN = "forbidden"


_STRICTNESS = tuple(Kind)

# Order matters: the first network that holds the address decides. Nothing in FORBIDDEN can be allowed by a setting.
_V4: tuple[tuple[IPv4Network, Kind, str], ...] = tuple(
    (IPv4Network(network), kind, why)
    for network, kind, why in (
        ("0.0.0.0/8", Kind.FORBIDDEN, "unspecified"),  # Linux connects 0.0.0.0 to itself
        ("100.100.100.200/32", Kind.FORBIDDEN, "a cloud metadata service"),
        ("168.63.129.16/32", Kind.FORBIDDEN, "a cloud metadata service"),
        ("192.0.0.192/32", Kind.FORBIDDEN, "a cloud metadata service"),
        ("169.254.0.0/16", Kind.FORBIDDEN, "link-local"),  # cloud metadata lives here
        ("224.0.0.0/4", Kind.FORBIDDEN, "multicast"),
        ("255.255.255.255/32", Kind.FORBIDDEN, "broadcast"),
        ("127.0.0.0/8", Kind.LOOPBACK, "loopback"),
        ("10.0.0.0/8", Kind.PRIVATE, "a private network"),
        ("172.16.0.0/12", Kind.PRIVATE, "a private network"),
        ("192.168.0.0/16", Kind.PRIVATE, "a private network"),
        ("100.64.0.0/10", Kind.PRIVATE, "carrier-grade NAT"),  # RFC 6598; also overlay networks
        ("192.0.0.0/24", Kind.PRIVATE, "reserved for protocols"),
        ("192.0.2.0/24", Kind.PRIVATE, "reserved for documentation"),
        ("198.51.100.0/24", Kind.PRIVATE, "reserved for documentation"),
        ("203.0.113.0/24", Kind.PRIVATE, "reserved for documentation"),
        ("192.88.99.0/24", Kind.PRIVATE, "a retired 6to4 relay"),
        ("198.18.0.0/15", Kind.PRIVATE, "reserved for benchmarks"),
        ("240.0.0.0/4", Kind.PRIVATE, "reserved"),
        ("0.0.0.0/0", Kind.PUBLIC, "public"),
    )
)
_V6: tuple[tuple[IPv6Network, Kind, str], ...] = tuple(
    (IPv6Network(network), kind, why)
    for network, kind, why in (
        ("::/128", Kind.FORBIDDEN, "unspecified"),
        ("::1/128", Kind.LOOPBACK, "loopback"),
        ("fe80::/10", Kind.FORBIDDEN, "link-local"),
        ("ff00::/8", Kind.FORBIDDEN, "multicast"),
        ("fd00:ec2::/32", Kind.FORBIDDEN, "a cloud metadata service"),
        ("fd20:ce::254/128", Kind.FORBIDDEN, "a cloud metadata service"),
        ("fd00:42::42/128", Kind.FORBIDDEN, "a cloud metadata service"),
        # RFC 8215: the IPv4 address inside stands where the local translator wants it, so it cannot be judged.
        ("64:ff9b:1::/48", Kind.FORBIDDEN, "a local NAT64 prefix"),
        ("fc00::/7", Kind.PRIVATE, "a private network"),
        ("fec0::/10", Kind.PRIVATE, "site-local"),
        ("2001:db8::/32", Kind.PRIVATE, "reserved for documentation"),
        ("3fff::/20", Kind.PRIVATE, "reserved for documentation"),
        ("2001::/23", Kind.PRIVATE, "reserved for protocols"),
        ("2000::/3", Kind.PUBLIC, "public"),  # the only range that is given out as global unicast
        ("::/0", Kind.PRIVATE, "reserved"),
    )
)

_MAPPED = IPv6Network("::ffff:0:0/96")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")  # RFC 2765 SIIT
_COMPATIBLE = IPv6Network("::/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
_LAST_32_BITS = 0xFFFFFFFF
# What inet_aton of libc takes for an IPv4 address: 127.1, 2130706433, 0177.0.0.1, 0x7f000001.
_LEGACY_V4 = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)(?:\.(?:0[xX][0-9a-fA-F]*|[0-9]+)){0,3}\.?")


def parse_address(text: str) -> Address | None:
    """Return the address that a socket would connect to for this text, or None when it is a name.

    Brackets and scope ids are stripped; the old numeric forms count, because libc resolves them.

    >>> parse_address("0x7f.1"), parse_address("[fe80::1%eth0]"), parse_address("example.com")
    (IPv4Address('127.0.0.1'), IPv6Address('fe80::1'), None)
    """
    bare = text.removeprefix("[").removesuffix("]").partition("%")[0]
    try:
        return ip_address(bare)
    except ValueError:
        pass
    if not _LEGACY_V4.fullmatch(bare):
        return None
    try:
        return IPv4Address(socket.inet_aton(bare.removesuffix(".")))
    except OSError:
        return None


def unwrap(address: Address) -> tuple[Address, ...]:
    """Return the addresses that decide: those carried inside, else the address itself (EGR-3)."""
    if isinstance(address, IPv4Address):
        return (address,)
    number = int(address)
    low = IPv4Address(number & _LAST_32_BITS)
    if address in _MAPPED or address in _NAT64 or address in _TRANSLATED:
        return (low,)
    if address in _COMPATIBLE and number > 1:  # :: and ::1 are themselves
        return (low,)
    if address in _SIX_TO_FOUR:
        return (IPv4Address(number >> 80 & _LAST_32_BITS),)
    if address in _TEREDO:  # server in the middle, client inverted at the end
        return IPv4Address(number >> 64 & _LAST_32_BITS), IPv4Address(int(low) ^ _LAST_32_BITS)
    return (address,)


def classify(address: Address) -> tuple[Kind, str]:
    """Return the kind of the address and the reason in two or three words; of several inside, the strictest."""
    found = [_of_table(inner) for inner in unwrap(address)]
    return max(found, key=lambda kind_and_why: _STRICTNESS.index(kind_and_why[0]))


def is_wholly_forbidden(network: Network) -> bool:
    """Return True when every address of the network is forbidden: allowing it would have no effect."""
    table = _V4 if isinstance(network, IPv4Network) else _V6
    return any(kind is Kind.FORBIDDEN and _is_inside(network, forbidden) for forbidden, kind, _ in table)


def parse_network(text: str) -> Network:
    """Return the network.

    Raises:
        ValueError: not a network, or host bits are set (`10.1.2.3/8` names two things at once).
    """
    return ip_network(text)


def _of_table(address: Address) -> tuple[Kind, str]:
    if isinstance(address, IPv4Address):
        return next((kind, why) for network, kind, why in _V4 if address in network)
    return next((kind, why) for network, kind, why in _V6 if address in network)


def _is_inside(network: Network, other: Network) -> bool:
    return network.version == other.version and network.network_address in other and network.broadcast_address in other
