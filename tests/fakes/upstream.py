"""The scripted upstream as a whole: an OpenAI-compatible server that can misbehave byte by byte.

    python -m tests.fakes.upstream --port 9100 --control 9101

prints one JSON line with both ports and serves until it is ended. In a test: `async with Upstream() as upstream: …`.
Which script answers a request: one registered for its marker, else one named like its `model`, else the usual answer.
"""

import argparse
import asyncio
import contextlib
import json
import re
import sys
from collections import defaultdict
from types import TracebackType
from typing import Self

from gateway.tasks import Tasks
from tests.fakes.connection import Connection
from tests.fakes.control import serve_control
from tests.fakes.journal import Journal, Record
from tests.fakes.scenarios import SCENARIOS, usual
from tests.fakes.script import Script

MODEL = re.compile(rb'"model"\s*:\s*"([^"\\]*)"')
HOST = "127.0.0.1"


class Upstream:
    """Scripts, gates, connections and the journal; listens while it is entered."""

    def __init__(self, *, port: int = 0, control_port: int = 0) -> None:
        self.port, self.control_port = port, control_port
        self.journal = Journal()
        self.scripts: dict[str, Script] = {}
        self.connections: set[Connection] = set()
        self.accepted = 0
        self._gates: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(0))
        self._tasks = Tasks()
        self._close = contextlib.AsyncExitStack()

    @property
    def url(self) -> str:
        """The base_url of the OpenAI-compatible side."""
        return f"http://{HOST}:{self.port}/v1"

    async def __aenter__(self) -> Self:
        """Open both ports."""
        server = await asyncio.get_running_loop().create_server(self._connection, HOST, self.port, backlog=4096)
        self.port = server.sockets[0].getsockname()[1]
        self._close.push_async_callback(self._tasks.close)
        self._close.callback(self._abort_all)
        self._close.callback(server.close)
        self.control_port = await self._close.enter_async_context(serve_control(self, self.control_port))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close both ports and every connection."""
        await self._close.aclose()

    def script_for(self, record: Record) -> Script:
        """Choose the answer of a request."""
        if record.marker in self.scripts:
            return self.scripts[record.marker]
        body = bytes(record.start)
        named = MODEL.search(body)
        model = named.group(1).decode(errors="replace") if named else ""
        return SCENARIOS.get(model.partition("--")[0]) or usual(record.head.split(b" ", 2)[1].decode("latin-1"), body)

    async def gate(self, marker: str) -> None:
        """Wait until the test opens the marker's gate once more."""
        await self._gates[marker].acquire()

    def open_gate(self, marker: str) -> None:
        """Let one waiting step of the marker pass, now or when it comes."""
        self._gates[marker].release()

    def play(self, connection: Connection) -> asyncio.Task[None]:
        """Run a connection's dialogue."""
        self.connections.add(connection)
        return self._tasks.start(connection.serve(), name=f"upstream connection {connection.number}")

    def forget(self, connection: Connection) -> None:
        """Drop a connection that is gone."""
        self.connections.discard(connection)

    def _connection(self) -> Connection:
        self.accepted += 1
        return Connection(self, self.accepted)

    def _abort_all(self) -> None:
        for connection in set(self.connections):
            connection.transport.abort()


async def serve(port: int, control_port: int) -> None:
    """Serve until the process is ended."""
    async with Upstream(port=port, control_port=control_port) as upstream:
        sys.stdout.write(json.dumps({"port": upstream.port, "control": upstream.control_port}) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """Read the two ports and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.upstream", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="the OpenAI-compatible side (0: any free port)")
    parser.add_argument("--control", type=int, default=0, help="the control side (0: any free port)")
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(arguments.port, arguments.control))


if __name__ == "__main__":
    main()
