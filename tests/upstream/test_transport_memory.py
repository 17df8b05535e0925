"""What a stream with a slow reader holds in memory: at most 256 KiB (PRX-37), on both event loops."""

import asyncio
import socket
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from yarl import URL

from gateway.upstream.egress import EgressPolicy
from gateway.upstream.transport import Transport, UpstreamResponse
from tests.upstream.conftest import LOOPS, TRANSPORTS, post

STREAMS = 8
MAX_HELD_BYTES = 256 * 1024


@contextmanager
def flood() -> Iterator[URL]:
    """Serve 20 MB to each connection as fast as it is taken, from threads that allocate nothing meanwhile."""
    piece = b"x" * 1_000_000
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n")
                for _ in range(20):
                    connection.sendall(piece)
            except OSError:
                pass  # the reader has left

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield URL(f"http://127.0.0.1:{listener.getsockname()[1]}/")
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


async def _read_a_little_of_each(transport: Transport, url: URL) -> list[UpstreamResponse]:
    responses = [await transport.send(post(url, None)) for _ in range(STREAMS)]
    for response in responses:
        await anext(response.chunks())
    await asyncio.sleep(0.2)  # the kernel's buffers fill and the transport takes what it will
    return responses


async def _held_per_stream(url: URL, name: str) -> float:
    transport = await TRANSPORTS[name](EgressPolicy("dev"))
    before = tracemalloc.get_traced_memory()[0]
    responses = await _read_a_little_of_each(transport, url)
    held = tracemalloc.get_traced_memory()[0] - before
    first = responses[0]
    assert sum([len(chunk) async for chunk in first.chunks()]) > 19_000_000  # it goes on where it stopped
    for response in responses:
        response.close()
    await transport.close()
    return held / STREAMS


@pytest.mark.parametrize("loop", sorted(LOOPS))
@pytest.mark.parametrize("name", sorted(TRANSPORTS))
def test_a_stream_that_nobody_reads_on_holds_little(name: str, loop: str) -> None:
    """20 MB are ready at the upstream; what is not read stays there."""
    with flood() as url, asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        tracemalloc.start()
        try:
            held = runner.run(_held_per_stream(url, name))
        finally:
            tracemalloc.stop()
    assert held < MAX_HELD_BYTES
