"""What the middlewares note on a request for everybody above: typed keys, set once, read anywhere."""

from aiohttp import web

ORIGIN = web.RequestKey("ORIGIN", str)
"""Scheme and host that the caller used, checked, without a final slash: http://localhost:3000."""
PEER = web.RequestKey("PEER", str)
"""The caller's address; behind a trusted proxy the right-most address that is not a proxy's (HDR-3)."""
STARTED = web.RequestKey("STARTED", float)
"""When the request's head had been read, seconds of time.perf_counter()."""
TIMING = web.RequestKey("TIMING", str)
"""What the data plane knows of the upstream's share, in `Server-Timing` form."""
ATTEMPTS = web.RequestKey("ATTEMPTS", str)
"""Which endpoints were tried in vain, and why: "ep_…: 503, ep_…: timeout"."""
BEGUN = web.RequestKey("BEGUN", bool)
"""Set when the answer's head has gone out: there is no second status line (STR-4)."""
