"""The `server-timing` header: where a call's time went (proxy_behaviour.md section 6). Pure."""


def server_timing(
    *,
    queue_s: float | None = None,
    connect_s: float | None = None,
    first_byte_s: float | None = None,
    overhead_s: float | None = None,
) -> str:
    """Return the header's value; durations in seconds become milliseconds, what is None is left out.

    `queue` is the wait for a slot, `connect` the new connection to the upstream, `ttfb` from the request to the
    upstream's first byte, `gateway` what modelport itself added up to then.

    >>> server_timing(queue_s=0.0, first_byte_s=0.1234, overhead_s=0.00031)
    'queue;dur=0, ttfb;dur=123.4, gateway;dur=0.31'
    """
    parts = (("queue", queue_s), ("connect", connect_s), ("ttfb", first_byte_s), ("gateway", overhead_s))
    return ", ".join(f"{name};dur={_ms(seconds)}" for name, seconds in parts if seconds is not None)


def _ms(seconds: float) -> str:
    """Write milliseconds to a hundredth, without zeros at the end; a clock that went back counts as 0."""
    return f"{max(seconds, 0.0) * 1000:.2f}".rstrip("0").rstrip(".")
