"""One request answered without a port: the same server, over a connection that is only memory.

For `modelport serve --get`. The caller is this machine; whatever the server does with a request, it does here too.
"""

import asyncio
from typing import Any

_CALLER = ("127.0.0.1", 0)


class MemoryConnection(asyncio.Transport):
    """What the server writes, kept; `ended` tells when it has closed the connection."""

    def __init__(self, protocol: asyncio.Protocol, *, host: str, port: int) -> None:
        super().__init__({"peername": _CALLER, "sockname": (host, port)})
        self.written = bytearray()
        self.ended = asyncio.Event()
        self._protocol = protocol
        self._closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep what the server says."""
        self.written += data

    def writelines(self, list_of_data: Any) -> None:
        """Keep all of it."""
        for data in list_of_data:
            self.write(data)

    def is_closing(self) -> bool:
        """Whether the server has ended the connection."""
        return self._closing

    def close(self) -> None:
        """End the connection, as a socket would: the protocol hears of it a moment later."""
        if not self._closing:
            self._closing = True
            asyncio.get_running_loop().call_soon(self._lost)

    def abort(self) -> None:
        """End the connection; there is nothing to throw away."""
        self.close()

    def can_write_eof(self) -> bool:
        """Return False: the connection ends as a whole."""
        return False

    def is_reading(self) -> bool:
        """Return True: the request came whole."""
        return True

    def pause_reading(self) -> None:
        """Do nothing: as above."""

    def resume_reading(self) -> None:
        """Do nothing: as above."""

    def get_write_buffer_size(self) -> int:
        """Return 0: whoever reads takes everything at once."""
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Do nothing: as above."""

    def _lost(self) -> None:
        self._protocol.connection_lost(None)
        self.ended.set()
