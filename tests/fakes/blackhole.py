"""An address on loopback that never finishes a connect: a listener whose backlog is full, so that SYNs are dropped."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

SYN_SENT = "02"
FILLERS = 4  # the kernel lets one or two more than the backlog of 0 in


@contextlib.contextmanager
def blackhole() -> Iterator[int]:
    """Give a port of 127.0.0.1 on which connects hang until they time out."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port: int = listener.getsockname()[1]
        for _ in range(FILLERS):
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0)
            filler.connect_ex(("127.0.0.1", port))
        yield port


def connects_under_way(port: int) -> set[int]:
    """Return the local ports of sockets that are trying to connect to `port` (Linux)."""
    found = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, state = line.split()[:4]
        if state == SYN_SENT and int(remote.split(":")[1], 16) == port:
            found.add(int(local.split(":")[1], 16))
    return found
