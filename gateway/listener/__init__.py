"""The HTTP listener: aiohttp's server with the deadlines, caps and refusals that it lacks (security.md section 8).

listener.py    Listener: start, stop, drain, counters
limits.py      every limit and why it has its value
server.py      counts connections, checks requests before the application sees them
connection.py  one caller's connection: header deadline, refusals, the end of it
strict.py      what the parser lets through and we do not (pure)
refusal.py     how the listener says no, in the data plane's error shape
body.py        the only reader of request bodies: size, deadline, rate
systemd.py     a socket that the service manager opened, and what it wants to hear
expect.py      key and size are checked before `100 Continue`
"""

from gateway.listener.body import limited_chunks, read_limited
from gateway.listener.expect import expect_after
from gateway.listener.limits import ListenerLimits
from gateway.listener.listener import Listener

__all__ = ["Listener", "ListenerLimits", "expect_after", "limited_chunks", "read_limited"]
