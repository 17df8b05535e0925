"""Every limit of the listener with the reason for its value. Pure."""

from msgspec import Struct


class ListenerLimits(Struct, frozen=True):
    """What one process takes from its callers' connections."""

    header_timeout_s: float = 10.0
    """For a whole request head; aiohttp's only deadline is its keep-alive of 3630 s: slowloris holds for an hour."""
    keepalive_timeout_s: float = 75.0
    """Idle time between requests; above the 60 s of common proxies, which would else reuse a connection we closed."""
    lingering_time_s: float = 1.0
    """How long a refused body is still taken after the answer, so that the caller reads it instead of a reset."""
    max_connections: int = 4096
    """Above it a connection gets 503 and is closed."""
    max_connections_per_ip: int = 4096
    """The same for one address. Behind a proxy all callers share one: leave it at max_connections there."""
    max_header_bytes: int = 8190
    """For the request line and for each header; aiohttp's default."""
    max_headers: int = 128
    """aiohttp's default."""
    cut_grace_s: float = 2.0
    """How long calls that were cut at the end of the drain may take to say so to their callers."""
    slow_client_s: float = 60.0
    """A caller that takes nothing of what is written to it for so long is cut, in and after its answer (STR-3)."""


BODY_DEADLINE_S = 30.0
"""Longest time without progress in a body, and the time that any body has before its rate is looked at."""
MIN_BODY_RATE = 1024
"""Slowest average after that time, in bytes per second. Slower than any modem, so only a stalling caller is below."""
