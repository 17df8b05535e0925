"""How much of what we wrote a peer has not taken yet: the only sign of progress on a slow connection."""

import asyncio
import fcntl
import struct
import termios


def unsent_bytes(transport: asyncio.Transport) -> int:
    """Return the bytes that wait in the transport and in the kernel's send queue.

    The kernel takes megabytes ahead of a slow peer and says "writable" again only when a third of them is gone, so
    the transport's own buffer stands still for minutes while the peer reads on. Where the kernel does not tell
    (TIOCOUTQ is Linux's), the transport's buffer alone counts.
    """
    waiting = transport.get_write_buffer_size()
    sock = transport.get_extra_info("socket")
    if sock is None:
        return waiting
    try:
        answer = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4))
    except OSError:
        return waiting
    return waiting + int(struct.unpack("i", answer)[0])
