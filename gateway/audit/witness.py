"""Who else hears of each signed checkpoint: a syslog or a webhook on another machine (LIF-21).

Whoever owns this machine can take away database and file together; what stands elsewhere he cannot. A line vouches for
all before it, so that only the newest is kept for somebody who does not answer.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

Tell = Callable[[str], Awaitable[None]]
"""Hands on one line; raises OSError when nobody took it."""
Post = Callable[[str, bytes], Awaitable[int]]
"""Sends a body of JSON to a URL and returns the status of the answer."""

SYSLOG: Final = "syslog:"
_HERE: Final = "/dev/log"
_PORT: Final = 514
_PRIORITY: Final = 13 * 8 + 5  # RFC 5424: facility "log audit", severity "notice"
_OK: Final = range(200, 300)


def make_witness(where: str, post: Post) -> Tell:
    """Return what tells the witness at this address: `syslog:`, `syslog://HOST[:PORT]` (UDP), or a URL for a POST."""
    if where.startswith(SYSLOG):
        address = urlsplit(where)
        place = _HERE if address.hostname is None else (address.hostname, address.port or _PORT)

        async def log(line: str) -> None:
            await asyncio.to_thread(_send, place, _message(line))

        return log

    async def call(line: str) -> None:
        status = await post(where, line.encode())
        if status not in _OK:
            raise ConnectionError(f"it answered {status}")

    return call


def _message(line: str) -> bytes:
    """Return the line as RFC 5424 has it; the time is that of the sending, the line has its own."""
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return f"<{_PRIORITY}>1 {now} {socket.gethostname()} modelport {os.getpid()} checkpoint - {line}".encode()


def _send(place: str | tuple[str, int], message: bytes) -> None:
    if isinstance(place, str):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.connect(place)
            sender.send(message)
        return
    (family, kind, protocol, _, address), *_ = socket.getaddrinfo(*place, type=socket.SOCK_DGRAM)
    with socket.socket(family, kind, protocol) as sender:
        sender.sendto(message, address)
