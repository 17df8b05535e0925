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
    'queue;dur=0.00, ttfb;dur=123.40, gateway;dur=0.31'
    """
    parts = []
    if queue_s is not None:
        parts.append(f"queue;dur={max(queue_s, 0.0) * 1000:.2f}")  # a clock that went back counts as 0
    if connect_s is not None:
        parts.append(f"connect;dur={max(connect_s, 0.0) * 1000:.2f}")
    if first_byte_s is not None:
        parts.append(f"ttfb;dur={max(first_byte_s, 0.0) * 1000:.2f}")
    if overhead_s is not None:
        parts.append(f"gateway;dur={max(overhead_s, 0.0) * 1000:.2f}")
    return ", ".join(parts)
