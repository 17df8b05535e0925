"""Opens the port, and closes it in order: no new connection, running calls end, then the rest is cut (PRX-40)."""

import errno
import os
import socket

from aiohttp import web

from gateway.errors import ConfigError
from gateway.listener.limits import ListenerLimits
from gateway.listener.memory import MemoryConnection
from gateway.listener.server import ConnectionServer
from gateway.listener.strict import require_c_parser

_BACKLOG = 1024  # connections that the kernel holds for us in a burst
_READ_BUFFER_BYTES = 64 * 1024  # aiohttp holds twice this of an upload that is not taken, and one read more
_SHUTDOWN_TIMEOUT_S = 0.5  # aiohttp's own, after ours: nothing should be left by then


class Listener:
    """One port of one application. The application starts and ends with it."""

    def __init__(self, app: web.Application, limits: ListenerLimits | None = None) -> None:
        self._limits = limits or ListenerLimits()
        self._runner = _Runner(app, self._limits)
        self._site: web.BaseSite | None = None
        self.is_draining = False
        """True from the call of `stop` on: be no longer ready."""
        self.is_cutting = False
        """True when the drain time is over: a call that is cancelled now ends by us, not by its caller."""

    async def start(
        self, host: str = "127.0.0.1", port: int = 0, *, sock: socket.socket | None = None, reuse_port: bool = False
    ) -> int:
        """Start the application, listen, and return the port.

        Raises:
            ConfigError: the compiled HTTP parser is missing (SRV-2), or the address cannot be bound.
        """
        require_c_parser()
        await self._runner.setup()
        if sock is not None:
            self._site = web.SockSite(self._runner, sock, backlog=_BACKLOG)
        else:
            self._site = web.TCPSite(self._runner, host, port, backlog=_BACKLOG, reuse_port=reuse_port or None)
        try:
            await self._site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise _cannot_listen(error, host, port) from error
        address = self._runner.addresses[0]
        return int(address[1]) if isinstance(address, tuple) else 0  # a unix socket has no port

    async def open(self) -> None:
        """Start the application without listening: `answer` is then the only way in."""
        require_c_parser()
        await self._runner.setup()

    async def answer(self, request: bytes, *, host: str, port: int) -> bytes:
        """Return the bytes that a caller on this machine would get; `request` asks for the connection's end."""
        connection = self._server()
        caller = MemoryConnection(connection, host=host, port=port)
        connection.connection_made(caller)
        connection.data_received(request)
        await caller.ended.wait()
        return bytes(caller.written)

    async def stop(self, drain_s: float) -> None:
        """Take no new connection, give running requests `drain_s` seconds, cut the rest, then end the application.

        A cut request is cancelled, and has `cut_grace_s` to tell its caller: `is_cutting` is then True.
        """
        self.is_draining = True
        if self._site is not None:
            await self._site.stop()
            self._site = None
        server = self._runner.connection_server
        if server is not None:
            server.is_draining = True
            for connection in tuple(server.open):
                connection.drain()
            await server.until_empty(drain_s)
            self.is_cutting = True
            for connection in tuple(server.open):
                connection.cut()
            await server.until_empty(self._limits.cut_grace_s)
            server.abort_all()
        await self._runner.cleanup()

    @property
    def connections(self) -> int:
        """Connections that are open now."""
        return len(self._server.open)

    @property
    def refused(self) -> int:
        """Connections refused above a cap since the start."""
        return self._server.refused

    @property
    def late(self) -> int:
        """Connections closed since the start because a request's head did not come in time."""
        return self._server.late

    def adopt(self, limits: ListenerLimits) -> None:
        """Go by these limits with new connections and new heads; the keep-alive time stays that of the start."""
        self._limits = limits
        self._server.limits = limits

    @property
    def slow(self) -> int:
        """Connections cut since the start because the caller took nothing of its answer."""
        return self._server.slow

    @property
    def bad_requests(self) -> int:
        """Requests refused since the start before the application saw them."""
        return self._server.bad_requests

    @property
    def _server(self) -> ConnectionServer:
        server = self._runner.connection_server
        assert server is not None, "the listener was not started"
        return server


def _cannot_listen(error: OSError, host: str, port: int) -> ConfigError:
    if error.errno == errno.EADDRINUSE:
        hint = (
            f"see who has it: ss -ltnp 'sport = :{port}'; or take another one: --port, server.port; 0 is any free one"
        )
    else:
        hint = "check --host (server.host) and --port (server.port)"
    known = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
    return ConfigError(f"cannot listen on {host}:{port}: {known.lower()}", hint=hint)


class _Runner(web.AppRunner):
    """aiohttp's runner with our server, and the options that a public server needs."""

    __slots__ = ("_limits", "connection_server")

    def __init__(self, app: web.Application, limits: ListenerLimits) -> None:
        super().__init__(
            app,
            handler_cancellation=True,  # PRX-1: without it the upstream works on for a caller that has left
            auto_decompress=False,  # SRV-8
            access_log=None,
            keepalive_timeout=limits.keepalive_timeout_s,
            lingering_time=limits.lingering_time_s,
            max_line_size=limits.max_header_bytes,
            max_field_size=limits.max_header_bytes,
            max_headers=limits.max_headers,
            read_bufsize=_READ_BUFFER_BYTES,
            shutdown_timeout=_SHUTDOWN_TIMEOUT_S,
        )
        self._limits = limits
        self.connection_server: ConnectionServer | None = None

    async def _make_server(self) -> web.Server:
        self.connection_server = ConnectionServer(await super()._make_server(), self._limits)
        return self.connection_server
