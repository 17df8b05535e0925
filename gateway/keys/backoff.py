"""How often an address failed to show a good key (security.md KEY-10): after many failures in a minute it hears 429.

Only failures are counted and slowed down. A good key always passes, because behind one address there may be a whole
office, and one wrong script there must not lock the others out; 256 random bits are not found by trying. The table is
bounded, so that it cannot be grown from outside. Loopback is treated like any other address.
"""

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address

WINDOW_MS = 60_000
FAILURES = 300
"""Failures in a minute before 429: busy clients with an expired key should hear 401, which says what is wrong."""
_ADDRESSES = 10_000
"""Addresses that are remembered, about 2 MB; beyond it the longest unseen one is forgotten."""
_IPV6_SITE = 64  # bits that one customer has to himself


class Backoff:
    """Failures by address, in windows of one minute."""

    def __init__(self, *, failures: int = FAILURES, addresses: int = _ADDRESSES) -> None:
        self._failures = failures
        self._addresses = addresses
        self._seen: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def failed(self, peer: str | None, now_ms: int) -> int:
        """Count one failure and return how many seconds the caller should wait, 0 while it may go on."""
        site = _site(peer)
        began, count = self._seen.get(site, (now_ms, 0))
        if now_ms - began >= WINDOW_MS:
            began, count = now_ms, 0
        self._seen[site] = (began, count + 1)
        self._seen.move_to_end(site)
        if len(self._seen) > self._addresses:
            self._seen.popitem(last=False)
        if count < self._failures:
            return 0
        return max(1, -((now_ms - began - WINDOW_MS) // 1000))

    def __len__(self) -> int:
        """How many addresses are remembered."""
        return len(self._seen)


def _site(peer: str | None) -> str:
    """Return the address, of IPv6 the network that one customer has."""
    try:
        address = ip_address((peer or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return f"{int(address) >> _IPV6_SITE:x}/64"
    return str(address)
