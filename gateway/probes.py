"""`/-/healthy` and `/-/ready`: may this process live, and should it get calls.

Healthy is answered as long as the loop runs. Ready turns false the moment the process is told to stop, so that a load
balancer sends nothing more while running calls end (PRX-40). Neither asks the database: a call does not either.
"""

from aiohttp import web


class Probes:
    """The two probes. `ready` is switched by the composition root."""

    def __init__(self) -> None:
        self.ready = False

    def register(self, app: web.Application, mount: str) -> None:
        """Add both routes; they need no key."""
        app.router.add_get(f"{mount}-/healthy", self.healthy)
        app.router.add_get(f"{mount}-/ready", self.is_ready)

    async def healthy(self, request: web.Request) -> web.Response:  # noqa: ARG002 - aiohttp's handler shape
        """Answer 200 while the process lives."""
        return web.json_response({"status": "ok"})

    async def is_ready(self, request: web.Request) -> web.Response:  # noqa: ARG002 - aiohttp's handler shape
        """Answer 200 when calls may be sent here, else 503."""
        return web.json_response({"ready": self.ready}, status=200 if self.ready else 503)
