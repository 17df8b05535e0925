"""R4: the one spelling of a host.

Settled here: which host texts are accepted and how each is written. Pure; used by `resolver.address` only.
yarl is the builder of URLs but not their judge: it takes spaces, `<>`, full-width digits and IDNA 2003 mappings.
"""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final
from unicodedata import normalize

import idna  # yarl itself stands on it, so this adds no dependency

from resolver.errors import ResolveError

__all__ = ["canonical_host"]

_MAX_LABEL: Final = 63  # octets, RFC 1035 section 2.3.4: a longer one cannot be looked up
_MAX_NAME: Final = 253  # characters of a name in text form, the same section
_LABEL: Final = re.compile(r"[a-z0-9_-]+")
# WHATWG URL, "ends-in-a-number checker": such a last label makes browsers and Node read the whole host as IPv4.
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
# IDNA maps these to '.', so that a list compared as text misses the host that is really called.
_FULL_STOPS: Final = frozenset("\u3002\uff0e\uff61")


def canonical_host(host: str) -> str:
    """Return `host` as it stands in a canonical URL: lower-case, A-labels, compressed IPv6 in its brackets.

    >>> canonical_host("Gateway.Example.COM")
    'gateway.example.com'
    >>> canonical_host("[2001:DB8:0:0:0:0:0:1]")
    '[2001:db8::1]'

    Raises:
        ResolveError: `bad_host` or `ambiguous_ipv4` (R4), without the whole value: the caller names it.
    """
    if host.startswith("["):
        return _ipv6(host)
    labels = host.lower().split(".") if host.isascii() else _a_labels(host)
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise ResolveError("bad_host", host)
    name = ".".join(labels)
    if len(name) > _MAX_NAME or max(map(len, labels)) > _MAX_LABEL:
        raise ResolveError("bad_host", host, "its host is longer than DNS allows (63 per label, 253 in all)")
    if _NUMBER.fullmatch(labels[-1]):
        _check_ipv4(name)
    return name


def _ipv6(host: str) -> str:
    if not host.endswith("]") or "%" in host or not host.isascii():  # '%' would start a zone
        raise ResolveError("bad_host", host)
    try:
        address = IPv6Address(host[1:-1])
    except AddressValueError as error:
        raise ResolveError("bad_host", host, f"its host is no IPv6 address ({error})") from error
    if address.ipv4_mapped is None:
        return f"[{address.compressed}]"
    # Python 3.13 began to write the mapped form with dots; WHATWG and older Pythons write it in hex.
    low = int(address) & 0xFFFF_FFFF
    return f"[::ffff:{low >> 16:x}:{low & 0xFFFF:x}]"


def _a_labels(host: str) -> list[str]:
    """Return the labels with each non-ASCII one as its IDNA 2008 A-label."""
    if normalize("NFKC", host) != host or _FULL_STOPS.intersection(host):
        # CVE-2019-9636: U+2100 expands to "a/c", and the host ends where nobody expected.
        raise ResolveError("bad_host", host, "its host changes under NFKC or holds a look-alike of the full stop")
    return [label.lower() if label.isascii() else _a_label(label) for label in host.split(".")]


def _a_label(label: str) -> str:
    if len(label) > _MAX_LABEL:  # before the encoder, whose cost grows with the square of the length
        raise ResolveError("bad_host", label, "its host is longer than DNS allows (63 per label, 253 in all)")
    try:
        encoded = idna.encode(label, uts46=True).decode("ascii")
        decoded = idna.decode(encoded)
    except UnicodeError as error:  # the base class of idna.IDNAError
        raise ResolveError("bad_host", label, f"its host is no IDNA 2008 name ({error})") from error
    # UTS 46 deletes soft hyphens, zero-width spaces and the like: the name called would not be the name read.
    if decoded.casefold() != label.casefold():  # case alone may differ; by casefold, since a final sigma has two
        raise ResolveError("bad_host", label, "its host holds invisible characters")
    return encoded


def _check_ipv4(name: str) -> None:
    try:
        IPv4Address(name)  # strict: four decimal numbers, no leading zeros
    except AddressValueError as error:
        raise ResolveError("ambiguous_ipv4", name) from error
