"""The upstream's second port: tests in another process register scripts, open gates and read what was seen.

    PUT  /scripts/{marker}                      a script as JSON
    POST /gates/{marker}                        open the gate once
    GET  /requests?marker=M                     the marker's records
    GET  /requests?marker=M&until=S&timeout_s=N the same, once a record is in the state S, or after N seconds
    GET  /connections                           {"accepted": N, "open": M}

States: `arrived` (the head and marker are in), `body` (the whole body), `sent` (a byte of the answer), `answered`,
`left` (the other side closed before the answer's end), `over` (no request of the marker is under way).
"""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from aiohttp import web

from tests.fakes.connection import Connection
from tests.fakes.journal import Journal, Record
from tests.fakes.script import Script

STATES: dict[str, Callable[[Record], bool]] = {
    "arrived": lambda _: True,
    "body": lambda record: record.whole,
    "sent": lambda record: record.sent > 0,
    "answered": lambda record: record.answered,
    "left": lambda record: bool(record.left),
}


class Controlled(Protocol):
    """What the control port needs of the upstream."""

    journal: Journal
    scripts: dict[str, Script]
    connections: set[Connection]
    accepted: int

    def open_gate(self, marker: str) -> None:
        """Let one waiting step of the marker pass."""
        ...


class Control:
    """Handlers of the control port."""

    def __init__(self, upstream: Controlled) -> None:
        self._upstream = upstream

    async def put_script(self, request: web.Request) -> web.Response:
        """Register a script."""
        self._upstream.scripts[request.match_info["marker"]] = Script.from_json(await request.json())
        return web.json_response({})

    async def open_gate(self, request: web.Request) -> web.Response:
        """Open a gate once."""
        self._upstream.open_gate(request.match_info["marker"])
        return web.json_response({})

    async def requests(self, request: web.Request) -> web.Response:
        """Answer with a marker's records, after waiting for a state when asked to."""
        marker, journal, until = request.query.get("marker", ""), self._upstream.journal, request.query.get("until")
        met = True
        if until == "over":
            met = await journal.wait(lambda: all(r.over for r in journal.find(marker)), _seconds(request))
        elif until:
            met = await journal.wait(lambda: any(map(STATES[until], journal.find(marker))), _seconds(request))
        return web.json_response({"met": met, "records": [record.to_json() for record in journal.find(marker)]})

    async def connections(self, _: web.Request) -> web.Response:
        """Answer with how many connections came, and how many are open."""
        upstream = self._upstream
        return web.json_response({"accepted": upstream.accepted, "open": len(upstream.connections)})


def _seconds(request: web.Request) -> float:
    return float(request.query.get("timeout_s", "5"))


@contextlib.asynccontextmanager
async def serve_control(upstream: Controlled, port: int) -> AsyncIterator[int]:
    """Serve the control port while entered; gives the port."""
    control = Control(upstream)
    app = web.Application(client_max_size=256 << 20)
    app.router.add_put("/scripts/{marker}", control.put_script)
    app.router.add_post("/gates/{marker}", control.open_gate)
    app.router.add_get("/requests", control.requests)
    app.router.add_get("/connections", control.connections)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
